"""What the platform's actions take and give: whole numbers in, JSON out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.govcn.dataset.language import say

DIGITS = 9  # of a number that is no mistake


def whole_number(data_dict: Mapping[str, Any], name: str, default: int) -> int:
    """The parameter as a number not below 0. Raises ValidationError."""
    given = str(data_dict.get(name, default))
    if not given.isdecimal() or len(given) > DIGITS:
        raise tk.ValidationError({name: [say("应为不小于 0 的整数", "Must be a number not below 0")]})
    return int(given)


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON: times in ISO 8601."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
