"""What each database product needs (`drivers.yaml`), and which names and queries a source may state. PURE."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

_IDENTIFIER = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w$#]{0,127}")
_QUERY = re.compile(r"\s*(?:--[^\n]*\n\s*)*(?:select|with)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Driver:
    """One product. `tried` names what our tests have read; empty: 未在本平台试用. See `drivers.yaml`."""

    name: str
    title: str
    dialect: str
    module: str
    extra: str
    port: int
    tried: str
    cut: str
    casts: bool
    begin: tuple[str, ...]
    rights: Mapping[str, str]


@functools.cache
def _drivers() -> dict[str, Driver]:
    text = (resources.files("harvesters.databases") / "drivers.yaml").read_text("utf-8")
    given: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return {name: Driver(name, begin=tuple(values.pop("begin")), **values) for name, values in given.items()}


def names() -> tuple[str, ...]:
    """What `database.driver` may say."""
    return tuple(_drivers())


def driver(name: str) -> Driver:
    """The driver of this name."""
    return _drivers()[name]


def is_identifier(text: str, *, schema: bool = False) -> bool:
    """Is this the name of a column, or of a table (`schema`: with or without the schema before it)?"""
    parts = text.split(".") if schema else [text]
    return len(parts) <= 2 and all(_IDENTIFIER.fullmatch(part) for part in parts)


def query_fault(text: str) -> str:
    """Why a query is none that we take (Chinese), or "". It will stand inside our own SELECT."""
    if not _QUERY.match(text):
        return "只能写一条 SELECT（或 WITH … SELECT）查询。"
    if ";" in text or "\0" in text:
        return "只能写一条查询，不能有分号。"
    return ""
