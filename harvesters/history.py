"""What a run did, dataset by dataset, and the way back (撤回).

A snapshot holds everything of a dataset that a harvest may change: texts, fields, tags, resources with the address or
content behind them, and the harvest's own record. Undo brings a value back only where the run's value still stands:
what somebody changed since stays, and is named.
"""

# pyright: basic
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.govcn.access.model import ResourceFile, Vault
from ckanext.govcn.catalog.entry import CatalogEntry
from ckanext.govcn.editorial.states import is_private
from ckanext.govcn.harvest.model import HarvestChange
from sqlalchemy.dialects.postgresql import JSONB, insert

from harvesters import bulk
from harvesters.entry_json import from_json, to_json
from harvesters.exceptions import NotUndoable, RunNotFound
from harvesters.plan import Added, Changed, FieldChange, Judged, Known, Plan, Removed, differences

COLUMNS = ("title", "notes", "url")
RESOURCE_COLUMNS = ("url", "url_type", "name", "description", "format", "position", "size", "state", "extras")
RECORD = sa.text("""
    SELECT package_id, hash, state, status_before, entry, resources FROM govcn_harvest_record
    WHERE package_id = ANY(:ids)
""")
RESTORE_RECORD = sa.text("""
    UPDATE govcn_harvest_record SET state = 'active', status_before = :status_before, entry = :entry,
           resources = :resources
    WHERE package_id = :package_id
""").bindparams(
    sa.bindparam("entry", type_=JSONB),
    sa.bindparam("resources", type_=JSONB),
)
CHANGES = sa.text("""
    SELECT remote_id, kind, package_id, before, after FROM govcn_harvest_change
    WHERE run_id = :run AND state = 'applied' ORDER BY remote_id
""")
LATER = sa.text("""
    SELECT count(*) FROM govcn_harvest_run r WHERE r.source = :source AND r.id > :run AND r.plan <> 'undone'
    AND EXISTS (SELECT 1 FROM govcn_harvest_change c WHERE c.run_id = r.id AND c.state = 'applied')
""")
RUN = sa.text("SELECT id, source, state, plan FROM govcn_harvest_run WHERE id = :run")
UNDONE = sa.text("UPDATE govcn_harvest_run SET plan = 'undone' WHERE id = :run")
CHANGE_UNDONE = sa.text("""
    UPDATE govcn_harvest_change SET state = 'undone' WHERE run_id = :run AND package_id = ANY(:ids)
""")


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
    table = model.package_table
    return {
        row.id: {
            **{column: getattr(row, column) for column in COLUMNS},
            "extras": row.extras or {},
            "tags": sorted(tags.get(row.id, ())),
            "resources": resources.get(row.id, []),
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
    """Write what a run did, in the transaction that does it. Call after the writes: `after` is read here."""
    listed = list(changes)
    after = snapshots([package for change, package in listed if not isinstance(change, Added)])
    rows = [
        {
            "run_id": run,
            "remote_id": change.remote_id,
            "kind": kind_of(change),
            "state": "applied",
            "package_id": package,
            "fields": fields_of(change),
            "before": before.get(package),
            "after": after.get(package),
        }
        for change, package in listed
    ]
    if rows:
        statement = insert(HarvestChange.__table__)
        changed = {name: statement.excluded[name] for name in ("kind", "state", "fields", "before", "after")}
        kept = statement.on_conflict_do_update(index_elements=["run_id", "remote_id"], set_=changed)
        model.Session.execute(kept, rows)


def keep_planned(run: int, changes: Iterable[tuple[Added | Changed | Removed, str]]) -> None:
    """Write changes that wait, with what is needed to carry them out later."""
    rows = [
        {
            "run_id": run,
            "remote_id": change.remote_id,
            "kind": kind_of(change),
            "state": "planned",
            "package_id": package,
            "fields": fields_of(change),
            "planned": planned_of(change),
        }
        for change, package in changes
    ]
    if rows:
        model.Session.execute(insert(HarvestChange.__table__).on_conflict_do_nothing(), rows)


def planned_of(change: Added | Changed | Removed) -> dict[str, Any]:
    """What has to be known to do the change later; `was` is the hash that must still stand then."""
    if isinstance(change, Removed):
        return {"was": change.known.hash}
    judged = change.judged
    return {
        "was": change.known.hash if isinstance(change, Changed) else "",
        "hash": change.hash,
        "entry": to_json(judged.entry),
        "owner": judged.owner,
        "publishes": judged.publishes,
        "decided": judged.decided,
        "incomplete": list(judged.incomplete),
        "wakes": isinstance(change, Changed) and change.wakes,
    }


def plan_from(rows: Iterable[Any], known: Mapping[str, Known], last: Mapping[str, CatalogEntry]) -> Plan:
    """The planned changes that still stand: what the source or somebody changed since is left out."""
    plan = Plan()
    for row in rows:
        was, planned = known.get(row.remote_id), row.planned
        if row.kind == "removed" and was and not was.withdrawn and was.hash == planned["was"]:
            plan.removed.append(Removed(row.remote_id, was))
        elif row.kind == "added" and was is None:
            plan.added.append(Added(row.remote_id, planned["hash"], _judged(planned)))
        elif row.kind == "changed" and was and was.hash == planned["was"]:
            judged, old = _judged(planned), last.get(row.remote_id, CatalogEntry())
            fields_ = differences(old, judged.entry)
            plan.changed.append(
                Changed(row.remote_id, planned["hash"], judged, was, old, fields_, wakes=planned["wakes"])
            )
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
    return {Added: "added", Changed: "changed", Removed: "removed"}[type(change)]


def fields_of(change: Added | Changed | Removed) -> list[dict[str, Any]]:
    """Field by field, old and new, as JSON."""
    return [_field(each) for each in change.fields] if isinstance(change, Changed) else []


def _field(change: FieldChange) -> dict[str, Any]:
    return {"field": change.field, "old": _plain(change.old), "new": _plain(change.new)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value


def undo(run: int, context: dict[str, Any]) -> Undone:
    """Bring back what was before the run. The caller holds the source's lock, commits and indexes `packages`."""
    found = run_of(run)
    if found.plan == "undone":
        raise NotUndoable(run=run, why="它已经撤回过了。")
    if model.Session.execute(LATER, {"source": found.source, "run": run}).scalar():
        raise NotUndoable(run=run, why="该来源之后又有归集任务改动了数据集，请先撤回较新的任务。")
    result = Undone(run, found.source)
    changes = list(model.Session.execute(CHANGES, {"run": run}))
    _take_down([each.package_id for each in changes if each.kind == "added"], context, result)
    _bring_back([each for each in changes if each.kind != "added"], context, result)
    model.Session.execute(UNDONE, {"run": run})
    model.Session.execute(CHANGE_UNDONE, {"run": run, "ids": [each.package_id for each in changes]})
    return result


def run_of(run: int) -> Any:
    """The run's row. Raises RunNotFound."""
    found = model.Session.execute(RUN, {"run": run}).one_or_none()
    if found is None:
        raise RunNotFound(run=run)
    return found


def _take_down(ids: Sequence[str], context: dict[str, Any], result: Undone) -> None:
    """What the run added is withdrawn, never purged. Its records stay known, so that the next run leaves it down."""
    taken = bulk.withdraw_all(ids, context) if ids else {}
    result.withdrawn = len(taken)
    result.packages.extend(taken)


def _bring_back(changes: Sequence[Any], context: dict[str, Any], result: Undone) -> None:
    now = snapshots([each.package_id for each in changes])
    packages = bulk.packages_of([each.package_id for each in changes])
    for each in changes:
        if each.package_id not in now or each.before is None:
            continue
        merged, kept = merge(each.before, each.after or {}, now[each.package_id])
        _write(packages[each.package_id], merged)
        if kept:
            title = now[each.package_id]["title"]
            result.skipped.append({"package_id": each.package_id, "title": title, "fields": kept})
        result.restored += 1
        result.packages.append(each.package_id)
    model.Session.flush()
    bulk.replace_tags({each.package_id: tuple(merged_tags) for each, merged_tags in _tags(changes, now)})
    bulk.tell_of_updates(packages, {key: package.extras or {} for key, package in packages.items()}, context)


def _tags(changes: Sequence[Any], now: Mapping[str, Any]) -> Iterable[tuple[Any, list[str]]]:
    for each in changes:
        if each.package_id in now and each.before is not None:
            merged, _ = merge(each.before, each.after or {}, now[each.package_id])
            yield each, merged["tags"]


def merge(
    before: Mapping[str, Any], after: Mapping[str, Any], now: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """PURE: the snapshot to restore, and the names of fields that stay because somebody changed them since."""
    merged: dict[str, Any] = {}
    kept: list[str] = []
    for name in (*COLUMNS, "tags", "resources"):
        if now.get(name) == after.get(name):
            merged[name] = before.get(name)
        else:
            merged[name] = now.get(name)
            kept.append(name)
    merged["extras"] = {}
    old, done, present = (each.get("extras") or {} for each in (before, after, now))
    for name in sorted(old.keys() | done.keys() | present.keys()):
        stands = present.get(name) == done.get(name)
        value = old.get(name) if stands else present.get(name)
        if not stands:
            kept.append(name)
        if value is not None:
            merged["extras"][name] = value
    merged["record"] = before.get("record")
    return merged, kept


def _write(package: Any, merged: Mapping[str, Any]) -> None:
    """Texts, fields, resources and the record; tags follow for all datasets together."""
    extras = merged["extras"]
    package.extras = extras
    for column in COLUMNS:
        setattr(package, column, merged[column])
    package.private = is_private(extras.get("catalog_status", ""), extras.get("open_type", ""))
    package.metadata_modified = bulk.now()
    _write_resources(package.id, merged["resources"] or [])
    record = merged["record"]
    if record:
        wanted = {name: record[name] for name in ("status_before", "entry", "resources")}
        model.Session.execute(RESTORE_RECORD, wanted | {"package_id": package.id})


def _write_resources(package_id: str, resources: Sequence[Mapping[str, Any]]) -> None:
    table = model.resource_table
    gone = sa.update(table).where(
        table.c["package_id"] == package_id, table.c["id"].notin_([r["id"] for r in resources])
    )
    model.Session.execute(gone.values(state="deleted"))
    for resource in resources:
        values = {name: resource[name] for name in RESOURCE_COLUMNS}
        row = {"id": resource["id"], "package_id": package_id} | values
        statement = insert(table).values(row)
        model.Session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
        _write_behind(package_id, resource)


def _write_behind(package_id: str, resource: Mapping[str, Any]) -> None:
    """The address or the content behind a resource; contents are never overwritten, so the old one is still there."""
    if "address" in resource:
        row = {"resource_id": resource["id"], "package_id": package_id, "url": resource["address"]}
        statement = insert(Vault).values(row)
        model.Session.execute(
            statement.on_conflict_do_update(index_elements=["resource_id"], set_={"url": resource["address"]})
        )
    if "sha256" in resource:
        row = {"resource_id": resource["id"], "sha256": resource["sha256"], "filename": resource["filename"]}
        statement = insert(ResourceFile).values(row)
        changed = {name: row[name] for name in ("sha256", "filename")}
        model.Session.execute(statement.on_conflict_do_update(index_elements=["resource_id"], set_=changed))
