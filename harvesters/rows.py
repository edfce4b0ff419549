"""A dataset dict as the rows that CKAN's validators and savers would leave in the database. PURE.

What the validators would refuse, or might change in a way this does not know, is not turned into rows: `rows_of`
gives None and the dataset goes through CKAN's logic layer, which words the refusal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ckanext.govcn.catalog import codes
from ckanext.govcn.dataset import fields, items, tags
from ckanext.govcn.editorial.states import is_private

CORE = frozenset({"id", "name", "title", "notes", "url", "type", "owner_org", "tags", "resources", "private"})
DATES = ("pub_date", "data_updated", "temporal_start", "temporal_end")
MAX_TITLE = 128
MAX_TEXT = 5000
MAX_LIST = 200
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LINK = re.compile(r"https?://[^\s\"'<>]{3,2000}\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rows:
    """The parts of one dataset: columns of `package`, its extras, tag names, and resource dicts as they were given."""

    package: dict[str, Any]
    extras: dict[str, str]
    tags: tuple[str, ...]
    resources: tuple[dict[str, Any], ...]


def is_link(url: str) -> bool:
    """Is this an address that the schema takes? Relative paths and words that some portals write there are none."""
    return bool(_LINK.match(url.strip()))


def rows_of(dataset: Mapping[str, Any]) -> Rows | None:
    """The rows of a dataset dict (the shape of `convert.dataset_from_entry`), or None: let CKAN do it."""
    title = " ".join(str(dataset.get("title") or "").split())
    names = tags.unique(part for tag in dataset.get("tags", ()) for part in tags.split_tags(tag["name"]))
    extras = _extras(dataset)
    url = str(dataset.get("url") or "").strip()
    sound = (
        title
        and len(title) <= MAX_TITLE
        and extras is not None
        and (not url or _LINK.match(url))
        and not any(tags.tag_fault(name) for name in names)
        and all(_sound_resource(resource) for resource in dataset.get("resources", ()))
    )
    if not sound or extras is None:
        return None
    package = {
        "id": dataset["id"],
        "title": title,
        "notes": str(dataset.get("notes") or "").strip() or None,
        "url": url,
        "type": "dataset",
        "state": "active",
        "owner_org": dataset["owner_org"],
        "private": is_private(extras.get("catalog_status", ""), extras.get("open_type", "")),
    }
    return Rows(package, extras, tuple(names), tuple(_resource(each) for each in dataset.get("resources", ())))


def _extras(dataset: Mapping[str, Any]) -> dict[str, str] | None:
    """Every other field, stored flat; None when one of them is for CKAN's validators to judge."""
    found: dict[str, str] = {}
    for name, value in dataset.items():
        if name in CORE:
            continue
        if name == "items":
            stored = _items(value)
        elif name == "formats":
            stored = fields.stored(list(dict.fromkeys(format_of(str(word)) for word in value)))
        elif isinstance(value, list):
            words = [text for word in value if (text := str(word).strip())]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            stored = None if len(words) > MAX_LIST else fields.stored(list(dict.fromkeys(words)))
        else:
            stored = fields.stored(value).strip()
            stored = None if len(stored) > MAX_TEXT or (name in DATES and not _date(stored)) else stored
        if stored is None:
            return None
        if stored:
            found[name] = stored
    return found if len(str(dataset.get("notes") or "")) <= MAX_TEXT else None


def _items(value: Any) -> str | None:
    try:
        return fields.stored(items.items_from(value))
    except items.ItemsError:
        return None


def _date(text: str) -> bool:
    return not text or bool(_DATE.fullmatch(text))


def format_of(text: str) -> str:
    """The table's code where it knows the word, else the word in upper case (as the schema's validator reads it)."""
    return codes.table("format_type").code_of(text.strip()) or text.strip().upper()[:20]


def _sound_resource(resource: Mapping[str, Any]) -> bool:
    """Texts within CKAN's limits; an address inside a name or description is for the vault to take out."""
    texts = [str(resource.get(name) or "") for name in ("name", "description", "remote_id")]
    return all(len(text) <= MAX_TEXT and "://" not in text for text in texts) and bool(resource.get("url"))


def _resource(resource: Mapping[str, Any]) -> dict[str, Any]:
    given = str(resource.get("format") or "")
    return {**resource, "format": format_of(given) if given.strip() else ""}
