"""The source record (来源记录): what was received, with its place, never edited afterwards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Protocol, TypeAlias

import orjson

Scalar: TypeAlias = "str | int | float | bool | None"
Value: TypeAlias = "Scalar | list[Value] | dict[str, Value]"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: file (or address), sheet ("" if it has none) and row, counted from 1."""

    file: str
    sheet: str = ""
    row: int = 0

    def __str__(self) -> str:
        parts = [self.file, f"工作表“{self.sheet}”" if self.sheet else "", f"第 {self.row} 行" if self.row else ""]
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Record:
    """One record as received.

    `raw` maps each heading to the value as the source gave it (dates of workbooks as ISO text). `items` holds one
    mapping per 数据项 where a table spreads one dataset over many rows. `remote_id` is the identity inside the
    source; extractors set it when the protocol has one (a configured id path, CKAN's id), else it is "" and
    `normalize.identity` finds it. `defaults` are facts that stand beside the table (填报单位 above it).
    """

    source: str
    place: Place
    raw: Mapping[str, Value]
    items: tuple[Mapping[str, Value], ...] = ()
    remote_id: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict[str, str])
    secret: bool = False  # a 密级 stands above or around the table it was taken from

    @cached_property
    def hash(self) -> str:
        """sha256 (hex) of the canonical form; equal for equal content, whatever the order of keys."""
        return hashlib.sha256(self.canonical).hexdigest()

    @property
    def canonical(self) -> bytes:
        """All that was received, as canonical JSON. Raises RecursionError for what is nested too deep."""
        return canonical(self.whole)

    @property
    def whole(self) -> object:
        """All that was received, as one JSON value: `raw`, or a list with `items` and `defaults` where it has some."""
        return [self.raw, list(self.items), self.defaults] if self.items or self.defaults else self.raw

    def with_id(self, remote_id: str) -> Record:
        """The same record, known by `remote_id`."""
        return self if remote_id == self.remote_id else replace(self, remote_id=remote_id)


class Records(Protocol):
    """Records that can be gone through again and again: a list, or a spool."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Record]: ...


def sample(records: Records, most: int) -> Iterator[Record]:
    """An even sample: every n-th record, `most` of them or at most twice as many."""
    return islice(records, 0, None, max(1, len(records) // most))


def canonical(value: object, *, ordered: bool = True) -> bytes:
    """A JSON value as UTF-8: keys sorted (unless they are to stay as they came), no blanks.

    Values JSON does not know stand there as their text, numbers that are none (infinity) as null.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS if ordered else None, default=str)
    except TypeError:  # half a surrogate pair, an integer beyond 64 bits, a key that is no text, nested very deep
        text = json.dumps(value, sort_keys=ordered, ensure_ascii=False, separators=(",", ":"), default=str)
        return text.encode("utf-8", "surrogatepass")


def digest(text: str) -> bytes:
    """Sixteen bytes that stand for a text where many have to be remembered."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def as_received(record: Record) -> bytes:
    """The record as JSON: `raw`, `items` and `defaults` as far as there are any, nothing left out or put right."""
    items = [dict(each) for each in record.items]
    parts = {"raw": dict(record.raw), "items": items, "defaults": dict(record.defaults)}
    text = json.dumps({key: part for key, part in parts.items() if part}, ensure_ascii=False, default=str)
    return text.encode("utf-8", "surrogatepass")


def canonical_hash(value: object) -> str:
    """sha256 (hex) of the canonical form."""
    return hashlib.sha256(canonical(value)).hexdigest()
