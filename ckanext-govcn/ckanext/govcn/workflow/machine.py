"""Steps through a workflow, PURE: the table decides, this asks it.

    step(table, "owner_review", "refuse", Asker("u1", {"owner"}), {"reason": "…"}) -> "refused"

Who asks never decides: whoever has a role that asks takes no step of a role that decides, whatever else they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ckanext.govcn.workflow.exceptions import (
    AskerDecides,
    FieldMissing,
    NotConditional,
    NotYourStep,
    SamePerson,
    StepRefused,
    WrongState,
)
from ckanext.govcn.workflow.table import Event, Field, Rule, Table

REASON, REASON_CLASS, BASIS = "reason", "reason_class", "basis"


@dataclass(frozen=True, slots=True)
class Asker:
    """One person towards one case: their roles, and who last took each event of it (event → user id)."""

    user_id: str
    roles: Collection[str]
    took: Mapping[str, str] = field(default_factory=dict[str, str])


def step(  # noqa: PLR0913 (one step is all of these)
    table: Table, state: str, event: str, asker: Asker, given: Mapping[str, str], *, dataset_open: bool = True
) -> str:
    """The state after the step.

    `given` are the fields of the step. `dataset_open`: the dataset is published as 有条件开放 now. Raises StepRefused:
    the first that applies, in the order of exceptions.py.
    """
    rule = _allowed(table, state, event, asker, dataset_open=dataset_open)
    _check_fields(table, table.events[event], given)
    return rule.to


def steps_for(table: Table, state: str, asker: Asker, *, dataset_open: bool = True) -> list[Event]:
    """The events that this person could take now, once what they need is given: the buttons of the page."""
    found: list[Event] = []
    for name, event in table.events.items():
        try:
            _allowed(table, state, name, asker, dataset_open=dataset_open)
        except StepRefused:
            continue
        found.append(event)
    return found


def role_taken(table: Table, state: str, event: str, asker: Asker) -> str:
    """The role in which this person takes an allowed step, as its history says it: the first of the table's."""
    by = table.rules[state, event].by
    return next(name for name in table.roles if name in by and name in asker.roles)


def _allowed(table: Table, state: str, event: str, asker: Asker, *, dataset_open: bool) -> Rule:
    rule = table.rules.get((state, event))
    if rule is None:
        raise WrongState
    mine = rule.by & set(asker.roles)
    if not mine:
        whose = [table.roles[name] for name in table.roles if name in rule.by]
        raise NotYourStep("或".join(role.zh for role in whose), " or ".join(role.en for role in whose))
    asks = any(table.roles[name].asks for name in asker.roles)
    if asks and any(table.roles[name].decides for name in mine):
        raise AskerDecides
    about = table.events[event]
    if any(asker.took.get(earlier) == asker.user_id for earlier in about.second_person):
        raise SamePerson
    if about.open_dataset and not dataset_open:
        raise NotConditional
    return rule


def _check_fields(table: Table, event: Event, given: Mapping[str, str]) -> None:
    needed = list(event.needs)
    if REASON_CLASS in needed:
        chosen = table.reason_classes.get(given.get(REASON_CLASS, ""))
        if chosen is None:
            raise _missing(table.fields[REASON_CLASS])
        if chosen.needs_basis:
            needed.append(BASIS)
    for name in needed:
        if not given.get(name, "").strip():
            raise _missing(table.fields[name])


def _missing(about: Field) -> FieldMissing:
    return FieldMissing(about.name, about.zh, about.en)
