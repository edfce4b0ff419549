"""The states of an application, PURE: `states.yaml` is the table, this reads it and asks it.

    step("owner_review", "refuse", Asker("u1", {"owner"}), {"reason": "…", "reason_class": "purpose"}) -> "refused"

Who asks never decides: whoever is the applicant takes no step of a role that decides, whatever else they are.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, cast

import yaml

from ckanext.govcn.application.exceptions import (
    AskerDecides,
    FieldMissing,
    NotConditional,
    NotYourStep,
    SamePerson,
    StepRefused,
    TableError,
    WrongState,
)

APPLICANT, BUREAU, OWNER, CLOCK = "applicant", "bureau", "owner", "clock"
REASON, REASON_CLASS, BASIS = "reason", "reason_class", "basis"


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a name in both languages."""

    name: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Role(Named):
    """Who takes steps. `decides`: reviews, decides or supervises, so never the applicant."""

    decides: bool = False


@dataclass(frozen=True, slots=True)
class State(Named):
    """One state. `waits_for` is a role or empty; `process` is a row of the deadline table or empty; `grant` is empty,
    active or suspended."""

    waits_for: str = ""
    process: str = ""
    editable: bool = False
    grant: str = ""
    final: bool = False


@dataclass(frozen=True, slots=True)
class Field(Named):
    """What a step can ask for: at most `limit` characters."""

    limit: int = 0


@dataclass(frozen=True, slots=True)
class ReasonClass(Named):
    """Why something is refused, as the public list says it."""

    needs_basis: bool = False


@dataclass(frozen=True, slots=True)
class Event(Named):
    """What can happen. `needs`: fields that must be given, `offers`: that may be. `text`, `text_en`: what the field
    `reason` holds; `decision`: what the public list says."""

    needs: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    text: str = ""
    text_en: str = ""
    open_dataset: bool = False
    second_person: tuple[str, ...] = ()
    decision: Named | None = None
    tells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: the state after the step, and the roles that may take it."""

    to: str
    by: frozenset[str]


@dataclass(frozen=True, slots=True)
class Table:
    """`states.yaml`: everything by name, in the file's order; `rules` by state and event."""

    roles: Mapping[str, Role]
    states: Mapping[str, State]
    events: Mapping[str, Event]
    fields: Mapping[str, Field]
    reason_classes: Mapping[str, ReasonClass]
    rules: Mapping[tuple[str, str], Rule]

    @property
    def first(self) -> str:
        """The state in which an application begins."""
        return next(iter(self.states))


@dataclass(frozen=True, slots=True)
class Asker:
    """One person towards one application: their roles, and who last took each event of it (event → user id)."""

    user_id: str
    roles: Collection[str]
    took: Mapping[str, str] = field(default_factory=dict[str, str])


def step(state: str, event: str, asker: Asker, given: Mapping[str, str], *, dataset_open: bool = True) -> str:
    """The state after the step.

    `given` are the fields of the step. `dataset_open`: the dataset is published as 有条件开放 now. Raises StepRefused:
    the first that applies, in the order of exceptions.py.
    """
    rule = _allowed(state, event, asker, dataset_open=dataset_open)
    _check_fields(table().events[event], given)
    return rule.to


def steps_for(state: str, asker: Asker, *, dataset_open: bool = True) -> list[Event]:
    """The events that this person could take now, once what they need is given: the buttons of the page."""
    found: list[Event] = []
    for name, event in table().events.items():
        try:
            _allowed(state, name, asker, dataset_open=dataset_open)
        except StepRefused:
            continue
        found.append(event)
    return found


def _allowed(state: str, event: str, asker: Asker, *, dataset_open: bool) -> Rule:
    known = table()
    rule = known.rules.get((state, event))
    if rule is None:
        raise WrongState
    mine = rule.by & set(asker.roles)
    if not mine:
        whose = [known.roles[name] for name in known.roles if name in rule.by]
        raise NotYourStep("或".join(role.zh for role in whose), " or ".join(role.en for role in whose))
    if APPLICANT in asker.roles and any(known.roles[name].decides for name in mine):
        raise AskerDecides
    about = known.events[event]
    if any(asker.took.get(earlier) == asker.user_id for earlier in about.second_person):
        raise SamePerson
    if about.open_dataset and not dataset_open:
        raise NotConditional
    return rule


def _check_fields(event: Event, given: Mapping[str, str]) -> None:
    known = table()
    needed = list(event.needs)
    if REASON_CLASS in needed:
        chosen = known.reason_classes.get(given.get(REASON_CLASS, ""))
        if chosen is None:
            raise _missing(known.fields[REASON_CLASS])
        if chosen.needs_basis:
            needed.append(BASIS)
    for name in needed:
        if not given.get(name, "").strip():
            raise _missing(known.fields[name])


def _missing(about: Field) -> FieldMissing:
    return FieldMissing(about.name, about.zh, about.en)


@functools.cache
def table() -> Table:
    """The table, read once. Raises TableError."""
    text = resources.files("ckanext.govcn.application").joinpath("states.yaml").read_text("utf-8")
    return table_of(yaml.safe_load(text))


def table_of(given: Mapping[str, Any]) -> Table:
    """A table from its parsed YAML. Raises TableError: a name that is not explained, or two rules of one step."""
    try:
        rules: dict[tuple[str, str], Rule] = {}
        for event, about in cast("dict[str, dict[str, Any]]", given["events"]).items():
            for row in about["steps"]:
                for state in row["from"]:
                    if (state, event) in rules:
                        raise _wrong(f"{state} / {event}")
                    rules[state, event] = Rule(row["to"], frozenset(row["by"]))
        found = Table(
            roles={name: Role(name, **about) for name, about in given["roles"].items()},
            states={name: State(name, **about) for name, about in given["states"].items()},
            events={name: _event(name, about) for name, about in given["events"].items()},
            fields={name: Field(name, **about) for name, about in given["fields"].items()},
            reason_classes={name: ReasonClass(name, **about) for name, about in given["reason_classes"].items()},
            rules=rules,
        )
    except (KeyError, TypeError, AttributeError) as wrong:
        raise _wrong(str(wrong)) from wrong
    unexplained = _names_used(found) - {*found.states, *found.events, *found.roles, *found.fields}
    if unexplained:
        raise _wrong(", ".join(sorted(unexplained)))
    return found


def _event(name: str, about: Mapping[str, Any]) -> Event:
    text, decision = about.get("text") or {"zh": "", "en": ""}, about.get("decision")
    return Event(
        name,
        about["zh"],
        about["en"],
        needs=tuple(about.get("needs", ())),
        offers=tuple(about.get("offers", ())),
        text=text["zh"],
        text_en=text["en"],
        open_dataset=bool(about.get("open_dataset", False)),
        second_person=tuple(about.get("second_person", ())),
        decision=Named(name, decision["zh"], decision["en"]) if decision else None,
        tells=tuple(about.get("tells", ())),
    )


def _names_used(found: Table) -> set[str]:
    used = {name for (state, _event), rule in found.rules.items() for name in (state, rule.to, *rule.by)}
    for event in found.events.values():
        used |= {*event.needs, *event.offers, *event.second_person, *event.tells}
    return used | {state.waits_for for state in found.states.values() if state.waits_for}


def _wrong(what: str) -> TableError:
    return TableError(f"states.yaml 有误：{what}", f"states.yaml is wrong: {what}")
