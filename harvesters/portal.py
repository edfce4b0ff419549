"""The CKAN side of a run: its tables, its lease, and datasets written through CKAN's logic layer.

A batch is written in transactions that hold the dataset together with its record, codes, release and files; triggers
note there what the search index has not seen, and the index follows after the commit. So a crash anywhere leaves
either nothing of a dataset or all of it.
"""

# pyright: basic
from __future__ import annotations

import json
import logging
import uuid
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import sqlalchemy.exc
from ckan import model
from ckanext.govcn.access import addresses
from ckanext.govcn.access import files as store
from ckanext.govcn.audit.acting import on_behalf
from ckanext.govcn.catalog.entry import CatalogEntry, Provider, Resource
from ckanext.govcn.catalog.text import storable
from ckanext.govcn.dataset import convert
from ckanext.govcn.department import model as departments
from ckanext.govcn.department import naming
from ckanext.govcn.editorial import model as records
from ckanext.govcn.editorial import zone
from ckanext.govcn.editorial.states import Status
from ckanext.govcn.harvest.jobs import Wanted
from ckanext.govcn.harvest.rules import takes_uploads
from ckanext.govcn.index.following import Follower

from harvesters import bulk, history, leases, merge, notices, present, received, registry
from harvesters import statements as sql
from harvesters.configured import config_folder
from harvesters.entry_json import from_json, to_json
from harvesters.files import Files, Hung, resource_dicts
from harvesters.plan import Added, Changed, Known, Plan, Removed, Trouble, matched_resources
from harvesters.providers import PENDING
from harvesters.publishing import status_for, waking
from harvesters.retention import load_retention
from harvesters.rows import is_link, rows_of
from harvesters.run import Applied, Counts, Report
from harvesters.source import Source

log = logging.getLogger(__name__)

IDENTITY = uuid.UUID("6f0f3b1c-5a3e-5d0b-9a55-6f9d1a1f6a10")
"""Namespace of dataset and resource ids: the same record always gets the same dataset, also after a crash."""
WITHDRAWN_TOGETHER = 200
SAME = 0
"""In the place of the run that the entry is from: the one that stands there."""
REFUSED_BY_PORTAL = "H04"
DELETED = "H05"


def package_id_of(source: str, remote_id: str) -> str:
    """The id of a record's dataset."""
    return str(uuid.uuid5(IDENTITY, f"{source}\0{remote_id}"))


def site_user() -> str:
    """The user in whose name a harvest writes."""
    return tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]


def internal_context(**more: Any) -> Any:
    """A context for writes of the platform itself."""
    return {"ignore_auth": True, "user": site_user(), "govcn_internal": True, **more}


def create_department(provider: Provider) -> str:
    """An organization for a provider that is not yet a department; the bureau still has to confirm it.

    "" when there was one of this name and an administrator has deleted it: a harvest does not bring it back.
    Written directly, with the plugins' hook: `organization_create` would make the site's user its admin and show the
    result, half a second for what a list of another portal asks for hundreds of times.
    """
    name = naming.url_name(provider.region_code, provider.name)
    group = model.Group.by_name(name)
    if group is not None and group.state != "active":
        return ""
    if group is None:
        values = {"region_code": provider.region_code, "uscc": provider.uscc}
        extras = {key: value for key, value in values.items() if value}
        group = model.Group(name=name, title=provider.name, type="organization", is_organization=True)
        group.extras = extras  # pyright: ignore[reportAttributeAccessIssue]
        model.Session.add(group)
        try:
            model.Session.flush()
            for plugin in p.PluginImplementations(p.IOrganizationController):
                plugin.create(group)
            model.Session.commit()
        except sqlalchemy.exc.IntegrityError:  # another run, or a person, made it in this moment
            model.Session.rollback()
            made = departments.department_for(provider, provider.region_code)
            if made is None:
                raise
            return made.id
    return group.id


def unplaced_departments(source: str) -> list[str]:
    """Departments without a 行政区划 that nobody has confirmed and that hold entries of no other source."""
    return list(model.Session.execute(sql.UNPLACED, {"source": source}).scalars())


