"""A small real portal in memory: what `run` is tried on without a database, and the measure for the CKAN one."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ckanext.govcn.catalog.entry import CatalogEntry

from harvesters.entry_json import from_json, to_json
from harvesters.exceptions import NotUndoable, SourceBusy
from harvesters.merge import width
from harvesters.plan import Changed, Known, Plan, Record, Trouble
from harvesters.run import Applied, Counts, Report
from harvesters.undoing import brought_back

PARTS = ("owner", "withdrawn")


@dataclass(slots=True)
class MemoryDataset:
    """A dataset as far as harvesting sees it."""

    entry: CatalogEntry
    owner: str
    withdrawn: bool = False

    def snapshot(self, received: CatalogEntry | None) -> dict[str, Any]:
        """What undoing may have to bring back; `received` is what was last harvested."""
        record = {"entry": received} if received else None
        return {
            "owner": self.owner, "withdrawn": self.withdrawn, "extras": to_json(self.entry), "record": record,
        }  # fmt: skip


@dataclass(slots=True)
class MemoryChange:
    """What a run did to one dataset; `undone` are the snapshots around the undo, once there was one."""

    source: str
    remote_id: str
    kind: str
    before: dict[str, Any]
    after: dict[str, Any]
    undone: tuple[dict[str, Any], dict[str, Any]] | None = None


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
        self.portal.received.setdefault(self.source, {}).update(plan.received)
        before = {each.remote_id: self._snapshot(each.remote_id) for each in [*plan.changed, *plan.removed]}
        harvested |= {each.remote_id: each.judged.entry for each in [*plan.added, *plan.changed]}
        for added in plan.added:
            package_id = f"{self.source}:{added.remote_id}"
            self.portal.datasets[package_id] = MemoryDataset(added.entry, added.judged.owner)
            records[added.remote_id] = Known(added.hash, package_id, owner=added.judged.owner)
        for changed in plan.changed:
            dataset = self.portal.datasets[changed.known.package_id]
            dataset.entry, dataset.owner = changed.entry, changed.judged.owner
            dataset.withdrawn = dataset.withdrawn and not changed.wakes
            records[changed.remote_id] = Known(changed.hash, changed.known.package_id, owner=dataset.owner)
        for remote_id, hash_ in plan.unchanged.items():
            records[remote_id] = replace(records[remote_id], hash=hash_, kept=False)
        for removed in plan.removed:
            self.portal.datasets[removed.known.package_id].withdrawn = True
            records[removed.remote_id] = replace(removed.known, withdrawn=True)
        self._keep(plan, before)
        return Applied()

    def _snapshot(self, remote_id: str) -> dict[str, Any]:
        dataset = self.portal.datasets[self.portal.records[self.source][remote_id].package_id]
        return dataset.snapshot(self.portal.harvested[self.source].get(remote_id))

    def _keep(self, plan: Plan, before: Mapping[str, dict[str, Any]]) -> None:
        done = self.portal.changes.setdefault(self.run, {})
        for each in [*plan.added, *plan.changed, *plan.removed]:
            kind = "changed" if isinstance(each, Changed) else "removed" if each.remote_id in before else "added"
            was = before.get(each.remote_id, {})
            first = done.get(each.remote_id)  # narrowed before the rest was done
            if first:
                was, _ = brought_back(first.before, first.after, was, PARTS)
            done[each.remote_id] = MemoryChange(self.source, each.remote_id, kind, was, self._snapshot(each.remote_id))

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
    """Datasets by id; known records, what was received and last harvested of them, by source; changes by run."""

    datasets: dict[str, MemoryDataset] = field(default_factory=dict[str, MemoryDataset])
    records: dict[str, dict[str, Known]] = field(default_factory=dict[str, dict[str, Known]])
    harvested: dict[str, dict[str, CatalogEntry]] = field(default_factory=dict[str, dict[str, CatalogEntry]])
    received: dict[str, dict[str, Record]] = field(default_factory=dict[str, dict[str, Record]])
    changes: dict[int, dict[str, MemoryChange]] = field(default_factory=dict[int, dict[str, MemoryChange]])
    undone: set[int] = field(default_factory=set[int])
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

    def undo(self, run: int) -> list[str]:
        """Bring back what was before the run; the names of what stays. Raises NotUndoable."""
        self._ask(run)
        if run in self.undone:
            raise NotUndoable(run=run, why="它已经撤回过了。")
        kept: list[str] = []
        for change in self.changes.get(run, {}).values():
            dataset = self._dataset(change)
            was = dataset.snapshot(self.harvested[change.source].get(change.remote_id))
            if change.kind == "added":
                dataset.withdrawn = True
            else:
                kept += self._restore(change, change.before, change.after, undoing=True)
            change.undone = (was, dataset.snapshot(self.harvested[change.source].get(change.remote_id)))
        self.undone.add(run)
        return kept

    def redo(self, run: int) -> list[str]:
        """Take the undo back; the names of what stays. Raises NotUndoable."""
        self._ask(run)
        if run not in self.undone:
            raise NotUndoable(run=run, why="它没有被撤回。")
        kept: list[str] = []
        for change in self.changes.get(run, {}).values():
            if change.undone:
                kept += self._restore(change, *change.undone, undoing=False)
        self.undone.discard(run)
        return kept

    def _ask(self, run: int) -> None:
        sources = {each.source for each in self.changes.get(run, {}).values()}
        for later in self.changes:
            touched = {each.source for each in self.changes[later].values()}
            if later > run and later not in self.undone and sources & touched:
                raise NotUndoable(run=run, why="之后又有归集任务改动了数据集。")

    def _dataset(self, change: MemoryChange) -> MemoryDataset:
        return self.datasets[self.records[change.source][change.remote_id].package_id]

    def _restore(
        self, change: MemoryChange, before: dict[str, Any], after: dict[str, Any], *, undoing: bool
    ) -> list[str]:
        dataset = self._dataset(change)
        now = dataset.snapshot(self.harvested[change.source].get(change.remote_id))
        merged, kept = brought_back(before, after, now, PARTS)
        dataset.owner, dataset.withdrawn = merged["owner"], merged["withdrawn"]
        dataset.entry = from_json(merged["extras"])
        if merged["record"]:
            self.harvested[change.source][change.remote_id] = merged["record"]["entry"]
        records = self.records[change.source]
        gone = change.kind == "removed" and not undoing
        stays = change.kind == "removed" and undoing
        records[change.remote_id] = replace(records[change.remote_id], withdrawn=gone, kept=stays, owner=dataset.owner)
        return kept
