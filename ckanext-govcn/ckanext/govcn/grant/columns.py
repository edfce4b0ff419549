"""按信息项授权: the granted columns of a csv or json file, and nothing else of it. PURE.

csv: RFC 4180 with commas, in UTF-8 (with or without a mark), GB18030, or UTF-16 with its mark; the first row is the
header.
json: a list of flat objects, or an object in which exactly one member is such a list; in the same encodings.

What is not granted must not come out, so a file is cut only when there is one way to read it. Everything else is
refused: a quote that does not enclose a whole cell, a backslash where other dialects escape, rows of another length
than the header (a comma or line break that was not quoted moves what follows into other columns), a name that is not
there or there twice. Cells beyond the header are dropped when they are empty.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Any, BinaryIO

import ijson  # pyright: ignore[reportMissingTypeStubs] - it has none

from ckanext.govcn.grant.exceptions import ColumnsRefused

LONGEST_ROW = 4 * 1024 * 1024
"""Characters of one row of a csv file."""

REASONS: dict[str, tuple[str, str]] = {
    "format": ("文件不是 csv 或 json", "the file is neither csv nor json"),
    "size": ("文件或其中一行太大", "the file, or a row of it, is too large"),
    "encoding": ("文件的编码无法确定", "its encoding is not certain"),
    "columns": ("文件中没有授权的全部信息项", "it lacks a column that the grant names"),
    "twice": ("文件中有重名的信息项", "two columns have the same name"),
    "quoting": ("第 {line} 行的引号或换行不规范", "quotes or line breaks are not regular in line {line}"),
    "width": ("第 {line} 行的列数与表头不一致", "line {line} has not as many cells as the header"),
    "shape": ("json 不是由单层对象组成的一个列表", "the json is not one list of flat objects"),
    "nested": ("授权的信息项中有嵌套的值", "a granted column holds nested values"),
}

_CELL = r'(?:"(?:[^"]|"")*+"|[^",\r\n]*+)'
_ROW = re.compile(rf"{_CELL}(?:,{_CELL})*+")
_ESCAPED = re.compile(r'\\(?:[",\r\n]|\Z)')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:E[+-]?\d+)?")
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

KINDS = ("csv", "json")

Event = tuple[str, Any]
Named = frozenset[str] | None  # columns; None: all
Writer = Callable[[TextIOWrapper, BinaryIO, Named], "Written"]


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows came out, and the names of their columns in their order, where all rows have the same."""

    rows: int
    header: tuple[str, ...] | None = None


def cut(source: BinaryIO, output: BinaryIO, kind: str, fields: Collection[str], largest: int) -> int:
    """Write the columns `fields` of `source` to `output`, and give the number of rows. Both are files that can seek.

    `kind` is csv or json, `largest` the most bytes that are read. csv comes out in UTF-8 with a mark, json as a list.
    Raises ColumnsRefused; then what stands in `output` is not to be used.
    """
    return _written_by({"csv": _csv, "json": _json}.get(kind), source, output, frozenset(fields), largest).rows


def lines(source: BinaryIO, output: BinaryIO, kind: str, fields: Collection[str] | None, largest: int) -> Written:
    """Write each row as one line of JSON: of csv the cells as a list, of json the object. `fields` None: all columns.

    Otherwise as `cut`: the same files are refused.
    """
    named = None if fields is None else frozenset(fields)
    return _written_by({"csv": _csv_lines, "json": _json_lines}.get(kind), source, output, named, largest)


def header(source: BinaryIO, kind: str) -> tuple[str, ...]:
    """Names of the columns that a file begins with (of json: of its first object); none where they cannot be told."""
    if kind not in KINDS:
        return ()
    for encoding in _encodings(source):
        source.seek(0)
        try:
            with _as_text(source, encoding) as text:
                return _first_names(text, kind)
        except UnicodeDecodeError:
            continue
        except ColumnsRefused:
            return ()
    return ()