def place_department(identifier: str, provider: Provider) -> None:
    """Give a department the region that its source now states; it keeps its id, its datasets and its address."""
    group = model.Group.get(identifier)
    if group is None:
        return
    group.title = provider.name
    group.extras = {**(group.extras or {}), "region_code": provider.region_code}  # pyright: ignore[reportAttributeAccessIssue]
    for plugin in p.PluginImplementations(p.IOrganizationController):
        plugin.edit(group)
    model.Session.commit()


def propose(providers: Mapping[Provider, int], source: str) -> None:
    """Tell the bureau of providers that are no departments."""
    if providers:
        departments.propose(model.Session, providers, source)
        model.Session.commit()


class CkanPortal:
    """A `run.Portal` over this CKAN.

    `one_by_one` writes new datasets through CKAN's `package_create`: what the bulk way is compared with. Without a
    `lease` a run takes one, for as long as it lasts. `headings`: how the source's headings were read, kept with the
    run.
    """

    def __init__(
        self,
        source: Source,
        files: Files | None = None,
        *,
        one_by_one: bool = False,
        lease: leases.Lease | None = None,
    ) -> None:
        self._source = source
        self.headings: Mapping[str, str | None] = {}
        self._files = files or Files(source)
        self._one_by_one = one_by_one
        self._lease = lease

    @contextmanager
    def open(self, source: str) -> Generator[CkanSession]:
        with leases.working(Wanted("run", source), self._lease) as lease:
            session = self._session(_begun(self._source, lease, self.headings))
            session.index_leftovers()
            yield session

    def _session(self, run: int) -> CkanSession:
        return CkanSession(self._source, self._files, run, one_by_one=self._one_by_one)


def _begun(source: Source, lease: leases.Lease, headings: Mapping[str, str | None]) -> int:
    """A new run's number, noted with the lease in one transaction: whose run it is, is never unknown."""
    execute = model.Session.execute
    execute(sql.SUPERSEDED, {"source": source.name})
    begun = {"source": source.name, "headings": leases.as_jsonb(dict(headings)), "asked_by": lease.wanted_by}
    run: int = execute(sql.BEGIN, begun).scalar_one()
    execute(leases.BEGUN, lease.token | {"run": run})
    registry.enter(source)
    execute(registry.LAST_RUN, {"name": source.name, "run": run})
    model.Session.commit()
    return run


