"""What a dataset has to give: its resources with a copy on the platform, and the columns that can be granted alone.
ADAPTER.

Columns are granted by the names in the file's header; the entry's 数据项 say which of them people know.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.govcn.access import files
from ckanext.govcn.access.exceptions import FileMissing
from ckanext.govcn.access.model import ResourceFile
from ckanext.govcn.dataset.items import ItemsError, items_from
from ckanext.govcn.grant import columns


@dataclass(frozen=True, slots=True)
class Choice:
    """One 数据项: its `name`, and whether every csv and json file of the dataset has such a column (`there`)."""

    name: str
    there: bool


@dataclass(frozen=True, slots=True)
class Offered:
    """What may be granted of a dataset. `choices`: 数据项; `unknown`: columns of its files that no 数据项 names;
    `whole_only`: resources of another format, of which no columns can be delivered; `undelivered`: those without a copy
    on the platform. Resources by name."""

    choices: list[Choice] = field(default_factory=list[Choice])
    unknown: list[str] = field(default_factory=list[str])
    whole_only: list[str] = field(default_factory=list[str])
    undelivered: list[str] = field(default_factory=list[str])


def offered(package: model.Package) -> Offered:
    """What may be granted, for those who decide: it reads the header of each file."""
    headers, whole_only = list[tuple[str, ...]](), list[str]()
    for resource, filename in _resources(package.id):
        kind = (filename or "").rpartition(".")[2].lower()
        if filename and kind not in columns.KINDS:
            whole_only.append(_name(resource))
        elif filename:
            headers.append(_header(resource.id, kind))
    names = list(dict.fromkeys(_items(package)))
    choices = [Choice(name, bool(headers) and all(name in header for header in headers)) for name in names]
    unknown = dict.fromkeys(name for header in headers for name in header if name not in names)
    return Offered(choices, list(unknown), whole_only, undelivered(package.id))


def undelivered(package_id: str) -> list[str]:
    """Names of the resources that the platform has no copy of: links. What is not open is not given by its address."""
    return [_name(resource) for resource, filename in _resources(package_id) if not filename]


def without_copy(package_id: str) -> list[str]:
    """Ids of those resources."""
    return [resource.id for resource, filename in _resources(package_id) if not filename]


def _resources(package_id: str) -> list[tuple[model.Resource, str | None]]:
    query = (
        sa.select(model.Resource, ResourceFile.filename)
        .outerjoin(ResourceFile, ResourceFile.resource_id == model.Resource.id)
        .where(model.Resource.package_id == package_id, model.Resource.state == "active")
        .order_by(model.Resource.position)
    )
    return [(row[0], row[1]) for row in model.Session.execute(query)]


def _header(resource_id: str, kind: str) -> tuple[str, ...]:
    try:
        found = files.delivered_by(resource_id)
    except FileMissing:
        return ()
    if found is None:
        return ()
    with found[0].path.open("rb") as source:
        return columns.header(source, kind)


def _items(package: model.Package) -> list[str]:
    stored: Any = (package.extras or {}).get("items")
    try:
        return [str(item["name"]) for item in items_from(stored) if item.get("name")]
    except ItemsError:
        return []


def _name(resource: model.Resource) -> str:
    return resource.name or resource.id
