"""Many datasets in one transaction: the rows that CKAN would write, a few statements for a whole batch.

CKAN's own way costs some forty statements and three validations a dataset. The rows are the same, which a test holds
for every dataset of the demo; every plugin's `after_dataset_create` is called as well. One difference is named: there
is no activity per dataset, the run is the activity.
"""

# pyright: basic
from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ckan.plugins as p
import sqlalchemy as sa
from ckan import model
from ckanext.govcn.access import addresses, vault
from ckanext.govcn.access.model import ResourceFile, Vault
from ckanext.govcn.catalog import identifiers
from ckanext.govcn.dataset import batch, convert, fields
from ckanext.govcn.dataset import model as register
from ckanext.govcn.dataset.assignment import Assignment
from ckanext.govcn.editorial import model as records
from ckanext.govcn.editorial.states import zone_refuses
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from harvesters import statements as sql
from harvesters.files import Hung
from harvesters.rows import Rows

RESOURCE_COLUMNS = ("description", "name")
TAGS_LOCK = 7_411_203


@dataclass(frozen=True, slots=True)
class New:
    """One dataset to insert: its rows, its categories, and what hangs on it."""

    rows: Rows
    categories: tuple[str, ...]
    hung: Hung
    release: Any = None

    @property
    def id(self) -> str:
        return self.rows.package["id"]


def allowed(new: Rows, zone_now: str) -> bool:
    """May this instance's zone hold the dataset? What it may not goes through CKAN, which says why."""
    extras = new.extras
    status, opening = extras.get("catalog_status", ""), extras.get("open_type", "")
    return not zone_refuses(zone_now, status, opening, released=bool(extras.get("release_kind")))


def insert_all(new: Sequence[New], context: dict[str, Any]) -> None:
    """Write the datasets in the caller's transaction. Raises sqlalchemy's errors; then nothing of the batch is kept."""
    session = model.Session
    moment = now()
    coded = _coded(new)
    creator = _user_id(context)
    session.execute(
        sa.insert(model.package_table),
        [
            {**rows.package, "extras": rows.extras, "creator_user_id": creator}
            | {"metadata_created": moment, "metadata_modified": moment}
            for rows in coded
        ],
    )
    _insert_resources(new, moment)
    _insert_tags({rows.package["id"]: rows.tags for rows in coded})
    session.execute(
        sa.insert(model.member_table),
        [
            {
                "id": str(uuid.uuid4()),
                "group_id": rows.package["owner_org"],
                "table_id": rows.package["id"],
                "table_name": "package",
                "capacity": "organization",
                "state": "active",
            }
            for rows in coded
        ],
    )
    records.set_releases(session, {each.id: each.release for each in new if each.release})
    _ask_plugins(coded, new, context)


@dataclass(frozen=True, slots=True)
class Update:
    """One dataset to bring up to date: its new rows (resources as they are), and its release if it has a new one."""

    rows: Rows
    release: Any = None

    @property
    def id(self) -> str:
        return self.rows.package["id"]


KEPT = frozenset({"codes", "code_provisional"})
"""Extras that the platform gave once: an update leaves them as they are."""
OWN = frozenset(
    {*convert.TEXTS, *convert.LISTS, "record_count", "provider_unit", "items", "incomplete", "catalog_status"}
    | {"code_provisional", "source_name", "source_remote_id", "release_kind"}
)
"""Extras that a harvest writes; others are another plugin's or a person's."""


def update_all(updates: Sequence[Update], context: dict[str, Any]) -> None:
    """Write title, texts, fields and tags of existing datasets in the caller's transaction.

    Through CKAN's objects, so that what listens to changed packages (old activities get today's labels) is told.
    """
    packages = packages_of([each.id for each in updates])
    for each in updates:
        package = packages[each.id]
        package.extras = _updated(package.extras or {}, each.rows.extras)
        for column in ("title", "notes", "url", "private"):
            setattr(package, column, each.rows.package[column])
        package.metadata_modified = now()
    model.Session.flush()
    replace_tags({each.id: each.rows.tags for each in updates})
    records.set_releases(model.Session, {each.id: each.release for each in updates if each.release})
    tell_of_updates(packages, {each.id: each.rows.extras for each in updates}, context)


