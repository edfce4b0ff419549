"""What a rule has to say about an entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["refuse", "hold", "warn", "not_run"]
"""refuse: 退回, the entry is not taken. hold: taken, but its level stays 待核定 until a second person confirms it
with a basis. warn: taken, and somebody should look. not_run: the rule could not be asked; it has not passed."""

Profile = Literal["guide", "portal"]
"""guide: a department's own catalogue and the forms. portal: lists of other portals."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: rule id of docs/mapping.md, field of the entry (`items.3.data_type` for an item), the value given.

    `given` is at most 80 characters, and always empty for E26: a secret value is repeated nowhere.
    `missing` says that the field is 待完善: nothing usable was given.
    """

    rule: str
    field: str
    given: str
    severity: Severity
    message: str
    message_en: str
    missing: bool = False


def refused(problems: Iterable[Problem]) -> bool:
    """Must the entry be sent back (退回)?"""
    return any(p.severity == "refuse" for p in problems)


def held(problems: Iterable[Problem]) -> bool:
    """Must the level stay 待核定?"""
    return any(p.severity == "hold" for p in problems)


def incomplete_fields(problems: Iterable[Problem]) -> tuple[str, ...]:
    """Fields that are 待完善, once each, in the order they were found; items count as one field, `items`."""
    names = (p.field.split(".", 1)[0] for p in problems if p.missing)
    return tuple(dict.fromkeys(names))
