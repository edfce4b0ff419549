"""How field values are stored and read: CKAN's extras are flat strings, the API speaks lists, numbers and flags."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

LIST_FIELDS = frozenset(
    {
        "theme",
        "industry",
        "region_codes",
        "formats",
        "categories",
        "codes",
        "related_codes",
        "incomplete",
        "items",
    }
)


def stored(value: Any) -> str:
    """The value as one flat string; an empty list and False become the empty string (nothing is stored for it)."""
    if isinstance(value, list | tuple):
        return json.dumps(list(value), ensure_ascii=False) if value else ""
    if isinstance(value, bool):
        return "true" if value else ""
    return "" if value is None else str(value)


def read_list(value: Any) -> list[Any]:
    """A stored list; a plain word is a list of one."""
    if isinstance(value, list | tuple):
        return list(value)
    if not value:
        return []
    try:
        found = json.loads(value)
    except ValueError:
        return [value]
    return found if isinstance(found, list) else [value]


def read_extras(extras: Mapping[str, str]) -> dict[str, Any]:
    """The stored extras of a package in the shape the API has."""
    return {
        key: read_list(value) if key in LIST_FIELDS else value == "true" if key == "code_provisional" else value
        for key, value in extras.items()
    }