class CkanSession:
    """One run of one source over CKAN."""

    def __init__(self, source: Source, files: Files, run: int, *, one_by_one: bool = False) -> None:
        self._source = source
        self._files = files
        self._user = site_user()
        self._zone = zone.effective(model.Session)
        self._follower = Follower()
        self._one_by_one = one_by_one
        self._record_bytes = load_retention(config_folder()).record_bytes
        self._received: Mapping[str, Any] = {}
        self.run = run

    # ── what is known

    def known(self, remote_ids: Collection[str]) -> Mapping[str, Known]:
        pending = naming.url_name(PENDING.region_code, PENDING.name)
        asked = {"source": self._source.name, "pending": pending, "ids": list(remote_ids)}
        rows = model.Session.execute(sql.KNOWN, asked)
        return {
            row.remote_id: Known(
                row.hash,
                row.package_id,
                row.state == "withdrawn",
                row.owner_org or "",
                row.status or "",
                by_person=row.by_person,
                kept=row.state == "kept",
                incomplete=row.state == "incomplete",
            )
            for row in rows
        }

    def active(self) -> int:
        return model.Session.execute(sql.ACTIVE_RECORDS, {"source": self._source.name}).scalar_one()

    def active_ids(self) -> Iterator[tuple[str, bool]]:
        with model.ensure_engine().connect().execution_options(stream_results=True) as connection:
            for row in connection.execute(sql.ACTIVE_IDS, {"source": self._source.name}):
                yield row.remote_id, row.kept

    def last_entries(self, remote_ids: Collection[str]) -> Mapping[str, CatalogEntry]:
        rows = model.Session.execute(sql.LAST_ENTRIES, {"source": self._source.name, "ids": list(remote_ids)})
        return {row.remote_id: from_json(row.entry) for row in rows}

    def present(self, remote_ids: Collection[str]) -> Mapping[str, CatalogEntry]:
        return present.entries(self._source.name, remote_ids)

    def openings(self, titles: Collection[str]) -> Mapping[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for row in model.Session.execute(sql.OPENINGS, {"source": self._source.name, "titles": list(titles)}):
            entry = CatalogEntry(open_type=row.open_type or "", access_mode=row.access_mode or "")
            key, open_ = (row.title, row.owner_org), merge.width(entry)
            found[key] = min(found.get(key, open_), open_)
        return found

    # ── what is done

    def apply(self, plan: Plan) -> Applied:
        with on_behalf(source=self._source.name, run=str(self.run)):
            return self._apply(plan)

    def _apply(self, plan: Plan) -> Applied:
        applied = Applied()
        done: list[str] = []
        self._received = plan.received
        for added in self._add_together(plan.added, done, applied):
            self._one(applied, done, added.remote_id, added.judged.place, lambda each=added: self._add(each))
        for changed in self._change_together(plan.changed, done, applied):
            self._one(applied, done, changed.remote_id, changed.judged.place, lambda each=changed: self._change(each))
        self._withdraw(plan.removed, done)
        self._rehash({each: plan.unchanged[each] for each in plan.rehashed})
        if self._received:
            self._commit()
        self._follower.written(done)
        return applied

    def hold(self, plan: Plan) -> None:
        changes = [*plan.added, *plan.changed, *plan.removed]
        history.keep_planned(
            self.run,
            [
                (
                    each,
                    package_id_of(self._source.name, each.remote_id)
                    if isinstance(each, Added)
                    else each.known.package_id,
                )
                for each in changes
            ],
        )
        model.Session.commit()

    def take_back(self, remote_ids: Collection[str]) -> Sequence[Changed]:
        ids = list(remote_ids)
        rows = list(model.Session.execute(sql.TAKEN_BACK, {"run": self.run, "ids": ids}))
        model.Session.commit()
        return history.plan_from(rows, self.known(ids), self.last_entries(ids), self.present(ids)).changed

    def report(self, troubles: Iterable[Trouble], counts: Counts) -> None:
        rows = [
            {name: storable(value) if isinstance(value, str) else value for name, value in asdict(each).items()}
            | {"run_id": self.run, "source": self._source.name}
            for each in troubles
        ]
        if rows:
            model.Session.execute(sql.problem(), rows)
        model.Session.execute(sql.ALIVE, {"run": self.run, "counts": json.dumps(asdict(counts))})
        model.Session.commit()

    def close(self, report: Report) -> None:
        model.Session.rollback()
        report.unindexed = self.end()
        report.standing = self._standing()
        plan = {"plan": "waiting" if report.counts.waiting else "", "why": "；".join(report.why)}
        ended = {"state": report.state, "brake": report.brake, "error": report.error, **plan}
        model.Session.execute(sql.CLOSE, ended | {"run": self.run, "counts": json.dumps(asdict(report.counts))})
        registry.done(self._source.name, report.failure)
        self.ended(report)
        notices.run_ended(report)
        model.Session.commit()

    def ended(self, report: Report) -> None:
        """What else belongs into the transaction that ends the run."""

    def _standing(self) -> dict[str, int]:
        rows = model.Session.execute(sql.STANDING, {"source": self._source.name}).all()
        undecided = sum(row.undecided for row in rows if row.status != Status.WITHDRAWN)
        return {**{row.status: row.entries for row in rows}, "undecided": undecided}

    def end(self) -> int:
        """Wait for the index; how many datasets wait on because it does not answer."""
        return self._follower.end()

    # ── one dataset

    def _one(
        self,
        applied: Applied,
        done: list[str],
        remote_id: str,
        place: Any,
        work: Callable[[], tuple[str, Sequence[Trouble]]],
    ) -> None:
        """Do one dataset in a transaction of its own. What the portal refuses is reported and stops nothing."""
        try:
            package_id, troubles = work()
            self._commit()
        except tk.ValidationError as error:
            model.Session.rollback()
            applied.troubles.append(_refusal(error, place))
            applied.refused_ids.add(remote_id)
        else:
            done.append(package_id)
            applied.troubles.extend(troubles)

    def _add_together(self, added: Sequence[Added], done: list[str], applied: Applied) -> list[Added]:
        """Insert new datasets in one transaction; returns those that have to go one by one through CKAN."""
        if not added or self._one_by_one:
            return list(added)
        ids = {each.remote_id: package_id_of(self._source.name, each.remote_id) for each in added}
        present = set(model.Session.execute(sql.PRESENT, {"ids": list(ids.values())}).scalars())
        alone: list[Added] = []
        together: list[tuple[Added, bulk.New]] = []
        for each in added:
            new = None if ids[each.remote_id] in present else self._new(each, ids[each.remote_id])
            if new is None:
                alone.append(each)  # a run died between a dataset and its record, or CKAN has to judge it
            else:
                together.append((each, new))
        if not _written(self._insert, together):
            return list(added)
        done.extend(new.id for _, new in together)
        applied.troubles.extend(trouble for _, new in together for trouble in new.hung.troubles)
        return alone

    def _new(self, added: Added, package_id: str) -> bulk.New | None:
        hung = self._files.hang(added.entry)
        dataset = self._dataset(added, package_id, hung, _resource_ids(package_id, hung))
        dataset["catalog_status"] = status_for(added.judged, "")
        rows = rows_of(dataset)
        if rows is None or not bulk.allowed(rows, self._zone):
            return None
        release = self._source.release if added.judged.publishes else None
        return bulk.New(rows, added.entry.categories, hung, release)

    def _insert(self, together: Sequence[tuple[Added, bulk.New]]) -> None:
        bulk.insert_all([new for _, new in together], self._context())
        model.Session.execute(
            sql.keep(),
            [
                self._record(
                    each, new.id, _recorded([row["id"] for row in new.rows.resources], new.hung), done=new.hung.complete
                )
                for each, new in together
            ],
        )
        self._keep_changes(((each, new.id) for each, new in together), {})
        self._commit()

    def _add(self, added: Added) -> tuple[str, Sequence[Trouble]]:
        package_id = package_id_of(self._source.name, added.remote_id)
        if model.Session.get(model.Package, package_id):
            return self._write(added, package_id)
        hung = self._files.hang(added.entry)
        ids = _resource_ids(package_id, hung)
        dataset = self._dataset(added, package_id, hung, ids)
        dataset["catalog_status"] = status_for(added.judged, "")
        self._attach(hung, ids)
        tk.get_action("package_create")(self._context(defer_commit=True, return_id_only=True), dataset)
        self._keep(added, package_id, _recorded(ids, hung), hung)
        self._keep_changes([(added, package_id)], {})
        return package_id, hung.troubles

    def _change(self, changed: Changed) -> tuple[str, Sequence[Trouble]]:
        return self._write(changed, changed.known.package_id)

    def _write(self, change: Added | Changed, package_id: str) -> tuple[str, Sequence[Trouble]]:
        package = model.Session.get(model.Package, package_id)
        if package is None or package.state != "active":
            trouble = Trouble(DELETED, "warn", "该数据集已被管理员删除，归集不再更新它。如需恢复，请先恢复数据集。")
            return package_id, (trouble,)
        shown = tk.get_action("package_show")(self._context(use_cache=False), {"id": package_id})
        there = {each["id"]: each for each in shown["resources"]}
        theirs = {each.url: there[found] for each in change.entry.resources if (found := _stays(each, there))}
        own = tuple(each for each in change.entry.resources if each.url not in theirs)
        hung = self._files.hang(replace(change.entry, resources=own))
        before = history.snapshots([package_id])
        recorded, status_before = self._before(change.remote_id)
        stay = {each["id"] for each in theirs.values()}
        free = [each for each in recorded if each["id"] in there and each["id"] not in stay]
        old = [Resource(each["url"], remote_id=each["remote_id"]) for each in free]
        matched = matched_resources(old, [each["id"] for each in free], hung.resources)
        ids = [each or str(uuid.uuid4()) for each in matched]
        dataset = shown | self._dataset(change, package_id, hung, ids)
        foreign = [] if isinstance(change, Added) else there.keys() - {each["id"] for each in recorded}
        dataset["resources"] = [
            *_in_order(change.entry.resources, theirs, zip(hung.resources, dataset["resources"], strict=True)),
            *(each for each in shown["resources"] if each["id"] in foreign),
        ]
        dataset.pop("metadata_modified", None)
        stated = bool(change.judged.entry.codes)
        if not stated:
            dataset |= {platform: shown.get(platform) for platform in ("codes", "code_provisional")}
        now, by_person = shown.get("catalog_status", ""), isinstance(change, Changed) and change.known.by_person
        if isinstance(change, Changed) and change.wakes and now == "withdrawn":
            now = waking(status_before, changed=bool(change.fields))
        dataset["catalog_status"] = status_for(change.judged, now, by_person=by_person)
        if dataset["catalog_status"] == Status.PUBLISHED:
            dataset["release_kind"] = dataset["release_kind"] or shown.get("release_kind", "")
        self._attach(hung, ids)
        context = self._context(defer_commit=True, return_id_only=True, govcn_codes_given=stated)
        tk.get_action("package_update")(context, dataset)
        left = [each for each in recorded if each["id"] in stay or each["id"] not in there]
        kept = _still_recorded(left, recorded, change.judged.entry.resources)
        self._keep(change, package_id, _as_offered([*_recorded(ids, hung), *kept], change.judged.entry.resources), hung)
        model.Session.flush()
        self._keep_changes([(change, package_id)], before)
        return package_id, hung.troubles

    def _change_together(self, changed: Sequence[Changed], done: list[str], applied: Applied) -> list[Changed]:
        """Bring datasets up to date in one transaction; returns those that have to go one by one through CKAN."""
        if not changed or self._one_by_one:
            return list(changed)
        ids = [each.known.package_id for each in changed]
        active = set(model.Session.execute(sql.ACTIVE, {"ids": ids}).scalars())
        alone: list[Changed] = []
        together: list[tuple[Changed, bulk.Update, list[dict[str, str]]]] = []
        for each in changed:
            update = self._update(each) if each.known.package_id in active else None
            if update is None:
                alone.append(each)
            else:
                together.append((each, *update))
        if not _written(self._write_updates, together):
            return list(changed)
        done.extend(update.id for _, update, _ in together)
        return alone

    def _update(self, changed: Changed) -> tuple[bulk.Update, list[dict[str, str]]] | None:
        """The rows to write, or None where more than texts, fields and tags changes: codes, resources, a return."""
        entry, theirs = changed.entry, changed.present
        if changed.known.owner != changed.judged.owner:
            return None  # it moves, or a department was found for an entry that had none
        if changed.wakes or entry.categories != theirs.categories or changed.judged.entry.codes != changed.old.codes:
            return None
        if merge.kept(entry).resources != merge.kept(theirs).resources:
            return None
        if changed.judged.entry.resources and (self._source.files == "copy" or changed.known.incomplete):
            return None  # the files behind the addresses may be new
        recorded, _ = self._before(changed.remote_id) if theirs.resources else ([], "")
        dataset = self._dataset(changed, changed.known.package_id, Hung((), ()), ())
        known = changed.known
        dataset["catalog_status"] = status_for(changed.judged, known.status, by_person=known.by_person)
        rows = rows_of(dataset)
        if rows is None or not bulk.allowed(rows, self._zone):
            return None
        release = self._source.release if changed.judged.publishes else None
        return bulk.Update(rows, release), recorded

    def _write_updates(self, together: Sequence[tuple[Changed, bulk.Update, list[dict[str, str]]]]) -> None:
        before = history.snapshots([update.id for _, update, _ in together])
        bulk.update_all([update for _, update, _ in together], self._context())
        rows = [self._record(each, update.id, recorded) for each, update, recorded in together]
        model.Session.execute(sql.keep(), rows)
        self._keep_changes(((each, update.id) for each, update, _ in together), before)
        self._commit()

    def _withdraw(self, removed: Sequence[Removed], done: list[str]) -> None:
        for start in range(0, len(removed), WITHDRAWN_TOGETHER):
            ids = [each.known.package_id for each in removed[start : start + WITHDRAWN_TOGETHER]]
            snapshots = history.snapshots(ids)
            before = bulk.withdraw_all(ids, self._context())
            batch = removed[start : start + WITHDRAWN_TOGETHER]
            received.forget(self._source.name, [each.remote_id for each in batch if each.secret])
            states = {"ids": ids, "states": [before.get(each, "") for each in ids]}
            model.Session.execute(sql.WITHDRAWN, states | {"source": self._source.name})
            gone = [(each, each.known.package_id) for each in removed[start : start + WITHDRAWN_TOGETHER]]
            self._keep_changes((each for each in gone if each[1] in before), snapshots)
            self._commit()
            done.extend(before)

    def _commit(self) -> None:
        """Commit, and with it the batch's records as they were received."""
        received.keep(self._source.name, self.run, self._received, self._record_bytes)
        model.Session.commit()
        self._received = {}

    # ── parts of a dataset

    def _dataset(self, change: Added | Changed, package_id: str, hung: Hung, ids: Sequence[str]) -> dict[str, Any]:
        judged = change.judged
        release = self._source.release
        return convert.dataset_from_entry(
            change.entry,
            judged.owner,
            id=package_id,
            url=change.entry.url if is_link(change.entry.url) else "",
            resources=list(resource_dicts(hung, ids)),
            incomplete=list(judged.incomplete),
            source_name=self._source.name,
            source_remote_id=change.remote_id,
            release_kind=release.kind if release and judged.publishes else "",
        )

    def _attach(self, hung: Hung, ids: Sequence[str]) -> None:
        for kept, resource_id in zip(hung.contents, ids, strict=True):
            if kept:
                store.attach(resource_id, kept.sha256, kept.filename)

    def _keep(
        self, change: Added | Changed, package_id: str, resources: Sequence[Mapping[str, str]], hung: Hung
    ) -> None:
        """The record's row and the release of its dataset, in the dataset's own transaction."""
        model.Session.execute(sql.keep(), [self._record(change, package_id, resources, done=hung.complete)])
        if self._source.release and change.judged.publishes:
            records.set_release(model.Session, package_id, self._source.release)

    def _record(
        self, change: Added | Changed, package_id: str, resources: Sequence[Mapping[str, str]], *, done: bool = True
    ) -> dict[str, Any]:
        """The record's row: what was received, whatever a person's edits made of it."""
        return {
            "source": self._source.name,
            "remote_id": change.remote_id,
            "hash": change.hash,
            "package_id": package_id,
            "state": "active" if done else "incomplete",
            "seen_run": self.run,
            "changed_run": SAME if isinstance(change, Changed) and change.partial else self.run,
            "entry": to_json(change.judged.entry),
            "resources": list(resources),
        }

    def _keep_changes(
        self, changes: Iterable[tuple[Added | Changed | Removed, str]], before: Mapping[str, Any]
    ) -> None:
        """What was done, in the transaction that does it; whoever uploaded a workbook wrote what it brought."""
        listed = list(changes)
        history.keep_changes(self.run, listed, before)
        if takes_uploads(self._source.name):
            written = [package for change, package in listed if not isinstance(change, Removed)]
            model.Session.execute(sql.WRITTEN, {"run": self.run, "ids": written})

    def _before(self, remote_id: str) -> tuple[list[dict[str, str]], str]:
        """The harvested resources of a record's dataset, and its state before the record vanished."""
        asked = {"source": self._source.name, "ids": [remote_id]}
        found = model.Session.execute(sql.BEFORE, asked).one_or_none()
        return (found.resources, found.status_before) if found else ([], "")

    def _rehash(self, unchanged: Mapping[str, str]) -> None:
        """Keep new hashes of records that made the same entry; a record that is as it was costs no write."""
        if unchanged:
            ids, hashes = list(unchanged), list(unchanged.values())
            source = {"source": self._source.name, "run": self.run}
            model.Session.execute(sql.REHASHED, source | {"ids": ids, "hashes": hashes})
            self._commit()

    # ── the index

    def index_leftovers(self) -> None:
        """What an earlier run wrote and died before the index had seen it."""
        self._follower.leftovers()

    def _context(self, **more: Any) -> Any:
        return {"ignore_auth": True, "user": self._user, "govcn_internal": True, **more}


def _written(write: Callable[[list[Any]], None], together: list[Any]) -> bool:
    """Whether what goes together went, in one transaction; if not, CKAN takes the datasets one by one."""
    try:
        if together:
            write(together)
    except sqlalchemy.exc.SQLAlchemyError as error:
        if getattr(error, "connection_invalidated", False):
            raise
        log.warning("a batch of %d datasets goes one by one", len(together), exc_info=True)
        model.Session.rollback()
        return False
    return True


def _resource_ids(package_id: str, hung: Hung) -> list[str]:
    """Ids of a new dataset's resources: the same again when a run that died is run again."""
    return [str(uuid.uuid5(uuid.UUID(package_id), f"{n}\0{each.url}")) for n, each in enumerate(hung.resources)]


def _recorded(ids: Sequence[str], hung: Hung) -> list[dict[str, str]]:
    """Harvested resources as their record keeps them: what a later run and a person's edit are compared with."""
    return [
        {"id": each, "url": resource.url, "remote_id": resource.remote_id} | ({"sha256": kept.sha256} if kept else {})
        for each, resource, kept in zip(ids, hung.resources, hung.contents, strict=True)
    ]


def _still_recorded(
    left: Sequence[dict[str, str]], recorded: Sequence[dict[str, str]], offered: Sequence[Resource]
) -> list[dict[str, str]]:
    """Resources in whose place a person's stands, or that a person took away, as the source offers them now."""
    old = [Resource(each["url"], remote_id=each["remote_id"]) for each in recorded]
    matched = matched_resources(old, [each["id"] for each in recorded], offered)
    now = {known: each for known, each in zip(matched, offered, strict=True) if known}
    return [
        each | {"url": now[each["id"]].url, "remote_id": now[each["id"]].remote_id}
        for each in left
        if each["id"] in now
    ]


def _as_offered(recorded: Sequence[dict[str, str]], offered: Sequence[Resource]) -> list[dict[str, str]]:
    """Recorded resources in the source's order, by which those without an id of their own are matched next time."""
    place = {each.remote_id or each.url: n for n, each in enumerate(offered)}
    return sorted(recorded, key=lambda each: place.get(each["remote_id"] or each["url"], len(place)))


def _stays(resource: Resource, there: Mapping[str, Any]) -> str:
    """The id of the dataset's resource whose address or content a person has put there, or ""."""
    route = addresses.route_of(resource.url)
    return route.resource_id if route and route.resource_id in there else ""


def _in_order(
    wanted: Sequence[Resource], theirs: Mapping[str, Any], given: Iterable[tuple[Resource, dict[str, Any]]]
) -> Iterator[dict[str, Any]]:
    """The resource dicts in the entry's order; what could not be had is missing from `given`."""
    left = deque(given)
    for resource in wanted:
        if resource.url in theirs:
            yield _described(theirs[resource.url], resource)
        elif left and left[0][0].url == resource.url:
            yield left.popleft()[1]


def _described(shown: Mapping[str, Any], resource: Resource) -> dict[str, Any]:
    """A resource that stays where it is, under the merged name, format and description."""
    said = {name: getattr(resource, name) for name in ("name", "format", "description") if getattr(resource, name)}
    return {**shown, **said}


def _refusal(error: Any, place: Any) -> Trouble:
    """What the portal's own validators would not take, as a problem of the record."""
    (field, said), *_ = (error.error_dict or {"": str(error)}).items()
    message = said[0] if isinstance(said, list) and said else str(said)
    return Trouble(
        REFUSED_BY_PORTAL,
        "refuse",
        f"{message}",
        field=str(field),
        file=getattr(place, "file", ""),
        sheet=getattr(place, "sheet", ""),
        row=getattr(place, "row", None) or None,
    )
