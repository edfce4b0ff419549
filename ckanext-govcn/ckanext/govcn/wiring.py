"""What the plugins share when they tell CKAN what they bring."""

from __future__ import annotations

from types import ModuleType
from typing import Any


def named(module: ModuleType, prefix: str) -> dict[str, Any]:
    """The module's actions, auth functions or helpers, by name: what of it begins with the plugin's prefix."""
    return {name: function for name, function in vars(module).items() if name.startswith(prefix)}
