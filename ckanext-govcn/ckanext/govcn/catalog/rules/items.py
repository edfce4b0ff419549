"""信息项: E10 to W13, W28."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ckanext.govcn.catalog import codes
from ckanext.govcn.catalog.codes import is_blank
from ckanext.govcn.catalog.datatypes import fixed_lengths
from ckanext.govcn.catalog.entry import CatalogEntry, Item
from ckanext.govcn.catalog.registry import Context, Finding, Outcome, rule
from ckanext.govcn.catalog.text import normalize

_LENGTH = re.compile(r"[1-9]\d{0,9}", re.ASCII)
_LENGTH_AND_SCALE = re.compile(r"[1-9]\d{0,9},\d{1,3}", re.ASCII)
_WITH_SCALE = frozenset("NYBF")


@rule("E10")
def items(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """Structured kinds (数据库, 电子表格, 服务接口) list their 信息项."""
    structured = [c for c in _classes(entry) if codes.table("format_class").attribute(c, "structured") == "yes"]
    if structured and not entry.items:
        yield Finding("missing", "items", "", {"format_class": codes.table("format_class").label(structured[0])})


def _classes(entry: CatalogEntry) -> tuple[str, ...]:
    """格式分类 as given, or else those of which the given 类型 are foremost."""
    if entry.format_class:
        return (entry.format_class,)
    return tuple(codes.table("format_type").attribute(f, "classes").split("|")[0] for f in entry.formats)


@rule("E11")
def item_names(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """Every 信息项 has a name of its own."""
    seen: set[str] = set()
    for index, item in enumerate(entry.items):
        name = normalize(item.name)
        if is_blank(item.name):
            yield Finding("missing", f"items.{index}.name", "", {"position": str(index + 1)})
        elif name in seen:
            yield Finding("repeated", f"items.{index}.name", item.name)
        seen.add(name)


@rule("E12")
def item_types(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """Every 信息项 has a known 数据类型. When none has one it is said once, not three hundred times."""
    known = codes.table("data_type")
    unread = {i: entry.unread.get(f"items.{i}.data_type", "") for i in range(len(entry.items))}
    without = [i for i, item in enumerate(entry.items) if is_blank(item.data_type) and not unread[i]]
    yield from _missing(entry.items, without, "data_type")
    for index, item in enumerate(entry.items):
        given = unread[index] or item.data_type
        if given and (unread[index] or given not in known):
            yield Finding("unknown", f"items.{index}.data_type", given, {"item": item.name})


@rule("W13")
def item_lengths(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """数据长度 is a whole number that the type can have."""
    needing = [i for i, item in enumerate(entry.items) if _needs_length(item)]
    yield from _missing(entry.items, needing, "length")
    for index, item in enumerate(entry.items):
        if is_blank(item.length):
            continue
        field, facts = f"items.{index}.length", {"item": item.name}
        allowed = fixed_lengths(item.data_type)
        if not _length_readable(item):
            yield Finding("shape", field, item.length, facts)
        elif allowed and item.length not in allowed:
            label = codes.table("data_type").label(item.data_type)
            yield Finding("fixed", field, item.length, {**facts, "data_type": label, "allowed": "或".join(allowed)})


def _needs_length(item: Item) -> bool:
    """A type that has no length by nature (日期 by its format, 逻辑, 备注 …) may go without; so may an unknown one."""
    return is_blank(item.length) and codes.table("data_type").attribute(item.data_type, "needs_length") == "yes"


def _length_readable(item: Item) -> bool:
    written = item.length.replace("，", ",").replace(" ", "")
    if _LENGTH.fullmatch(written):
        return True
    return (item.data_type in _WITH_SCALE or not item.data_type) and _LENGTH_AND_SCALE.fullmatch(written) is not None


def _missing(items_: tuple[Item, ...], without: list[int], field: str) -> Iterator[Outcome]:
    if without and len(without) == len(items_) > 1:
        yield Finding("missing", "items", "", {"what": "全部信息项都", "what_en": "Every item"})
        return
    for index in without:
        name = items_[index].name
        yield Finding("missing", f"items.{index}.{field}", "", {"what": f"信息项“{name}”", "what_en": f'Item "{name}"'})


@rule("W28")
def item_not_looser(entry: CatalogEntry, _: Context) -> Iterator[Outcome]:
    """An item's sharing and opening are at most the entry's."""
    shares, opens = codes.table("share_type"), codes.table("open_type")
    for index, item in enumerate(entry.items):
        if item.share_type in shares and entry.share_type in shares and item.share_type < entry.share_type:
            given = shares.label(item.share_type)
            yield Finding("share", f"items.{index}.share_type", given, {"item": item.name})
        if item.open_type in opens and entry.open_type in opens and _rank(item.open_type) < _rank(entry.open_type):
            yield Finding("open", f"items.{index}.open_type", opens.label(item.open_type), {"item": item.name})


def _rank(open_type: str) -> int:
    return int(codes.table("open_type").attribute(open_type, "rank"))
