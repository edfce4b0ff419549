"""What a run did, dataset by dataset, and the way back (撤回).

A snapshot holds everything of a dataset that a harvest may change: texts, fields, tags, resources with the address or
content behind them, and the harvest's own record. Undo brings a value back only where the run's value still stands:
what somebody changed since stays, and is named.
"""

# pyright: basic
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.govcn.access.model import ResourceFile, Vault
from ckanext.govcn.catalog.entry import CatalogEntry, Release
from ckanext.govcn.editorial import model as editorial
from ckanext.govcn.editorial.states import is_private
from ckanext.govcn.harvest.model import HarvestChange
from sqlalchemy.dialects.postgresql import JSONB, insert

from harvesters import bulk
from harvesters.entry_json import from_json, to_json
from harvesters.exceptions import NotUndoable, RunNotFound
from harvesters.merge import Choice, FieldChange, undecided
from harvesters.plan import Added, Changed, Different, Judged, Known, Plan, Removed, change_of
from harvesters.undoing import brought_back

COLUMNS = ("title", "notes", "url", "owner_org")
PARTS = (*COLUMNS, "tags", "resources", "release")
"""What a snapshot holds beside the extras and the record; each is one field of an undo."""
RESOURCE_COLUMNS = ("url", "url_type", "name", "description", "format", "position", "size", "state", "extras")
RECORD = sa.text("""
    SELECT package_id, hash, state, status_before, entry, resources, changed_run FROM govcn_harvest_record
    WHERE package_id = ANY(:ids)
""")
RESTORE_RECORD = sa.text("""
    UPDATE govcn_harvest_record SET state = :state, status_before = :status_before, entry = :entry,
           resources = :resources, changed_run = coalesce(:changed_run, changed_run)
    WHERE package_id = :package_id
""").bindparams(
    sa.bindparam("entry", type_=JSONB),
    sa.bindparam("resources", type_=JSONB),
    sa.bindparam("changed_run", type_=sa.BigInteger),
)
DONE = sa.text("""
    SELECT remote_id, kind, package_id, before, after FROM govcn_harvest_change
    WHERE run_id = :run AND (state = 'applied' OR (state IN ('planned', 'skipped') AND after IS NOT NULL))
    ORDER BY remote_id
""")
UNDONE_CHANGES = sa.text("""
    SELECT remote_id, kind, package_id, undone -> 'then' AS after, undone -> 'now' AS before FROM govcn_harvest_change
    WHERE run_id = :run AND state = 'undone' ORDER BY remote_id
""")
NARROWED = sa.text("""
    SELECT package_id, before, after FROM govcn_harvest_change
    WHERE run_id = :run AND package_id = ANY(:ids) AND after IS NOT NULL
""")
RELEASES = sa.text("""
    SELECT package_id, kind, number, approver, date, basis FROM govcn_release WHERE package_id = ANY(:ids)
""")
LATER = sa.text("""
    SELECT count(*) FROM govcn_harvest_run r WHERE r.source = :source AND r.id > :run AND r.plan <> 'undone'
    AND EXISTS (
        SELECT 1 FROM govcn_harvest_change c
        WHERE c.run_id = r.id AND (c.state = 'applied' OR (c.state <> 'undone' AND c.after IS NOT NULL))
    )
""")
RUN = sa.text("SELECT id, source, state, plan, thinned_at FROM govcn_harvest_run WHERE id = :run")
UNDONE = sa.text("UPDATE govcn_harvest_run SET plan = 'undone' WHERE id = :run")
REDONE = sa.text("""
    UPDATE govcn_harvest_run SET plan = CASE WHEN EXISTS (
        SELECT FROM govcn_harvest_decision WHERE run_id = :run AND what = 'apply'
    ) THEN 'applied' ELSE '' END WHERE id = :run
""")
DROP_PLANNED = sa.text("""
    UPDATE govcn_harvest_change SET state = 'skipped' WHERE run_id = :run AND state = 'planned' AND after IS NULL
""")
TURNED = sa.text("""
    UPDATE govcn_harvest_change SET state = :state, undone = CAST(:undone AS jsonb)
    WHERE run_id = :run AND remote_id = :remote_id
""").bindparams(sa.bindparam("undone", type_=JSONB))
OWNER = sa.text("""
    UPDATE member SET group_id = :owner WHERE table_name = 'package' AND table_id = :id
    AND capacity = 'organization' AND state = 'active'
""")
SETTLED = sa.text("""
    UPDATE govcn_harvest_record SET state = 'active' WHERE package_id = ANY(:ids) AND state = 'incomplete'
""")
UNRELEASE = sa.text("DELETE FROM govcn_release WHERE package_id = :id")


