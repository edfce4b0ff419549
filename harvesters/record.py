"""The source record (来源记录): what was received, with its place, never edited afterwards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

Scalar: TypeAlias = "str | int | float | bool | None"
Value: TypeAlias = "Scalar | list[Value] | dict[str, Value]"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: file (or address), sheet ("" if it has none) and row, counted from 1."""

    file: str
    sheet: str = ""
    row: int = 0

    def __str__(self) -> str:
        sheet = f"工作表“{self.sheet}”" if self.sheet else ""
        return f"{self.file}{sheet}第 {self.row} 行" if self.row else f"{self.file}{sheet}"


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
        whole = [self.raw, list(self.items), self.defaults] if self.items or self.defaults else self.raw
        return canonical_hash(whole)


def canonical_hash(value: object) -> str:
    """Hash of a JSON value: keys sorted, no blanks, UTF-8. Values JSON does not know are hashed as their text."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
