"""A small real portal in memory: what `run` is tried on without a database, and the measure for the CKAN one."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ckanext.govcn.catalog.entry import CatalogEntry

from harvesters.exceptions import SourceBusy
from harvesters.merge import width
from harvesters.plan import Changed, Known, Plan, Trouble
from harvesters.run import Applied, Counts, Report


@dataclass(slots=True)
class MemoryDataset:
    """A dataset as far as harvesting sees it."""

    entry: CatalogEntry
    owner: str
    withdrawn: bool = False


@dataclass(slots=True)
class MemorySession:
    """A run over the memory portal; everything is "durable" at once."""

    portal: MemoryPortal
    source: str
    run: int

    def known(self, remote_ids: Collection[str]) -> Mapping[str, Known]:
        records = self.portal.records.get(self.source, {})
        return {each: records[each] for each in remote_ids if each in records}

    def active(self) -> int:
        return len(self.active_ids())

    def active_ids(self) -> list[tuple[str, bool]]:
        records = self.portal.records.get(self.source, {})
        return [(each, known.kept) for each, known in records.items() if not known.withdrawn]

    def last_entries(self, remote_ids: Collection[str]) -> Mapping[str, CatalogEntry]:
        harvested = self.portal.harvested.get(self.source, {})
        return {each: harvested[each] for each in remote_ids}

    def present(self, remote_ids: Collection[str]) -> Mapping[str, CatalogEntry]:
        records = self.portal.records.get(self.source, {})
        return {each: self.portal.datasets[records[each].package_id].entry for each in remote_ids}

    def openings(self, titles: Collection[str]) -> Mapping[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for known in self.portal.records.get(self.source, {}).values():
            dataset = self.portal.datasets[known.package_id]
            if dataset.entry.title in titles:
                key = (dataset.entry.title, dataset.owner)
                found[key] = min(found.get(key, width(dataset.entry)), width(dataset.entry))
        return found

    def apply(self, plan: Plan) -> Applied:
        records = self.portal.records.setdefault(self.source, {})
        harvested = self.portal.harvested.setdefault(self.source, {})
        harvested |= {each.remote_id: each.judged.entry for each in [*plan.added, *plan.changed]}
        for added in plan.added:
            package_id = f"{self.source}:{added.remote_id}"
            self.portal.datasets[package_id] = MemoryDataset(added.judged.entry, added.judged.owner)
            records[added.remote_id] = Known(added.hash, package_id, owner=added.judged.owner)
        for changed in plan.changed:
            dataset = self.portal.datasets[changed.known.package_id]
            dataset.entry, dataset.withdrawn, dataset.owner = changed.entry, False, changed.judged.owner
            records[changed.remote_id] = Known(changed.hash, changed.known.package_id, owner=dataset.owner)
        for remote_id, hash_ in plan.unchanged.items():
            was = records[remote_id]
            records[remote_id] = Known(hash_, was.package_id, was.withdrawn, was.owner)
        for removed in plan.removed:
            was = removed.known
            self.portal.datasets[was.package_id].withdrawn = True
            records[removed.remote_id] = Known(was.hash, was.package_id, withdrawn=True, owner=was.owner)
        return Applied()

    def hold(self, plan: Plan) -> None:
        self.portal.held.append(plan)

    def take_back(self, remote_ids: Collection[str]) -> Sequence[Changed]:
        taken: list[Changed] = []
        for plan in self.portal.held:
            taken += [each for each in plan.changed if each.remote_id in remote_ids]
            plan.changed = [each for each in plan.changed if each.remote_id not in remote_ids]
        self.portal.held = [plan for plan in self.portal.held if plan.added or plan.changed or plan.removed]
        return taken

    def report(self, troubles: Iterable[Trouble], counts: Counts) -> None:
        self.portal.problems.extend(troubles)

    def close(self, report: Report) -> None:
        self.portal.reports.append(report)


@dataclass(slots=True)
class MemoryPortal:
    """Datasets by id; known records, and the entries last harvested from them, by source."""

    datasets: dict[str, MemoryDataset] = field(default_factory=dict[str, MemoryDataset])
    records: dict[str, dict[str, Known]] = field(default_factory=dict[str, dict[str, Known]])
    harvested: dict[str, dict[str, CatalogEntry]] = field(default_factory=dict[str, dict[str, CatalogEntry]])
    problems: list[Trouble] = field(default_factory=list[Trouble])
    reports: list[Report] = field(default_factory=list[Report])
    held: list[Plan] = field(default_factory=list[Plan])
    open_sources: set[str] = field(default_factory=set[str])

    @contextmanager
    def open(self, source: str) -> Generator[MemorySession]:
        if source in self.open_sources:
            raise SourceBusy(source)
        self.open_sources.add(source)
        try:
            yield MemorySession(self, source, len(self.reports) + 1)
        finally:
            self.open_sources.discard(source)
