"""The vault: real addresses of resources live here, and nowhere else.

`seal` is the one way in. It runs inside the flush of every new or changed resource, so form, API, patch, revise, bulk
and harvest all pass it, and so does code that never heard of it. What it leaves in the resource is the portal's own
route; the dict, Solr, activities and exports are made from that.

A resource is of `url_type` `link` (its address is in the vault) or `file` (its content is in the file store).
"""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import urlsplit

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib.plugins import get_permission_labels
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import attributes

from ckanext.govcn.access import addresses, people, rules
from ckanext.govcn.access.addresses import Route
from ckanext.govcn.access.model import ResourceFile, Vault

LINK, FILE = "link", "file"
DICTS = ("data_dict", "validated_data_dict")  # the whole dataset as JSON, in the index
PLUGIN = "govcn_access"


def own_url(route: Route) -> str:
    """The absolute address of an own route on this site as it is configured now."""
    root = (tk.config.get("ckan.root_path") or "").replace("/{{LANG}}", "").rstrip("/")
    return tk.config["ckan.site_url"].rstrip("/") + root + addresses.path_of(route)


def real_url(resource_id: str) -> str | None:
    """The address in the vault. Whoever calls this has asked `may_get_data` first."""
    return model.Session.scalar(sa.select(Vault.url).where(Vault.resource_id == resource_id))


def real_urls(package_id: str) -> dict[str, str]:
    """Resource id → address in the vault, of one dataset."""
    rows = model.Session.execute(sa.select(Vault.resource_id, Vault.url).where(Vault.package_id == package_id))
    return {row[0]: row[1] for row in rows}


def _address(connection: sa.Connection, resource_id: str) -> str | None:
    return connection.scalar(sa.select(Vault.url).where(Vault.resource_id == resource_id))


def _put(connection: sa.Connection, resource: Any, url: str) -> None:
    if _address(connection, resource.id) == url:
        return
    row = {"resource_id": resource.id, "package_id": resource.package_id, "url": url}
    statement = insert(Vault).values(row)
    changed = {"package_id": statement.excluded.package_id, "url": statement.excluded.url, "changed_at": sa.func.now()}
    connection.execute(statement.on_conflict_do_update(index_elements=["resource_id"], set_=changed))
    connection.execute(sa.delete(ResourceFile).where(ResourceFile.resource_id == resource.id))  # a copy of another


def _copy(connection: sa.Connection, resource: Any, from_id: str) -> None:
    """A resource that was sent without its id gets a new one from CKAN: what is behind it goes along."""
    for table, columns in ((Vault, ["url"]), (ResourceFile, ["sha256", "filename"])):
        keep = ["package_id"] if table is Vault else []
        values = [sa.literal(resource.id), *([sa.literal(resource.package_id)] if keep else [])]
        source = sa.select(*values, *(getattr(table, c) for c in columns)).where(table.resource_id == from_id)
        statement = insert(table).from_select(["resource_id", *keep, *columns], source)
        connection.execute(statement.on_conflict_do_nothing())


def _scrub(resource: Any, url: str) -> None:
    """Take the address out of what is said about the resource."""
    for name in ("name", "description"):
        text = getattr(resource, name, None)
        if text and url in text:
            setattr(resource, name, addresses.without(text, url))


def _scrub_extras(resource: Any) -> None:
    if resource.cache_url:
        resource.cache_url = None
    if resource.hash:
        resource.hash = ""
    extras = resource.extras or {}
    kept = addresses.kept_extras(extras)
    if kept != extras:
        resource.extras = kept


def seal(connection: sa.Connection, resource: Any) -> None:
    """Leave only the portal's own route in the resource; put the address it came with into the vault."""
    if not resource.id:
        resource.id = str(uuid.uuid4())
    url = (resource.url or "").strip()
    _scrub_extras(resource)
    if not url:
        forget(connection, resource.id)
        return
    route = addresses.route_of(url)
    own = route is not None and route.resource_id == resource.id and _is_ours(connection, url, resource.id)
    if route and (own or _belongs(connection, route.resource_id, resource.package_id)):
        if not own:
            _copy(connection, resource, route.resource_id)
        resource.url = own_url(Route(resource.package_id, resource.id, route.filename or "data"))
        if resource.url_type not in (LINK, FILE):
            resource.url_type = LINK if _address(connection, resource.id) else FILE
        return
    if resource.url_type in (FILE, "upload") and "://" not in url:
        connection.execute(sa.delete(Vault).where(Vault.resource_id == resource.id))
        resource.url_type = FILE
        filename = addresses.safe_filename(url)
    else:
        _put(connection, resource, url)
        _scrub(resource, url)
        resource.url_type = LINK
        filename = addresses.link_filename(resource.name or "", resource.format or "")
    resource.url = own_url(Route(resource.package_id, resource.id, filename))


