"""Dataset ⇄ entry, PURE: the one place that knows both CKAN's dataset dict and the catalogue entry.

`entry_from_dataset(dataset_from_entry(entry), provider)` is the entry again, but for what a dataset does not hold:
`unread` and `secrecy`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields as columns
from typing import Any

from ckanext.govcn.catalog.entry import CatalogEntry, Item, Provider, Resource

TEXTS = (
    "title", "title_en", "notes", "temporal_start", "temporal_end", "update_cycle", "pub_date", "data_updated", "url",
    "data_source", "source_system", "source_code", "security_level", "contact_name", "contact_phone", "contact_email",
    "format_class", "share_type", "share_condition", "share_scope", "share_use", "share_basis", "share_method_class",
    "share_method", "open_type", "open_label", "access_mode", "open_condition", "open_method", "open_requirements",
    "open_safeguards", "open_basis", "upper_consent",
)  # fmt: skip
LISTS = ("theme", "industry", "region_codes", "related_codes", "categories", "codes", "formats")
_RESOURCE_TEXTS = ("url", "name", "format", "description", "remote_id", "sha256")


def dataset_from_entry(entry: CatalogEntry, owner_org: str, **platform: Any) -> dict[str, Any]:
    """The dataset dict of an entry. `owner_org` is the provider's organization (id or name).

    `platform` are platform fields of an internal write: catalog_status, incomplete, source_name, source_remote_id,
    release_kind. `id`, `name` and `private` are never set here.
    """
    dataset: dict[str, Any] = {name: getattr(entry, name) for name in TEXTS}
    dataset |= {name: list(getattr(entry, name)) for name in LISTS}
    dataset |= {
        "type": "dataset",
        "tags": [{"name": tag} for tag in entry.tags],
        "record_count": entry.record_count,
        "code_provisional": entry.code_provisional,
        "owner_org": owner_org,
        "provider_unit": entry.provider.unit,
        "items": rows_of(entry.items),
        "resources": [_filled(resource) for resource in entry.resources],
    }
    return dataset | platform


def entry_from_dataset(dataset: Mapping[str, Any], provider: Provider | None = None) -> CatalogEntry:
    """The entry of a dataset dict as the API shows it. `provider` names the owner; the dataset holds only its id."""
    known = provider or Provider()
    lists: dict[str, Any] = {name: tuple(dataset.get(name) or ()) for name in LISTS}
    texts: dict[str, Any] = {name: dataset.get(name) or "" for name in TEXTS}
    return CatalogEntry(
        **texts,
        **lists,
        tags=tuple(tag["name"] for tag in dataset.get("tags") or ()),
        record_count=_whole(dataset.get("record_count")),
        code_provisional=bool(dataset.get("code_provisional")),
        provider=Provider(known.name, known.region_code, known.uscc, dataset.get("provider_unit") or ""),
        items=_rows(Item, dataset.get("items") or ()),
        resources=tuple(_resource(resource) for resource in dataset.get("resources") or ()),
    )


def rows_of(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Items as the dataset holds them."""
    return [_filled(item) for item in items]


def _filled(row: Item | Resource) -> dict[str, Any]:
    """The columns of a row that hold something."""
    cells = {column.name: getattr(row, column.name) for column in columns(row)}
    return {name: value for name, value in cells.items() if value not in ("", None) or name in ("url",)}


def _rows(kind: type[Item], rows: Sequence[Mapping[str, Any]]) -> tuple[Item, ...]:
    names = {column.name for column in columns(kind)}
    return tuple(kind(**{"name": "", **{k: v for k, v in row.items() if k in names}}) for row in rows)


def _resource(resource: Mapping[str, Any]) -> Resource:
    texts: dict[str, Any] = {name: resource.get(name) or "" for name in _RESOURCE_TEXTS}
    return Resource(**texts, size=_whole(resource.get("size")))


def _whole(value: Any) -> int | None:
    return int(value) if str(value).isdigit() else None
