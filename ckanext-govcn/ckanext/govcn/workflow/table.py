"""The table of a workflow, PURE: roles, states, events, and which step leads where. YAML in, `Table` out.

The file has `roles`, `states` (the first is where a case begins), `events` with their `steps`, `fields` and, where
steps ask for one, `reason_classes`. A name that nothing explains and two rules of one step are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, cast

import yaml

from ckanext.govcn.workflow.exceptions import TableError


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a name in both languages."""

    name: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Role(Named):
    """Who takes steps. `asks`: the case is theirs; `decides`: reviews, decides or supervises, so never who asks."""

    asks: bool = False
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
    """What a step can ask for: at most `limit` characters. `type`: date (ISO 8601), number (whole, above 0), line, or
    empty for what is not asked in a field of its own. `withheld` from whoever asks."""

    limit: int = 0
    type: str = ""
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class ReasonClass(Named):
    """Why something is refused, as a public list says it."""

    needs_basis: bool = False


@dataclass(frozen=True, slots=True)
class Event(Named):
    """What can happen. `needs`: fields that must be given, `offers`: that may be. `text`, `text_en`: what the field
    `reason` holds; `decision`: what a public list says. `open_dataset`: only while the dataset is published as
    有条件开放. `second_person`: never by whoever last took one of these. `tells`: roles that are told."""

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
    """A workflow: everything by name, in the file's order; `rules` by state and event."""

    roles: Mapping[str, Role]
    states: Mapping[str, State]
    events: Mapping[str, Event]
    fields: Mapping[str, Field]
    reason_classes: Mapping[str, ReasonClass]
    rules: Mapping[tuple[str, str], Rule]

    @property
    def first(self) -> str:
        """The state in which a case begins."""
        return next(iter(self.states))

    def named(self, kind: str, name: str) -> Named | None:
        """One of the `states`, `events`, `roles`, `fields` or `reason_classes`. Raises KeyError for another kind."""
        kinds: dict[str, Mapping[str, Named]] = {
            "states": self.states,
            "events": self.events,
            "roles": self.roles,
            "fields": self.fields,
            "reason_classes": self.reason_classes,
        }
        return kinds[kind].get(name)


def load(package: str, file: str = "states.yaml") -> Table:
    """The table that lies beside a package's code. Raises TableError."""
    text = resources.files(package).joinpath(file).read_text("utf-8")
    return table_of(yaml.safe_load(text), f"{package}/{file}")


def table_of(given: Mapping[str, Any], where: str) -> Table:
    """A table from its parsed YAML; `where` names the file in what is said of it. Raises TableError."""
    try:
        found = _table(given)
    except (KeyError, TypeError, AttributeError, _TwoRulesError) as wrong:
        raise _wrong(where, str(wrong)) from wrong
    unexplained = _names_used(found) - {*found.states, *found.events, *found.roles, *found.fields}
    if unexplained:
        raise _wrong(where, ", ".join(sorted(unexplained)))
    return found


class _TwoRulesError(Exception):
    """One step leads to two states."""


def _table(given: Mapping[str, Any]) -> Table:
    rules: dict[tuple[str, str], Rule] = {}
    for event, about in cast("dict[str, dict[str, Any]]", given["events"]).items():
        for row in about["steps"]:
            for state in row["from"]:
                if (state, event) in rules:
                    raise _TwoRulesError(f"{state} / {event}")
                rules[state, event] = Rule(row["to"], frozenset(row["by"]))
    return Table(
        roles={name: Role(name, **about) for name, about in given["roles"].items()},
        states={name: State(name, **about) for name, about in given["states"].items()},
        events={name: _event(name, about) for name, about in given["events"].items()},
        fields={name: Field(name, **about) for name, about in given["fields"].items()},
        reason_classes={name: ReasonClass(name, **about) for name, about in given.get("reason_classes", {}).items()},
        rules=rules,
    )


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


def _wrong(where: str, what: str) -> TableError:
    return TableError(f"{where} 有误：{what}", f"{where} is wrong: {what}")
