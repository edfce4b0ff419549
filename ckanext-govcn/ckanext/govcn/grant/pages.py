"""Pages of the rows of a file: what somebody asks for, where in the lines it stands, and the answer's text. PURE.

The lines (`columns.lines`) are searched by marks, which say at which byte a row begins, so that the last page costs as
little as the first.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from ckanext.govcn.grant.exceptions import PageRefused

DEFAULT = 100
ROWS_APART, BYTES_APART = 100, 1024 * 1024
DIGITS = 12  # of an offset; more is a mistake


@dataclass(frozen=True, slots=True)
class Asked:
    """`limit` rows from row `offset` on, the first being 0."""

    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class Lines:
    """What is known of the lines of a file. `header`: names of the columns, where lines are lists of cells; `marks`:
    some rows and the byte at which each begins, beginning with row 0; `size` in bytes."""

    rows: int
    size: int
    header: tuple[str, ...] | None
    marks: tuple[tuple[int, int], ...]

    def to_json(self) -> dict[str, Any]:
        """As it is kept beside the lines."""
        return {"rows": self.rows, "size": self.size, "header": self.header, "marks": self.marks}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Lines:
        """What was kept. Raises ValueError, TypeError or KeyError for what was not written by `to_json`."""
        header = None if given["header"] is None else tuple(map(str, given["header"]))
        marks = tuple((int(row), int(byte)) for row, byte in given["marks"])
        return cls(int(given["rows"]), int(given["size"]), header, marks)


@dataclass(frozen=True, slots=True)
class Page:
    """`rows`: JSON objects as text; `next`: the offset of the row after them, None after the last row."""

    rows: tuple[str, ...]
    next: int | None


def asked(given: Mapping[str, str], most: int) -> Asked:
    """`limit` (100 when left out, at most `most`) and `offset` (0) of an address. Raises PageRefused."""
    limit, offset = _number("limit", given.get("limit"), min(DEFAULT, most)), _number("offset", given.get("offset"), 0)
    if not 1 <= limit <= most:
        raise PageRefused("limit", f"应为 1 至 {most} 的整数", f"Must be a whole number from 1 to {most}")
    return Asked(limit, offset)


def _number(name: str, given: str | None, default: int) -> int:
    if given is None or given == "":
        return default
    if not (given.isascii() and given.isdecimal() and len(given) <= DIGITS):
        raise PageRefused(name, "应为不小于 0 的整数", "Must be a whole number not below 0")
    return int(given)


def survey(stream: BinaryIO, header: Sequence[str] | None) -> Lines:
    """What is to be known of lines, in one pass from the beginning."""
    stream.seek(0)
    marks, rows, byte = [(0, 0)], 0, 0
    for line in stream:
        rows, byte = rows + 1, byte + len(line)
        if rows - marks[-1][0] >= ROWS_APART or byte - marks[-1][1] >= BYTES_APART:
            marks.append((rows, byte))
    return Lines(rows, byte, None if header is None else tuple(header), tuple(marks))


def page(stream: BinaryIO, lines: Lines, wanted: Asked, largest: int) -> Page:
    """The rows that were asked for; fewer where more than `largest` characters would come together, but never none."""
    if wanted.offset >= lines.rows:
        return Page((), None)
    row, byte = lines.marks[bisect_right(lines.marks, (wanted.offset, lines.size)) - 1]
    stream.seek(byte)
    found, size = list[str](), 0
    for line in islice(stream, wanted.offset - row, wanted.offset - row + wanted.limit):
        written = _object(line, lines.header)
        if found and size + len(written) > largest:
            break
        found.append(written)
        size += len(written)
    following = wanted.offset + len(found)
    return Page(tuple(found), following if following < lines.rows else None)


def _object(line: bytes, header: tuple[str, ...] | None) -> str:
    if header is None:
        return line.decode().rstrip("\n")
    return json.dumps(dict(zip(header, json.loads(line), strict=True)), ensure_ascii=False)


def body(about: Mapping[str, Any], found: Page) -> Iterator[str]:
    """The answer: `about` with the rows, as one JSON object."""
    head = json.dumps(dict(about), ensure_ascii=False)
    yield f'{head[:-1]}, "rows": ['
    yield ",\n".join(found.rows)
    yield "]}\n"
