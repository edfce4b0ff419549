"""A catalogue as a file: xlsx, xls, csv or json, each also .gz, below the source's folder or at an address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from harvesters.exceptions import RecordError, UnreadableSource
from harvesters.extract import grids, jsons, tables, unpack
from harvesters.fetch import FILE_TYPES, Fetcher, Request, local_name
from harvesters.record import Record
from harvesters.source import Source


def records_from(source: Source, fetcher: Fetcher) -> Iterator[Record | RecordError]:
    """The records of the file, in its order."""
    name = local_name(source)
    packed = fetcher.file(source.path) if source.path else fetcher.get(Request(source.url), FILE_TYPES).content
    yield from records_of(packed, name, source)


def records_of(packed: bytes, name: str, source: Source) -> Iterator[Record | RecordError]:
    """The records of a file's bytes; `name` is how reports call it."""
    data = unpack.unpacked(packed, name, source.limits)
    if unpack.kind_of(data, name) == "json":
        yield from _of_json(data, name, source)
    else:
        yield from tables.require_any(_of_tables(data, name, source), name)


def _of_tables(data: bytes, name: str, source: Source) -> Iterator[Record]:
    for grid in grids.grids_of(data, name, source.limits, source.sheets, source.encoding):
        yield from tables.records_of(grid, source.name, name)


def _of_json(data: bytes, name: str, source: Source) -> Iterator[Record | RecordError]:
    text, _ = unpack.decoded(data, name, source.encoding)
    if _is_lines(text):
        yield from jsons.lines_of(text, source.name, name, source.limits)
        return
    value = jsons.parsed(text, name)
    parts = jsons.find_list(jsons.dig(value, source.list.records)) if source.list.records else jsons.find_list(value)
    if parts is None and isinstance(value, dict):
        parts = [cast("Any", value)] if value else []
    if parts is None or not any(part and isinstance(part, (dict, list)) for part in parts):
        raise UnreadableSource(name, "JSON 里没有记录列表。请核对内容，或在来源配置中写 list.records。")
    if all(isinstance(part, list) for part in parts):
        yield from tables.require_any(tables.table_of(parts, source.name, name), name)
        return
    yield from jsons.records_of_list(parts, source.name, name, source.limits)


def _is_lines(text: str) -> bool:
    """Objects on lines of their own, nothing around them."""
    head = text.lstrip().splitlines()[:2]
    return len(head) == 2 and all(line.strip().startswith("{") for line in head) and head[0].strip().endswith("}")
