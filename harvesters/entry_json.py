"""A catalogue entry as a JSON object and back: what the portal keeps as "last harvested", and what previews print.

Empty fields are left out, so that a new field of the entry needs no migration of what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, cast

from ckanext.govcn.catalog.entry import CatalogEntry, Item, Provider, Resource


def to_json(entry: CatalogEntry) -> dict[str, Any]:
    """The entry's filled-in fields; nested items, resources and provider are objects, tuples are lists."""
    return _filled(entry)


def from_json(values: Mapping[str, Any]) -> CatalogEntry:
    """The entry that `to_json` was given. Unknown keys (of an older or newer edition) are left aside."""
    known = {each.name for each in fields(CatalogEntry)}
    given: dict[str, Any] = {key: _frozen(value) for key, value in values.items() if key in known}
    if "provider" in values:
        given["provider"] = _made(Provider, values["provider"])
    given["items"] = tuple(_made(Item, each) for each in values.get("items", ()))
    given["resources"] = tuple(_made(Resource, each) for each in values.get("resources", ()))
    given["unread"] = dict(values.get("unread", {}))
    return CatalogEntry(**given)


def _filled(thing: Any) -> dict[str, Any]:
    return {
        each.name: _plain(getattr(thing, each.name))
        for each in fields(thing)
        if getattr(thing, each.name) != _default(each)
    }


def _default(of: Field[Any]) -> Any:
    if of.default is not MISSING:
        return of.default
    return of.default_factory() if of.default_factory is not MISSING else MISSING


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return _filled(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in cast(tuple[Any, ...], value)]
    return dict(cast(Mapping[str, Any], value)) if isinstance(value, Mapping) else value


def _frozen(value: Any) -> Any:
    return tuple(cast(list[Any], value)) if isinstance(value, list) else value


def _made(kind: type[Any], values: Mapping[str, Any]) -> Any:
    known = {each.name for each in fields(kind)}
    return kind(**{key: value for key, value in values.items() if key in known})
