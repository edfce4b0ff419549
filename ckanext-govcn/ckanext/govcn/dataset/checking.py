"""The catalogue's rules on a dataset: which problems stop a write, and where in the form they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def faults(package: Any, entry: Mapping[str, Any], data: Mapping[Any, Any]) -> list[tuple[str, str]]:
    """(field, message) of what stops a person's write. Drafts are checked in full when they are submitted."""
    return []
