"""How a rule is written: a small pure function that yields what it found, registered under its id."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ckanext.govcn.catalog import codes
from ckanext.govcn.catalog.entry import CatalogEntry, Provider


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A second person has confirmed a level that a rule holds. The platform's own record, never a source's word."""

    person: str
    basis: str


@dataclass(frozen=True, slots=True)
class PersonalDataFinding:
    """One finding of the personal-data scan: what kind, where; never the value. `released` by a second reviewer."""

    kind: str
    place: str
    blocking: bool = True
    released: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What rules may look up. A look-up that is left out makes its rules report `not_run`; nothing passes unasked."""

    today: date | None = None
    provider_known: Callable[[Provider], bool] | None = None
    title_of_code: Callable[[str], str | None] | None = None
    """Title of the entry that has this 信息资源代码; None when nobody has it."""
    providers_of_title: Callable[[str], Sequence[str]] | None = None
    """Names of departments that have an entry with this title."""
    series_of: Callable[[CatalogEntry], Sequence[str]] | None = None
    """Titles of the same provider that differ from this one by the year alone."""
    findings: Callable[[CatalogEntry], Sequence[PersonalDataFinding]] | None = None
    confirmation: Callable[[CatalogEntry], Confirmation | None] | None = None
    """Who confirmed a held level (E32). Left out: nobody has."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule yields: a case of `rules.yaml`, the field, the value given, and facts for the sentence."""

    case: str
    field: str
    given: str = ""
    facts: dict[str, str] = dataclasses.field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class NotRun:
    """The rule needs a look-up that the context lacks."""

    lookup: str
    field: str = ""


def parameter(rule_id: str, name: str) -> Any:
    """A number, pattern or date that `rules.yaml` gives a rule to judge by."""
    return codes.data("rules")[rule_id]["parameters"][name]


Outcome = Finding | NotRun
Rule = Callable[[CatalogEntry, Context], Iterator[Outcome]]

RULES: dict[str, Rule] = {}
"""Every rule by id, in the order in which problems are reported."""


def rule(rule_id: str) -> Callable[[Rule], Rule]:
    """Register a rule. An id that is there already is a mistake of the programmer."""

    def register(function: Rule) -> Rule:
        if rule_id in RULES:
            raise ValueError(f"rule {rule_id} is registered twice")
        RULES[rule_id] = function
        return function

    return register