def _is_ours(connection: sa.Connection, url: str, resource_id: str) -> bool:
    """Another portal may use the same ids: its routes are addresses like others, unless something is behind ours."""
    if urlsplit(url).netloc == urlsplit(tk.config["ckan.site_url"]).netloc:
        return True
    content = sa.select(ResourceFile.sha256).where(ResourceFile.resource_id == resource_id)
    return _address(connection, resource_id) is not None or connection.scalar(content) is not None


def _belongs(connection: sa.Connection, resource_id: str, package_id: str) -> bool:
    table = model.resource_table
    found = connection.scalar(sa.select(table.c.package_id).where(table.c.id == resource_id))
    return bool(package_id) and found == package_id


def relabel(connection: sa.Connection, package: model.Package) -> None:
    """Old activities freeze the labels a dataset had then: give them today's, so that closing reaches back."""
    if not p.plugin_loaded("activity"):
        return
    from ckanext.activity.model.activity import Activity  # pyright: ignore[reportMissingImports] - beside CKAN

    labels = get_permission_labels().get_dataset_labels(package)
    frozen = Activity.permission_labels
    connection.execute(
        sa.update(Activity)
        .where(Activity.object_id == package.id, frozen.is_distinct_from(labels))
        .values(permission_labels=labels)
    )


def is_open(package: model.Package) -> bool:
    """Whether everybody gets the data, and so its addresses."""
    return rules.may_get_data(people.ANONYMOUS, people.what_of(package)).allowed


def without_source_page(document: dict[str, Any]) -> dict[str, Any]:
    """CKAN's document of a dataset for the index, without the address of its source page unless the data is open."""
    if not document.get("url"):
        return document
    package = model.Package.get(document.get("id") or "")
    if package is not None and is_open(package):
        return document
    stored = {key: json.dumps({**json.loads(document[key]), "url": None}) for key in DICTS if document.get(key)}
    return {**document, **stored, "url": None}


def scrub_source_page(connection: sa.Connection, package: model.Package) -> None:
    """Old activities hold the dataset as it was: take its source page out when the data is no longer open."""
    if not p.plugin_loaded("activity") or is_open(package):
        return
    from ckanext.activity.model.activity import Activity  # pyright: ignore[reportMissingImports] - beside CKAN

    table = Activity.__table__
    for row in connection.execute(sa.select(table.c.id, table.c.data).where(table.c.object_id == package.id)).all():
        dataset = (row.data or {}).get("package")
        if isinstance(dataset, dict) and dataset.get("url"):
            data = {**row.data, "package": {**dataset, "url": None}}
            connection.execute(sa.update(table).where(table.c.id == row.id).values(data=data))


def forget(connection: sa.Connection, resource_id: str) -> None:
    """A resource that is removed for good takes its address and its hold on a content along."""
    for table in (Vault, ResourceFile):
        connection.execute(sa.delete(table).where(table.resource_id == resource_id))


def _seal(_mapper: Any, connection: sa.Connection, resource: Any) -> None:
    if p.plugin_loaded(PLUGIN):
        seal(connection, resource)


def _relabel(_mapper: Any, connection: sa.Connection, package: model.Package) -> None:
    if p.plugin_loaded(PLUGIN):
        relabel(connection, package)
        if attributes.get_history(package, "extras").has_changes():
            scrub_source_page(connection, package)


def _forget(_mapper: Any, connection: sa.Connection, resource: Any) -> None:
    if p.plugin_loaded(PLUGIN):
        forget(connection, resource.id)


def install() -> None:
    """Listen to every flush. Safe to call again: CKAN loads and unloads plugins in tests."""
    for target, name, listener in (
        (model.Resource, "before_insert", _seal),
        (model.Resource, "before_update", _seal),
        (model.Resource, "after_delete", _forget),
        (model.Package, "after_update", _relabel),
    ):
        if not event.contains(target, name, listener):
            event.listen(target, name, listener)