def _first_names(text: TextIOWrapper, kind: str) -> tuple[str, ...]:
    if kind == "csv":
        return tuple(name.strip() for name in next(_rows(text), (0, list[str]()))[1])
    try:
        return tuple(next(_one_list(iter(ijson.basic_parse(_Utf8(text))), None, nested=True), dict[str, str]()))
    except UnicodeDecodeError:
        raise
    except (ijson.JSONError, ValueError, ArithmeticError, StopIteration, RuntimeError):
        return ()


def _written_by(writer: Writer | None, source: BinaryIO, output: BinaryIO, fields: Named, largest: int) -> Written:
    if writer is None:
        raise _refused("format")
    if source.seek(0, 2) > largest:
        raise _refused("size")
    for encoding in _encodings(source):
        source.seek(0)
        output.seek(0)
        output.truncate()
        try:
            with _as_text(source, encoding) as text:
                return writer(text, output, fields)
        except UnicodeDecodeError:
            continue
    raise _refused("encoding")


def _refused(why: str, **facts: int) -> ColumnsRefused:
    chinese, english = (each.format(**facts) for each in REASONS[why])
    return ColumnsRefused(why, chinese, english)


def _encodings(source: BinaryIO) -> tuple[str, ...]:
    source.seek(0)
    return ("utf-16",) if source.read(2) in _UTF16_MARKS else ("utf-8-sig", "gb18030")


@contextmanager
def _as_text(stream: BinaryIO, encoding: str) -> Generator[TextIOWrapper]:
    text = TextIOWrapper(stream, encoding, errors="strict", newline="")
    try:
        yield text
    finally:
        text.detach()


# csv ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _csv(text: TextIOWrapper, output: BinaryIO, fields: Named) -> Written:
    names, rows = _cells(text, fields)
    with _as_text(output, "utf-8-sig") as target:
        writer, count = csv.writer(target), 0
        writer.writerow(names)
        for row in rows:
            writer.writerow(row)
            count += 1
    return Written(count, names)


def _csv_lines(text: TextIOWrapper, output: BinaryIO, fields: Named) -> Written:
    names, rows = _cells(text, fields)
    return Written(_write_lines(output, (json.dumps(row, ensure_ascii=False).encode() for row in rows)), names)


def _write_lines(output: BinaryIO, lines: Iterable[bytes]) -> int:
    count = 0
    for line in lines:
        output.write(line + b"\n")
        count += 1
    return count


def _cells(text: TextIOWrapper, fields: Named) -> tuple[tuple[str, ...], Iterator[list[str]]]:
    """Names and cells of the granted columns, in the order of the file."""
    rows = _rows(text)
    names = [name.strip() for name in next(rows, (0, [""]))[1]]
    if len(set(names)) < len(names):
        raise _refused("twice")
    if not all(names) if fields is None else not fields <= set(names):
        raise _refused("columns")
    places = [place for place, name in enumerate(names) if fields is None or name in fields]
    return tuple(names[place] for place in places), _at(places, len(names), rows)


def _at(places: list[int], width: int, rows: Iterator[tuple[int, list[str]]]) -> Iterator[list[str]]:
    for line, row in rows:
        if len(row) < width or any(row[width:]):
            raise _refused("width", line=line)
        yield [row[place] for place in places]


class _Lines:
    """The lines of a text, and those that the row being read is made of."""

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text
        self._taken: list[str] = []
        self._size = 0
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(LONGEST_ROW + 1):
            self.number += 1
            self._size += len(line)
            if self._size > LONGEST_ROW:
                raise _refused("size")
            self._taken.append(line)
            yield line

    def row(self) -> str:
        """What the row that was just read was written as."""
        written = "".join(self._taken)
        self._taken, self._size = [], 0
        return written


