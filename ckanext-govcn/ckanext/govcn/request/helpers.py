"""Template helpers: names of states, events and fields in the reader's language, and what their forms offer."""

from __future__ import annotations

from typing import Any

from ckanext.govcn.application import identities
from ckanext.govcn.catalog import codes
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department import acting
from ckanext.govcn.request import cases, deadlines, form
from ckanext.govcn.request.kinds import DEMAND, kinds


def govcn_request_kinds() -> list[dict[str, str]]:
    """Both kinds: `name`, `text`."""
    return [{"name": kind.name, "text": say(kind.zh, kind.en)} for kind in kinds().values()]


def govcn_request_name(kind: str, what: str, name: str) -> str:
    """The name of one of the table's `states`, `events`, `roles`, `fields` or `reason_classes`; the name itself when
    there is none."""
    found = kinds()[kind].table.named(what, name)
    return say(found.zh, found.en) if found else name


def govcn_request_outcome(event: str) -> str:
    """What the public list says of an answer."""
    decision = kinds()[DEMAND].table.events[event].decision
    return say(decision.zh, decision.en) if decision else event


def govcn_request_state(kind: str, name: str) -> Any:
    """A state of the table."""
    return kinds()[kind].table.states[name]


def govcn_request_event(kind: str, name: str) -> Any:
    """An event of the table."""
    return kinds()[kind].table.events[name]


def govcn_request_fields(kind: str) -> list[Any]:
    """The fields of the form."""
    return list(form.forms().fields[kind].values())


def govcn_request_choices(field: Any) -> list[dict[str, str]]:
    """What a field of the form offers."""
    if field.type == "department":
        return govcn_request_departments()
    return [{"value": value, "text": say(*texts)} for value, texts in form.choices(field).items()]


def govcn_request_chosen(field: Any, value: str) -> str:
    """What is read of a field's value."""
    if field.type == "department":
        return cases.department_title(value)
    if field.type == "cycle" and value:
        return say(codes.table(form.CYCLES).label(value), codes.table(form.CYCLES).label_en(value))
    return say(*form.choices(field)[value]) if value in form.choices(field) else value


def govcn_request_departments() -> list[dict[str, str]]:
    """The departments for a select."""
    return [{"value": identifier, "text": title} for identifier, title in cases.departments()]


def govcn_request_reason_classes(kind: str) -> list[dict[str, str]]:
    """Classes of reasons for a select."""
    return [{"value": each.name, "text": say(each.zh, each.en)} for each in kinds()[kind].table.reason_classes.values()]


def govcn_request_levels() -> list[dict[str, str]]:
    """Levels that can be promised, for a select."""
    offered = form.labels("open_type", form.forms().promised_levels)
    return [{"value": value, "text": say(*texts)} for value, texts in offered.items()]


def govcn_request_level(name: str) -> str:
    """A promised level's name."""
    return say(*form.labels("open_type", [name])[name])


def govcn_request_terms(kind: str) -> list[dict[str, Any]]:
    """办理时限 of a request that is submitted now: `process`, `days`, `basis`, `verified`."""
    return deadlines.offered(kinds()[kind])


def govcn_request_identity() -> str:
    """Why the reader could draft, but not submit; empty when they could."""
    return identities.unmet()


def govcn_request_person(user_id: str | None) -> str:
    """The name of who took a step, for those who deal with it."""
    return acting.name_of(user_id)
