"""All problems of an entry: every rule E01–W37 of `rules.yaml`, by the profile of its source."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any, cast

from ckanext.govcn.catalog import codes
from ckanext.govcn.catalog.entry import CatalogEntry
from ckanext.govcn.catalog.problem import Problem, Profile, Severity, held, incomplete_fields, refused
from ckanext.govcn.catalog.registry import RULES, Confirmation, Context, NotRun, Outcome, PersonalDataFinding
from ckanext.govcn.catalog.rules import description, identity, items, opening, sharing
from ckanext.govcn.catalog.text import shown

__all__ = [
    "RULE_MODULES",
    "Confirmation",
    "Context",
    "PersonalDataFinding",
    "Problem",
    "Profile",
    "Severity",
    "check",
    "held",
    "incomplete_fields",
    "refused",
    "rule_ids",
]

RULE_MODULES = (identity, description, items, sharing, opening)
"""Importing them registers the rules."""

SECRECY_RULE = "E26"


def check(entry: CatalogEntry, profile: Profile, context: Context | None = None) -> list[Problem]:
    """All problems of `entry`, in the order of the rule ids; pure, never raises for what an entry contains.

    A secret entry has one problem only, E26: nothing else of it may be repeated. A rule whose look-up is missing from
    `context` reports `not_run`; it has not passed.
    """
    known = context or Context()
    secret = list(_problems(SECRECY_RULE, entry, profile, known))
    if secret:
        return secret
    return [problem for rule_id in rule_ids() for problem in _problems(rule_id, entry, profile, known)]


@functools.cache
def rule_ids() -> tuple[str, ...]:
    """Every rule id, by number: E01, E02, W03 …"""
    return tuple(sorted(RULES, key=lambda rule_id: (rule_id[1:], rule_id[0])))


def about(rule_id: str) -> Mapping[str, Any]:
    """What `rules.yaml` says of a rule: title, title_en, basis, severity by profile, cases."""
    return cast("Mapping[str, Any]", codes.data("rules")[rule_id])


def _problems(rule_id: str, entry: CatalogEntry, profile: Profile, context: Context) -> Iterator[Problem]:
    for outcome in RULES[rule_id](entry, context):
        yield _problem(rule_id, outcome, profile)


def _problem(rule_id: str, outcome: Outcome, profile: Profile) -> Problem:
    if isinstance(outcome, NotRun):
        return _not_run(rule_id, outcome)
    rule = about(rule_id)
    case = cast("Mapping[str, Any]", rule["cases"][outcome.case])
    given = "" if rule_id == SECRECY_RULE else shown(outcome.given)
    facts = {name: shown(fact) for name, fact in outcome.facts.items()} | {"given": given}
    return Problem(
        rule=rule_id,
        field=outcome.field,
        given=given,
        severity=_severity(rule, case, profile),
        message=_filled(case["zh"], facts),
        message_en=_filled(case["en"], facts),
        missing=bool(case.get("missing", False)),
    )


def _severity(rule: Mapping[str, Any], case: Mapping[str, Any], profile: Profile) -> Severity:
    """The case's own severity for the profile, else for all profiles, else the rule's."""
    return cast("Severity", case.get(profile) or case.get("severity") or rule["severity"][profile])


def _not_run(rule_id: str, outcome: NotRun) -> Problem:
    texts = codes.data("rules")["not_run"]
    what, what_en = texts["lookups"][outcome.lookup]
    facts = {"rule": rule_id, "what": what, "what_en": what_en}
    return Problem(rule_id, outcome.field, "", "not_run", _filled(texts["zh"], facts), _filled(texts["en"], facts))


def _filled(sentence: str, facts: Mapping[str, str]) -> str:
    """Facts in place of their names. Values are data: braces inside them stay as they are."""
    parts: list[str] = []
    rest = sentence
    while "{" in rest:
        before, _, tail = rest.partition("{")
        name, _, rest = tail.partition("}")
        parts += [before, facts[name]]
    return "".join([*parts, rest])