def _updated(extras: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The extras after an update. What persons have released stays released while it stays published."""
    stays = {key: value for key, value in extras.items() if key in KEPT or key not in OWN}
    if new.get("catalog_status") == "published" and "release_kind" in extras:
        stays["release_kind"] = new.get("release_kind") or extras["release_kind"]
    return {**new, **stays}


def withdraw_all(package_ids: Sequence[str], context: dict[str, Any]) -> dict[str, str]:
    """已下架: nothing of the datasets changes but their state. Returns the state each had, active datasets only."""
    packages = {key: each for key, each in packages_of(package_ids).items() if each.state == "active"}
    before = {key: (each.extras or {}).get("catalog_status", "") for key, each in packages.items()}
    for package in packages.values():
        package.extras = {**(package.extras or {}), "catalog_status": "withdrawn"}
        package.private = True
        package.metadata_modified = now()
    model.Session.flush()
    tell_of_updates(packages, {key: each.extras for key, each in packages.items()}, context)
    return before


def packages_of(ids: Sequence[str]) -> dict[str, Any]:
    return {each.id: each for each in model.Session.query(model.Package).filter(model.Package.id.in_(ids))}


def replace_tags(wanted: Mapping[str, tuple[str, ...]]) -> None:
    """Hang the tags of the datasets anew where they differ."""
    present: dict[str, set[str]] = {}
    for row in model.Session.execute(sql.HUNG_TAGS, {"ids": list(wanted)}):
        present.setdefault(row.package_id, set()).add(row.name)
    different = {key: names for key, names in wanted.items() if set(names) != present.get(key, set())}
    if different:
        model.Session.execute(sql.UNHANG_TAGS, {"ids": list(different)})
        _insert_tags(different)


def now() -> datetime:
    """The time as CKAN keeps it: UTC without saying so."""
    return datetime.now(UTC).replace(tzinfo=None)


def tell_of_updates(packages: dict[str, Any], extras: dict[str, dict[str, Any]], context: dict[str, Any]) -> None:
    """The hooks of `package_update`."""
    plugins = list(p.PluginImplementations(p.IPackageController))
    for key, package in packages.items():
        listed = [{"key": name, "value": value} for name, value in extras[key].items()]
        data = {"id": key, "name": package.name, "title": package.title, "extras": listed}
        hooked: Any = {**context, "package": package, "govcn_codes_bound": True}
        for plugin in plugins:
            plugin.edit(package)
            plugin.after_dataset_update(hooked, data)


def _coded(new: Sequence[New]) -> list[Rows]:
    """The rows with 信息资源代码 and URL name; the codes are bound to their datasets."""
    session = model.Session
    coded: list[Rows] = []
    bound: list[tuple[str, str]] = []
    for each, codes in zip(new, _codes_of(new), strict=True):
        given = {"codes": list(codes.codes), "code_provisional": codes.provisional}
        extras = each.rows.extras | {key: text for key, value in given.items() if (text := fields.stored(value))}
        package = each.rows.package | {"name": identifiers.dataset_name(codes.codes[0])}
        coded.append(Rows(package, extras, each.rows.tags, each.rows.resources))
        bound.extend((code, each.id) for code in codes.codes)
    claimed: Any = session.execute(
        sql.CLAIM, {"codes": [code for code, _ in bound], "packages": [package for _, package in bound]}
    )
    if claimed.rowcount != len(bound):
        raise IntegrityError("信息资源代码已被使用", {}, Exception())
    return coded


def _codes_of(new: Sequence[New]) -> list[Assignment]:
    """The codes of each dataset: those that came along with it (from the internal instance), else new ones."""
    stated = [tuple(fields.read_list(each.rows.extras.get("codes"))) for each in new]
    register.admit(model.Session, [code for codes in stated for code in codes])
    without = [each for each, codes in zip(new, stated, strict=True) if not codes]
    wanted = [(each.categories, each.rows.package["owner_org"], ()) for each in without]
    assigned = iter(batch.assign_codes(model.Session, wanted))
    return [
        Assignment(codes, provisional="code_provisional" in each.rows.extras) if codes else next(assigned)
        for each, codes in zip(new, stated, strict=True)
    ]


def _insert_resources(new: Sequence[New], moment: datetime) -> None:
    resources: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    contents: list[dict[str, Any]] = []
    for each in new:
        for position, (given, kept) in enumerate(zip(each.rows.resources, each.hung.contents, strict=True)):
            if kept:
                filename = addresses.safe_filename(given["url"])
                contents.append({"resource_id": given["id"], "sha256": kept.sha256, "filename": filename})
            else:
                filename = addresses.link_filename(given.get("name") or "", given["format"])
                links.append({"resource_id": given["id"], "package_id": each.id, "url": given["url"]})
            route = addresses.Route(each.id, given["id"], filename)
            row = _resource(given, vault.own_url(route), each.id, position)
            resources.append(row | {"created": moment, "metadata_modified": moment})
    for table, rows in ((model.resource_table, resources), (Vault, links), (ResourceFile, contents)):
        if rows:
            statement = sa.insert(table) if table is model.resource_table else insert(table).on_conflict_do_nothing()
            model.Session.execute(statement, rows)


def _resource(given: dict[str, Any], url: str, package_id: str, position: int) -> dict[str, Any]:
    extras = addresses.kept_extras({"remote_id": given["remote_id"]} if given.get("remote_id") else {})
    address = given["url"] if "://" in given["url"] else ""  # of an own file it is the name, which may be said
    said = {name: addresses.without(str(given.get(name) or ""), address) for name in RESOURCE_COLUMNS}
    texts = {name: text.strip() or None for name, text in said.items()}
    return {
        "id": given["id"],
        "package_id": package_id,
        "url": url,
        "url_type": given["url_type"],
        "format": given["format"],
        "hash": "",
        "position": position,
        "size": given.get("size"),
        "state": "active",
        "extras": extras,
        **texts,
    }


def _insert_tags(wanted: Mapping[str, tuple[str, ...]]) -> None:
    names = sorted({name for tags in wanted.values() for name in tags})
    if not names:
        return
    known = _tag_ids(names)
    if missing := [name for name in names if name not in known]:
        # CKAN has no unique key for tags without a vocabulary: one writer at a time makes new ones
        model.Session.execute(sql.LOCK_TAGS, {"key": TAGS_LOCK})
        known |= _tag_ids(missing)
        made = [{"id": str(uuid.uuid4()), "name": name} for name in missing if name not in known]
        if made:
            model.Session.execute(sa.insert(model.tag_table), made)
        known |= {row["name"]: row["id"] for row in made}
    model.Session.execute(
        sa.insert(model.package_tag_table),
        [
            {"id": str(uuid.uuid4()), "package_id": package_id, "tag_id": known[name], "state": "active"}
            for package_id, tags in wanted.items()
            for name in tags
        ],
    )


def _tag_ids(names: Sequence[str]) -> dict[str, str]:
    return {row.name: row.id for row in model.Session.execute(sql.TAGS, {"names": list(names)})}


def _user_id(context: dict[str, Any]) -> str | None:
    user = model.User.get(context["user"])
    return user.id if user else None


def _ask_plugins(coded: Sequence[Rows], new: Sequence[New], context: dict[str, Any]) -> None:
    """The hooks of `package_create`, with the data it would hand them."""
    plugins = list(p.PluginImplementations(p.IPackageController))
    ids = [rows.package["id"] for rows in coded]
    packages = packages_of(ids)
    for rows, each in zip(coded, new, strict=True):
        data = rows.package | {
            "extras": [{"key": key, "value": value} for key, value in rows.extras.items()],
            "tags": [{"name": name} for name in rows.tags],
            "resources": [dict(resource) for resource in rows.resources],
        }
        hooked: Any = {**context, "package": packages[each.id], "govcn_codes_bound": True}
        for plugin in plugins:
            plugin.create(packages[each.id])
            plugin.after_dataset_create(hooked, data)
