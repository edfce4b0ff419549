"""The columns of a department's workbook, and what an entry writes into each: `layout.yaml` beside this file."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, cast

import yaml
from ckanext.govcn.catalog import codes, levels
from ckanext.govcn.catalog.datatypes import data_type_of
from ckanext.govcn.catalog.entry import CatalogEntry, Item

from harvesters.normalize import headings, readers

ITEMS = "items."
BETWEEN = "；"  # values of one cell: a mark that no label contains
FLAGS = ("是", "否")
STAR = "*"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `field` is the name recognition gives it; `choices` are what its drop-down offers.

    `need` is yes, if (a condition, said in `what`) or no; `width` is characters; `basis` the standard's clause.
    """

    name: str
    field: str
    need: str
    what: str
    example: str
    basis: str
    width: int
    list: str = ""
    several: bool = False

    @property
    def heading(self) -> str:
        """As it stands in the sheet: what must be filled in has a star, which readers of headings ignore."""
        return STAR + self.name if self.need == "yes" else self.name

    @property
    def of_item(self) -> bool:
        return self.field.startswith(ITEMS)

    @property
    def choices(self) -> tuple[str, ...]:
        return _choices(self.list) if self.list else ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The workbook: names of its sheets, its columns in groups, how many rows offer drop-downs, notes for the clerk."""

    title: str
    sheet: str
    lists: str
    about: str
    reporter: str
    key: str
    rows: int
    notes: tuple[str, ...]
    groups: Mapping[str, tuple[Column, ...]]

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(column for group in self.groups.values() for column in group)

    @property
    def fields(self) -> Mapping[str, str]:
        """Heading → field, for a source that states them; 信息项 are read by the headings' own names."""
        return {column.heading: column.field for column in self.columns if not column.of_item}


@functools.cache
def layout() -> Layout:
    """`layout.yaml`."""
    text = resources.files("harvesters.workbook").joinpath("layout.yaml").read_text("utf-8")
    given = cast("dict[str, Any]", yaml.safe_load(text))
    groups = {
        str(group["name"]): tuple(_column(column) for column in group["columns"]) for group in given.pop("groups")
    }
    return Layout(groups=groups, notes=tuple(given.pop("notes")), **given)


def _column(given: Mapping[str, Any]) -> Column:
    return Column(name=given["heading"], **{key: value for key, value in given.items() if key != "heading"})


def is_key(heading: str) -> bool:
    """Is this the heading of the column that tells our own workbook's rows apart?"""
    return headings.plain(heading) == headings.plain(layout().key)


def cells_of(key: str, entry: CatalogEntry) -> list[dict[str, str]]:
    """The rows of one entry: field → text. The entry's own values stand in the first; each row has one 信息项."""
    own = {column.field: _written(column, entry) for column in layout().columns if not column.of_item}
    own["remote_id"] = key
    items = [
        {column.field: _item_text(column, item) for column in layout().columns if column.of_item}
        for item in entry.items
    ]
    return [own | (items[0] if items else {}), *items[1:]]


@functools.cache
def _choices(name: str) -> tuple[str, ...]:
    if name == "flag":
        return FLAGS
    if name == "level":
        return tuple(_level_labels().values())
    if name == "data_type":
        return tuple(codes.table(name).label(code) + code for code in codes.table(name))
    return tuple(_text_of(name, code) for code in codes.table(name))


@functools.cache
def _level_labels() -> Mapping[tuple[str, str], str]:
    """(open type, access mode) → the first label of the reviewed table that means it."""
    labels: dict[tuple[str, str], str] = {}
    for row in codes.rows_of("open_level_label"):
        if row["open_type"]:
            labels.setdefault((row["open_type"], row["access_mode"]), row["label"])
    return labels


@functools.cache
def _text_of(table: str, code: str) -> str:
    """The label of a code where reading it alone gives the code back, else the code."""
    label = codes.table(table).label(code)
    return label if _READS.get(table, codes.table(table).codes_of)(label) == ((code,), ()) else code


def _read_formats(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    _, types, unread = readers.formats(text)
    return tuple(filter(None, types.split(","))), unread


_READS: Mapping[str, Callable[[str], tuple[tuple[str, ...], tuple[str, ...]]]] = {"format_type": _read_formats}


def _joined(table: str, given: Iterable[str]) -> str:
    """Several codes in one cell: labels where they can be told apart, else codes."""
    listed = tuple(given)
    reads = _READS.get(table, codes.table(table).codes_of)
    texts = [_text_of(table, code) for code in listed]
    if len(texts) > 1:
        apart = [reads(f"{text}{BETWEEN}{text}") == ((code,), ()) for text, code in zip(texts, listed, strict=True)]
        texts = [text if is_apart else code for text, code, is_apart in zip(texts, listed, apart, strict=True)]
    return BETWEEN.join(texts)


def _level(entry: CatalogEntry) -> str:
    """What the source wrote where it still says the entry's level, else the level's own label."""
    level = levels.level_of(entry.open_label)
    if not entry.open_type or (level and (level.open_type, level.access_mode) == (entry.open_type, entry.access_mode)):
        return entry.open_label
    return _level_labels().get((entry.open_type, entry.access_mode)) or codes.table("open_type").label(entry.open_type)


_SPECIAL: Mapping[str, Callable[[CatalogEntry], str]] = {
    "remote_id": lambda entry: "",
    "provider": lambda entry: entry.provider.name,
    "provider_unit": lambda entry: entry.provider.unit,
    "provider_uscc": lambda entry: entry.provider.uscc,
    "open_type": _level,
    "record_count": lambda entry: "" if entry.record_count is None else str(entry.record_count),
    "download_url": lambda entry: BETWEEN.join(resource.url for resource in entry.resources),
}


def _written(column: Column, entry: CatalogEntry) -> str:
    if special := _SPECIAL.get(column.field):
        return special(entry)
    value: str | Sequence[str] = getattr(entry, column.field)
    if isinstance(value, str):
        return _text_of(column.list, value) if column.list and value else value
    return _joined(column.list, value) if column.list else BETWEEN.join(value)


def _item_text(column: Column, item: Item) -> str:
    value: str | bool | None = getattr(item, column.field.removeprefix(ITEMS))
    if value is None or isinstance(value, bool):
        return "" if value is None else FLAGS[not value]
    if column.list == "data_type":
        return codes.table("data_type").label(value) + value if data_type_of(value) else value
    return _text_of(column.list, value) if column.list and value else value