@dataclass(slots=True)
class Undone:
    """撤回的结果: `withdrawn` that the run had added, `restored` to what they were; `skipped` names changed fields."""

    run: int
    source: str
    withdrawn: int = 0
    restored: int = 0
    skipped: list[dict[str, Any]] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if key != "packages"}


def snapshots(package_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The datasets as they stand, by id, in a handful of queries."""
    ids = list(package_ids)
    session = model.Session
    tags: dict[str, list[str]] = defaultdict(list)
    for row in session.execute(bulk.sql.HUNG_TAGS, {"ids": ids}):
        tags[row.package_id].append(row.name)
    resources = _resources(ids)
    records = {row.package_id: dict(row._mapping) for row in session.execute(RECORD, {"ids": ids})}
    releases = {
        row.package_id: {name: getattr(row, name) for name in ("kind", "number", "approver", "date", "basis")}
        for row in session.execute(RELEASES, {"ids": ids})
    }
    table = model.package_table
    return {
        row.id: {
            **{column: getattr(row, column) for column in COLUMNS},
            "extras": row.extras or {},
            "tags": sorted(tags.get(row.id, ())),
            "resources": resources.get(row.id, []),
            "release": releases.get(row.id),
            "record": records.get(row.id),
        }
        for row in session.execute(sa.select(table).where(table.c["id"].in_(ids)))
    }


def _resources(ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    table = model.resource_table
    rows = model.Session.execute(sa.select(table).where(table.c["package_id"].in_(ids)).order_by(table.c["position"]))
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    by_id: dict[str, dict[str, Any]] = {}
    for row in rows:
        resource = {"id": row.id} | {name: getattr(row, name) for name in RESOURCE_COLUMNS}
        found[row.package_id].append(resource)
        by_id[row.id] = resource
    for row in model.Session.execute(sa.select(Vault.resource_id, Vault.url).where(Vault.package_id.in_(ids))):
        if row.resource_id in by_id:
            by_id[row.resource_id]["address"] = row.url
    contents = sa.select(ResourceFile.resource_id, ResourceFile.sha256, ResourceFile.filename)
    for row in model.Session.execute(contents.where(ResourceFile.resource_id.in_(list(by_id)))):
        by_id[row.resource_id] |= {"sha256": row.sha256, "filename": row.filename}
    return found


def keep_changes(run: int, changes: Iterable[tuple[Added | Changed | Removed, str]], before: Mapping[str, Any]) -> None:
    """Write what a run did, in the transaction that does it. Call after the writes: `after` is read here.

    What went because it is marked 涉密 leaves no `before`: undoing does not show it again.
    """
    listed = list(changes)
    written = [package for change, package in listed if not isinstance(change, Added)]
    after = snapshots(written)
    first = _before_narrowing(run, written, before)
    rows = [
        _row(run, change, package)
        | {"state": "applied", "before": first.get(package, before.get(package)), "after": after.get(package)}
        | ({"before": None} if _is_secret(change) else {})
        for change, package in listed
    ]
    if rows:
        statement = insert(HarvestChange.__table__)
        names = ("kind", "state", "opens", "fields", "before", "after")
        changed = {name: statement.excluded[name] for name in names}
        kept = statement.on_conflict_do_update(index_elements=["run_id", "remote_id"], set_=changed)
        model.Session.execute(kept, rows)


def _is_secret(change: Added | Changed | Removed) -> bool:
    return isinstance(change, Removed) and change.secret


def _before_narrowing(run: int, packages: Sequence[str], before: Mapping[str, Any]) -> dict[str, Any]:
    """Where this run has narrowed a dataset before it does the rest: what undoing both brings back."""
    rows = model.Session.execute(NARROWED, {"run": run, "ids": list(packages)}) if packages else ()
    return {row.package_id: brought_back(row.before, row.after, before[row.package_id], PARTS)[0] for row in rows}


def keep_planned(run: int, changes: Iterable[tuple[Added | Changed | Removed, str]]) -> None:
    """Write changes that wait, with what is needed to carry them out later."""
    rows = [
        _row(run, change, package) | {"state": "planned", "planned": planned_of(change)} for change, package in changes
    ]
    if rows:
        statement = insert(HarvestChange.__table__)
        changed = {name: statement.excluded[name] for name in ("kind", "state", "opens", "fields", "planned")}
        planned = statement.on_conflict_do_update(index_elements=["run_id", "remote_id"], set_=changed)
        model.Session.execute(planned, rows)


def _row(run: int, change: Added | Changed | Removed, package: str) -> dict[str, Any]:
    return {
        "run_id": run,
        "remote_id": change.remote_id,
        "kind": kind_of(change),
        "opens": not isinstance(change, Removed) and change.opens,
        "package_id": package,
        "fields": fields_of(change),
    }


def planned_of(change: Added | Changed | Removed) -> dict[str, Any]:
    """What has to be known to do the change later; `was` is the hash that must still stand then."""
    if isinstance(change, Removed):
        return {"was": change.known.hash, "secret": change.secret}
    judged = change.judged
    return {
        "was": change.known.hash if isinstance(change, Changed) else "",
        "hash": change.hash,
        "entry": to_json(judged.entry),
        "owner": judged.owner,
        "publishes": judged.publishes,
        "decided": judged.decided,
        "incomplete": list(judged.incomplete),
        "reopens": isinstance(change, Added) and change.reopens,
    }


def plan_from(
    rows: Iterable[Any],
    known: Mapping[str, Known],
    last: Mapping[str, CatalogEntry],
    present: Mapping[str, CatalogEntry],
    choose: Callable[[str, str], Choice | None] = lambda _remote_id, field: undecided(field),
) -> Plan:
    """The planned changes that still stand: what the source changed since is left out.

    What persons have edited since is merged anew; `choose` (remote id, field) decides conflicts.
    """
    plan = Plan()
    for row in rows:
        was, planned = known.get(row.remote_id), row.planned
        if row.kind == "removed" and was and not was.withdrawn and was.hash == planned["was"]:
            plan.removed.append(Removed(row.remote_id, was, bool(planned.get("secret"))))
        elif row.kind == "added" and was is None:
            reopens = bool(planned.get("reopens"))
            plan.added.append(Added(row.remote_id, planned["hash"], _judged(planned), reopens))
        elif row.kind in ("changed", "move") and was and was.hash == planned["was"]:
            old = last.get(row.remote_id, CatalogEntry())
            chosen = partial(choose, row.remote_id)
            given = Different(row.remote_id, planned["hash"], _judged(planned), was)
            plan.changed.append(change_of(given, old, present.get(row.remote_id), chosen))
    return plan


def _judged(planned: Mapping[str, Any]) -> Judged:
    return Judged(
        from_json(planned["entry"]),
        planned["owner"],
        publishes=planned["publishes"],
        decided=planned["decided"],
        incomplete=tuple(planned["incomplete"]),
    )


def kind_of(change: Added | Changed | Removed) -> str:
    """added, changed, move (to another provider) or removed."""
    if isinstance(change, Changed):
        return "move" if change.moves else "changed"
    return "added" if isinstance(change, Added) else "removed"


def fields_of(change: Added | Changed | Removed) -> list[dict[str, Any]]:
    """Field by field as JSON: `old` as last harvested, `theirs` as it is now, `new` as received, `conflict`."""
    return [_field(each) for each in change.fields] if isinstance(change, Changed) else []


def _field(change: FieldChange) -> dict[str, Any]:
    values = {name: _plain(getattr(change, name)) for name in ("old", "theirs", "new")}
    return {"field": change.field, **values, "conflict": change.conflict}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value


def undo(run: int, context: dict[str, Any]) -> Undone:
    """Bring back what was before the run. The caller holds the source's lock, commits and indexes `packages`."""
    found = _kept_run(run)
    if found.plan == "undone":
        raise NotUndoable(run=run, why=f"它已经撤回过了。要恢复它的改动，请用 ./govcn harvest redo {run}。")
    _ask_later_runs(found)
    changes = list(model.Session.execute(DONE, {"run": run}))
    result = Undone(run, found.source)
    was = snapshots([each.package_id for each in changes])
    _take_down([each.package_id for each in changes if each.kind == "added"], context, result)
    _bring_back([each for each in changes if each.kind != "added"], was, context, result, undoing=True)
    _keep_turn(run, changes, was, "undone")
    model.Session.execute(DROP_PLANNED, {"run": run})
    model.Session.execute(UNDONE, {"run": run})
    return result


def redo(run: int, context: dict[str, Any]) -> Undone:
    """Take back the undo of a run: what was before it was undone. As `undo` otherwise."""
    found = _kept_run(run)
    if found.plan != "undone":
        raise NotUndoable(run=run, why="它没有被撤回，不需要恢复。")
    _ask_later_runs(found)
    changes = list(model.Session.execute(UNDONE_CHANGES, {"run": run}))
    result = Undone(run, found.source)
    was = snapshots([each.package_id for each in changes])
    _bring_back(changes, was, context, result, undoing=False)
    _keep_turn(run, changes, was, "applied")
    model.Session.execute(REDONE, {"run": run})
    return result


def _kept_run(run: int) -> Any:
    found = run_of(run)
    if found.thinned_at:
        raise NotUndoable(run=run, why="它的变更明细已按保留规则清理。")
    return found


def _ask_later_runs(found: Any) -> None:
    if model.Session.execute(LATER, {"source": found.source, "run": found.id}).scalar():
        raise NotUndoable(run=found.id, why="该来源之后又有归集任务改动了数据集，请先撤回较新的任务。")


def _keep_turn(run: int, changes: Sequence[Any], was: Mapping[str, Any], state: str) -> None:
    """What stood before and after this undo or redo, so that it can be taken back exactly."""
    model.Session.flush()
    stands = snapshots([each.package_id for each in changes])
    rows = [
        {
            "run": run,
            "remote_id": each.remote_id,
            "state": state,
            "undone": {"now": was.get(each.package_id), "then": stands.get(each.package_id)},
        }
        for each in changes
    ]
    if rows:
        model.Session.execute(TURNED, rows)


def run_of(run: int) -> Any:
    """The run's row. Raises RunNotFound."""
    found = model.Session.execute(RUN, {"run": run}).one_or_none()
    if found is None:
        raise RunNotFound(run=run)
    return found


def _take_down(ids: Sequence[str], context: dict[str, Any], result: Undone) -> None:
    """What the run added is withdrawn, never purged. Its records stay known, so that the next run leaves it down."""
    taken = bulk.withdraw_all(ids, context) if ids else {}
    model.Session.execute(SETTLED, {"ids": list(ids)})
    result.withdrawn = len(taken)
    result.packages.extend(taken)


def _bring_back(
    changes: Sequence[Any], now: Mapping[str, Any], context: dict[str, Any], result: Undone, *, undoing: bool
) -> None:
    packages = bulk.packages_of([each.package_id for each in changes])
    tags: dict[str, tuple[str, ...]] = {}
    for each in changes:
        if each.package_id not in now:
            continue
        if each.before is None:  # it is marked 涉密
            title = now[each.package_id]["title"]
            result.skipped.append({"package_id": each.package_id, "title": title, "fields": ["secrecy"]})
            continue
        merged, kept = brought_back(each.before, each.after or {}, now[each.package_id], PARTS)
        if undoing and merged["record"]:  # so that the next run does not make the same change again
            merged["record"] |= {"state": "kept" if each.kind == "removed" else "active"}
        _write(packages[each.package_id], merged)
        tags[each.package_id] = tuple(merged["tags"])
        if kept:
            title = now[each.package_id]["title"]
            result.skipped.append({"package_id": each.package_id, "title": title, "fields": kept})
        result.restored += 1
        result.packages.append(each.package_id)
    model.Session.flush()
    bulk.replace_tags(tags)
    written = {key: package for key, package in packages.items() if key in tags}
    bulk.tell_of_updates(written, {key: package.extras or {} for key, package in written.items()}, context)


def _write(package: Any, merged: Mapping[str, Any]) -> None:
    """Texts, fields, resources and the record; tags follow for all datasets together."""
    extras = merged["extras"]
    package.extras = extras
    if merged["owner_org"] != package.owner_org:
        model.Session.execute(OWNER, {"id": package.id, "owner": merged["owner_org"]})
    for column in COLUMNS:
        setattr(package, column, merged[column])
    package.private = is_private(extras.get("catalog_status", ""), extras.get("open_type", ""))
    package.metadata_modified = bulk.now()
    _write_resources(package.id, merged["resources"] or [])
    if merged["release"]:
        editorial.set_release(model.Session, package.id, Release(**merged["release"]))
    else:
        model.Session.execute(UNRELEASE, {"id": package.id})
    record = merged["record"]
    if record:
        wanted = {name: record[name] for name in ("state", "status_before", "entry", "resources")}
        wanted |= {"package_id": package.id, "changed_run": record.get("changed_run")}
        model.Session.execute(RESTORE_RECORD, wanted)


def _write_resources(package_id: str, resources: Sequence[Mapping[str, Any]]) -> None:
    table = model.resource_table
    listed = [each["id"] for each in resources]
    gone = sa.select(table.c["id"]).where(table.c["package_id"] == package_id, table.c["id"].notin_(listed))
    for behind in (Vault, ResourceFile):
        model.Session.execute(sa.delete(behind).where(behind.resource_id.in_(gone)))
    model.Session.execute(sa.update(table).where(table.c["id"].in_(gone)).values(state="deleted"))
    for resource in resources:
        values = {name: resource[name] for name in RESOURCE_COLUMNS}
        row = {"id": resource["id"], "package_id": package_id} | values
        statement = insert(table).values(row)
        model.Session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
        _write_behind(package_id, resource)


def _write_behind(package_id: str, resource: Mapping[str, Any]) -> None:
    """The address or the content behind a resource; contents are never overwritten, so the old one is still there."""
    own = resource["id"]
    for behind, names, more in (
        (Vault, {"url": "address"}, {"package_id": package_id}),
        (ResourceFile, {"sha256": "sha256", "filename": "filename"}, {}),
    ):
        if not all(name in resource for name in names.values()):
            model.Session.execute(sa.delete(behind).where(behind.resource_id == own))
            continue
        values = {column: resource[name] for column, name in names.items()}
        statement = insert(behind).values({"resource_id": own, **values, **more})
        model.Session.execute(statement.on_conflict_do_update(index_elements=["resource_id"], set_=values))
