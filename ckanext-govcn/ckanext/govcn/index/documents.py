"""Datasets out of the database as CKAN shows them, many at a time: what the search index is made of.

CKAN reads and validates one dataset for one document: some seven queries and two validations, 8–11 ms. Here a batch
costs seven queries, and what the validators of showing would do is done directly. A test compares both, field by
field, for every dataset that the demo has.
"""

# pyright: basic
from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import ckan.plugins as p
from ckan import model
from ckan.lib import helpers
from ckan.lib.dictization import model_dictize, table_dictize
from sqlalchemy import select

from ckanext.govcn.dataset import fields
from ckanext.scheming.helpers import (  # pyright: ignore[reportMissingImports]
    scheming_get_dataset_schema,
)

Shown = tuple[dict[str, Any], dict[str, Any]]
"""A dataset with CKAN's default schema and with the platform's own."""


def shown(package_ids: Sequence[str]) -> tuple[list[Shown], list[Any]]:
    """The datasets in both shapes, and the packages themselves: hold them, and CKAN's own look-ups are answered.

    Read anew, whatever the session has seen before.
    """
    query = model.Session.query(model.Package).filter(model.Package.id.in_(package_ids))
    packages = list(query.populate_existing())
    parts = _Parts(packages)
    return [_shown(package, parts) for package in packages], packages


class _Parts:
    """What belongs to a batch of packages, each kind in one query."""

    def __init__(self, packages: Sequence[Any]) -> None:
        ids = [package.id for package in packages]
        self.resources = _by_package(select(model.resource_table), model.resource_table.c["package_id"], ids)
        self.tags = self._tags(ids)
        self.groups = self._groups(ids)
        self.organizations = self._organizations({package.owner_org for package in packages if package.owner_org})
        relationship = model.package_relationship_table
        query = select(relationship)
        self.as_subject = _by_package(query, relationship.c["subject_package_id"], ids)
        self.as_object = _by_package(query, relationship.c["object_package_id"], ids)

    @staticmethod
    def _tags(ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        tag, hung = model.tag_table, model.package_tag_table
        query = select(tag, hung.c["state"], hung.c["package_id"]).join(hung, tag.c["id"] == hung.c["tag_id"])
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in model.Session.execute(query.where(hung.c["package_id"].in_(ids), hung.c["state"] == "active")):
            described = {"id": row.id, "name": row.name, "vocabulary_id": row.vocabulary_id, "state": row.state}
            found[row.package_id].append(described | {"display_name": row.name})
        return {package_id: sorted(tags, key=lambda tag: tag["name"]) for package_id, tags in found.items()}

    @staticmethod
    def _groups(ids: Sequence[str]) -> dict[str, list[Any]]:
        member = model.member_table
        query = (
            select(model.Group, member.c["table_id"])
            .join(member, model.Group.id == member.c["group_id"])
            .where(member.c["table_id"].in_(ids), member.c["state"] == "active", model.Group.is_organization.is_(False))
        )
        found: dict[str, list[Any]] = defaultdict(list)
        for group, package_id in model.Session.execute(query, execution_options={"populate_existing": True}):
            found[package_id].append(group)
        return found

    @staticmethod
    def _organizations(ids: set[str]) -> dict[str, dict[str, Any]]:
        query = select(model.group_table).where(model.group_table.c["id"].in_(ids))
        rows = model.Session.execute(query.where(model.group_table.c["state"] == "active"))
        found = {row.id: table_dictize(row, {}) for row in rows}
        return {key: {name: value for name, value in found[key].items() if name != "extras"} for key in found}


def _by_package(query: Any, column: Any, ids: Sequence[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in model.Session.execute(query.where(column.in_(ids))):
        found[getattr(row, column.name)].append(row)
    return found


def _shown(package: Any, parts: _Parts) -> Shown:
    common = table_dictize(package, {})
    extras = common.pop("extras") or {}
    common.pop("plugin_data", None)
    resources = sorted(
        (_resource(row) for row in parts.resources.get(package.id, ()) if row.state == "active"),
        key=lambda resource: resource["position"],
    )
    tags = parts.tags.get(package.id, [])
    common |= {
        "title": (common["title"] or "").strip(),
        "num_resources": len(resources),
        "num_tags": len(tags),
        "organization": parts.organizations.get(package.owner_org),
        "isopen": package.isopen(),
        "type": package.type or "dataset",
        "license_title": package.license_id,
        "groups": model_dictize.group_list_dictize(parts.groups.get(package.id, []), {}, with_package_counts=False),
        "relationships_as_subject": [table_dictize(row, {}) for row in parts.as_subject.get(package.id, ())],
        "relationships_as_object": [table_dictize(row, {}) for row in parts.as_object.get(package.id, ())],
    }
    if package.license:
        common |= {"license_url": package.license.url} if package.license.url else {}
        common["license_title"] = package.license.title.split("::")[-1]
    _ask_plugins(package, resources)
    default = common | {
        "resources": [each | {"format": helpers.unified_resource_format(each["format"])} for each in resources],
        "tags": [dict(tag) for tag in tags],
        "extras": [{"key": key, "value": value} for key, value in extras.items()],
    }
    own_resources = [_without_empty_fields(each) for each in resources]
    custom = common | {"resources": own_resources, "tags": tags} | _own_fields(extras)
    for plugin in p.PluginImplementations(p.IPackageController):
        plugin.after_dataset_show({"ignore_auth": True, "user": ""}, custom)
    return default, custom


def _resource(row: Any) -> dict[str, Any]:
    resource = table_dictize(row, {})
    extras = resource.pop("extras", None)
    return resource | (extras or {})


def _without_empty_fields(resource: dict[str, Any]) -> dict[str, Any]:
    """The schema's validators leave its own fields out where they hold nothing."""
    schema = scheming_get_dataset_schema("dataset") or {"resource_fields": []}
    own = {field["field_name"] for field in schema["resource_fields"]}
    return {key: value for key, value in resource.items() if value is not None or key not in own}


def _ask_plugins(package: Any, resources: list[dict[str, Any]]) -> None:
    """The hooks of showing a dataset, in CKAN's order."""
    for plugin in p.PluginImplementations(p.IPackageController):
        plugin.read(package)
    for plugin in p.PluginImplementations(p.IResourceController):
        for resource in resources:
            plugin.before_resource_show(resource)


def _own_fields(extras: dict[str, Any]) -> dict[str, Any]:
    """The schema's fields in the API's shape; what the schema does not know stays an extra."""
    schema = scheming_get_dataset_schema("dataset") or {"dataset_fields": []}
    known = {field["field_name"] for field in schema["dataset_fields"]}
    own = fields.read_extras({key: value for key, value in extras.items() if key in known})
    if str(own.get("record_count", "")).isdigit():
        own["record_count"] = int(own["record_count"])
    foreign = [{"key": key, "value": value} for key, value in extras.items() if key not in known]
    return own | ({"extras": foreign} if foreign else {})
