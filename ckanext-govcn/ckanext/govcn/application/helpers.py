"""Template helpers: names of states and events in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.govcn.application import deadlines, files, form, identities, machine, papers
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department import acting
from ckanext.govcn.workflow.machine import BASIS, REASON_CLASS
from ckanext.govcn.workflow.table import Named


def govcn_application_name(kind: str, name: str) -> str:
    """The name of one of the table's `states`, `events`, `roles`, `fields` or `reason_classes`, of the form's
    `subject_kinds`, or of the `papers`; the name itself when there is none."""
    own: Mapping[str, Mapping[str, Named]] = {"subject_kinds": form.form().subject_kinds, "papers": papers.kinds()}
    found = own[kind].get(name) if kind in own else machine.table().named(kind, name)
    return say(found.zh, found.en) if found else name


def govcn_application_state(name: str) -> Any:
    """A state of the table."""
    return machine.table().states[name]


def govcn_application_event(name: str) -> Any:
    """An event of the table."""
    return machine.table().events[name]


def govcn_application_fields() -> list[Any]:
    """The fields of the form."""
    return list(form.form().fields.values())


def govcn_application_choices(kind: str) -> list[dict[str, str]]:
    """`reason_classes` or `subject_kinds` for a select."""
    chosen: Mapping[str, Named] = (
        machine.table().reason_classes if kind == "reason_classes" else form.form().subject_kinds
    )
    return [{"value": each.name, "text": say(each.zh, each.en)} for each in chosen.values()]


def govcn_application_identity() -> str:
    """Why the reader could draft, but not submit; empty when they could."""
    return identities.unmet()


def govcn_application_person(user_id: str | None) -> str:
    """A reviewer's name, for reviewers."""
    return acting.name_of(user_id)


def govcn_application_terms() -> list[dict[str, Any]]:
    """办理时限 of an application that is submitted now: `process`, `days`, `basis`, `verified`."""
    return deadlines.offered()


def govcn_application_upload_limits() -> dict[str, int]:
    """`megabytes` of a file, and how many `attachments`."""
    return {"megabytes": int(tk.config[files.SIZE]) >> 20, "attachments": files.most(files.ATTACHMENT)}


def govcn_application_step_fields(event: str) -> list[Any]:
    """What the event asks for in fields of their own: those with a type, and a basis without a class of reasons."""
    about, fields = machine.table().events[event], machine.table().fields
    asked = [fields[name] for name in (*about.needs, *about.offers)]
    return [each for each in asked if each.type or (each.name == BASIS and REASON_CLASS not in about.needs)]