def _rows(text: TextIOWrapper) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the number of its last line."""
    lines, ending = _Lines(text), ""
    reader = csv.reader(lines, strict=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise _refused("quoting", line=lines.number) from error
        if row is None:
            return
        written = lines.row()
        this_ending = _ending(written)
        ending = ending or this_ending
        if this_ending not in {ending, ""} or not _regular(written.removesuffix(this_ending)):
            raise _refused("quoting", line=lines.number)
        if row:
            yield lines.number, row


def _ending(written: str) -> str:
    return next((each for each in ("\r\n", "\n", "\r") if written.endswith(each)), "")


def _regular(row: str) -> bool:
    """Whether there is one way to read it: quotes enclose whole cells, and no backslash may be meant as an escape."""
    if "\0" in row or ("\\" in row and _ESCAPED.search(row)):
        return False
    return '"' not in row or _ROW.fullmatch(row) is not None


# json ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Utf8:
    """A text as the bytes that the parser takes."""

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text

    def read(self, size: int = -1) -> bytes:
        return self._text.read(size).encode()


def _json(text: TextIOWrapper, output: BinaryIO, fields: Named) -> Written:
    output.write(b"[")
    count = 0
    for written in _members(text, fields):
        output.write((b",\n" if count else b"\n") + written)
        count += 1
    output.write(b"\n]\n")
    return Written(count)


def _json_lines(text: TextIOWrapper, output: BinaryIO, fields: Named) -> Written:
    return Written(_write_lines(output, _members(text, fields)))


def _members(text: TextIOWrapper, fields: Named) -> Iterator[bytes]:
    """Each object with its granted members, as JSON."""
    seen = set[str]()
    try:
        for found in _one_list(iter(ijson.basic_parse(_Utf8(text))), fields):
            members = ", ".join(f"{json.dumps(name, ensure_ascii=False)}: {value}" for name, value in found.items())
            yield f"{{{members}}}".encode()  # a ValueError for half a character
            if fields is not None:
                seen.update(found)
    except UnicodeDecodeError:
        raise
    except (ijson.JSONError, ValueError, ArithmeticError) as error:  # Arithmetic: a number that nothing holds
        raise _refused("shape") from error
    if fields is not None and fields - seen:
        raise _refused("columns")


def _one_list(events: Iterator[Event], fields: Named, *, nested: bool = False) -> Iterator[dict[str, str]]:
    """The objects of the one list, to the end of the text. `nested`: also those with nested values, which are left
    empty."""
    first = next(events)[0]
    if first == "start_array":
        yield from _objects(events, fields, nested=nested)
    elif first == "start_map":
        yield from _in_object(events, fields, nested=nested)
    else:
        raise _refused("shape")
    if next(events, None) is not None:
        raise _refused("shape")


def _in_object(events: Iterator[Event], fields: Named, *, nested: bool) -> Iterator[dict[str, str]]:
    names, lists = set[str](), 0
    for event, name in events:
        if event == "end_map":
            break
        if name in names:
            raise _refused("twice")
        names.add(name)
        kind = next(events)[0]
        if kind == "start_map" or (kind == "start_array" and lists):
            raise _refused("shape")
        if kind == "start_array":
            lists += 1
            yield from _objects(events, fields, nested=nested)
    if not lists:
        raise _refused("shape")


def _objects(events: Iterator[Event], fields: Named, *, nested: bool) -> Iterator[dict[str, str]]:
    for event, _ in events:
        if event == "end_array":
            return
        if event != "start_map":
            raise _refused("shape")
        yield _object(events, fields, nested=nested)


def _object(events: Iterator[Event], fields: Named, *, nested: bool) -> dict[str, str]:
    """The granted members, each value as it is written in JSON."""
    found, names = dict[str, str](), set[str]()
    for event, name in events:
        if event == "end_map":
            break
        if name in names:
            raise _refused("twice")
        names.add(name)
        kind, value = next(events)
        wanted = fields is None or name in fields
        if kind in {"start_map", "start_array"}:
            if wanted and not nested:
                raise _refused("nested")
            _skip(events)
            kind, value = "null", None
        if wanted:
            found[name] = _written(kind, value)
    return found


def _skip(events: Iterator[Event]) -> None:
    """To the end of the value that was just begun."""
    depth = 1
    while depth:
        event = next(events)[0]
        depth += event in {"start_map", "start_array"}
        depth -= event in {"end_map", "end_array"}


def _written(kind: str, value: Any) -> str:
    if kind == "number":
        written = str(value)
        if not _NUMBER.fullmatch(written):
            raise _refused("shape")
        return written
    return json.dumps(value, ensure_ascii=False)
