"""Datasets of a source as the entries they are now, persons' edits included: five queries for a whole batch.

The address of a resource is told only where it still is the one that the source gave; where a person has put another
address or a file of their own in its place, the entry has the portal's own route, which says so and reveals nothing of
theirs. Such a resource is known by the source's id, or else by the address that the source gave.
"""

# pyright: basic
from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.govcn.access.model import ResourceFile, Vault
from ckanext.govcn.catalog.entry import CatalogEntry, Provider, Resource
from ckanext.govcn.dataset import convert, fields

from harvesters import statements as sql
from harvesters.entry_json import from_json


def entries(source: str, remote_ids: Collection[str]) -> Mapping[str, CatalogEntry]:
    """By remote id: what the dataset of each record holds now."""
    rows = list(model.Session.execute(sql.PRESENT_ENTRIES, {"source": source, "ids": list(remote_ids)}))
    packages = [row.package_id for row in rows]
    tags: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in model.Session.execute(sql.HUNG_TAGS, {"ids": packages}):
        tags[row.package_id].append({"name": row.name})
    resources = _resources(packages)
    return {row.remote_id: _entry(row, tags[row.package_id], resources.get(row.package_id, [])) for row in rows}


def _entry(row: Any, tags: list[dict[str, str]], resources: list[Any]) -> CatalogEntry:
    shown = fields.read_extras(row.extras or {}) | {"title": row.title, "notes": row.notes, "url": row.url}
    last = from_json(row.entry)
    provider = Provider(last.provider.name, last.provider.region_code, last.provider.uscc)
    entry = convert.entry_from_dataset(shown | {"tags": tags}, provider)
    given = {each["id"]: each for each in row.resources}
    here = [_resource(each, given[each.id]) for each in resources if each.id in given]
    came = {each["remote_id"] or each["url"] for each in row.resources}
    for place, each in enumerate(last.resources):
        if (each.remote_id or each.url) not in came:  # could not be fetched: nobody has removed it
            here.insert(place, each)
    return replace(entry, resources=tuple(here))


def _resource(row: Any, given: Mapping[str, str]) -> Resource:
    """One harvested resource. A name that was only put where the source gave none is no name."""
    file = row.url_type == "file"
    known = given.get("sha256")
    untouched = (known is None or row.sha256 == known) if file else row.address == given["url"].strip()
    default = row.filename if file else (row.format or "").upper() or "链接"
    guessed = PurePosixPath(row.filename or "").suffix.removeprefix(".") if file else ""
    return Resource(
        given["url"] if untouched else row.url,
        name="" if row.name == default else row.name or "",
        format="" if guessed and (row.format or "").lower() == guessed.lower() else row.format or "",
        description=row.description or "",
        remote_id=given["remote_id"] or ("" if untouched else given["url"].strip()),
        size=row.size,
    )


def _resources(package_ids: Collection[str]) -> Mapping[str, list[Any]]:
    table = model.resource_table
    query = (
        sa.select(
            *(
                table.c[name]
                for name in ("id", "package_id", "url", "url_type", "name", "format", "description", "size")
            ),
            Vault.url.label("address"),
            ResourceFile.sha256,
            ResourceFile.filename,
        )
        .outerjoin(Vault, Vault.resource_id == table.c["id"])
        .outerjoin(ResourceFile, ResourceFile.resource_id == table.c["id"])
        .where(table.c["package_id"].in_(list(package_ids)), table.c["state"] == "active")
        .order_by(table.c["package_id"], table.c["position"])
    )
    found: dict[str, list[Any]] = defaultdict(list)
    for row in model.Session.execute(query):
        found[row.package_id].append(row)
    return found
