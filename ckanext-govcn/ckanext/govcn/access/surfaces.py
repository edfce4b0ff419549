"""The registry of surfaces: what every action and route carries, and its guard (`surfaces.yaml`). PURE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).with_name("surfaces.yaml")


@dataclass(frozen=True, slots=True)
class Surface:
    """One action or route. A route's `name` is Flask's endpoint; `*` at its end stands for all that begin so."""

    kind: str  # action | route
    name: str
    carries: str  # data | entry | none
    guard: str


def _read() -> dict[str, Any]:
    with _FILE.open(encoding="utf-8") as file:
        return yaml.safe_load(file)


@cache
def guards() -> dict[str, str]:
    """Guard → what it does."""
    return dict(_read()["guards"])


def _surfaces() -> Iterator[Surface]:
    for group in _read()["surfaces"]:
        for kind in ("action", "route"):
            for name in group.get(f"{kind}s", []):
                yield Surface(kind, name, group["carries"], group["guard"])


@cache
def registry() -> tuple[Surface, ...]:
    """Every registered surface."""
    return tuple(_surfaces())


def find(kind: str, name: str) -> Surface | None:
    """The surface of an action or endpoint, exact names first."""
    candidates = [s for s in registry() if s.kind == kind]
    exact = next((s for s in candidates if s.name == name), None)
    starred = (s for s in candidates if s.name.endswith("*") and name.startswith(s.name[:-1]))
    return exact or next(starred, None)
