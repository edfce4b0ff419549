"""Numbers of applications: for the public (`transparency` says which), and for those who decide. ADAPTER."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.govcn.access import people
from ckanext.govcn.application import cases, deadlines, transparency
from ckanext.govcn.application.machine import table
from ckanext.govcn.application.model import Application
from ckanext.govcn.application.transparency import Case
from ckanext.govcn.dataset.keeping import Kept
from ckanext.govcn.department.acting import Reader

OVERDUE = "overdue"
KEPT_SECONDS = 300.0
"""Anybody may ask for what is published, which reads every application."""
_DECIDED = {"approve": "approved", "refuse": "refused"}
_Row = tuple[Application, str]


def _public() -> dict[str, Any]:
    """`total` and `departments` of `transparency`, of applications for datasets that everybody can see; `least`: the
    smallest number that is told."""
    found = _submitted(people.visible_to(people.ANONYMOUS))
    histories = cases.histories([application.id for application, _ in found])
    told = transparency.published(
        Case(department, outcome, days if outcome in _DECIDED.values() else None)
        for application, department in found
        for outcome, days in [_outcome(application, histories[application.id])]
    )
    return {
        "least": transparency.LEAST,
        "total": told.total.to_json() if told.total else None,
        "departments": [row.to_json() for row in told.departments],
    }


public = Kept(_public, KEPT_SECONDS)


def of_reader(reader: Reader) -> dict[str, Any]:
    """Everything of what the reader decides about: `states` (numbers by state), `overdue`, and `departments`, each with
    `department`, `received`, the outcomes, `overdue`, and `median_days` of what was decided."""
    found = _submitted(cases.seen_as_reviewer(reader))
    histories = cases.histories([application.id for application, _ in found])
    rows, days = defaultdict[str, Counter[str]](Counter), defaultdict[str, list[int]](list)
    for application, department in found:
        history = histories[application.id]
        outcome, took = _outcome(application, history)
        rows[department].update(["received", outcome, *([OVERDUE] if is_overdue(application, history) else [])])
        if took is not None:
            days[department].append(took)
    named = ("received", *transparency.OUTCOMES, OVERDUE)
    return {
        "states": dict(Counter(application.state for application, _ in found)),
        OVERDUE: sum(row[OVERDUE] for row in rows.values()),
        "departments": [
            {"department": name, **{key: rows[name][key] for key in named}, "median_days": _median(days[name])}
            for name in sorted(rows)
        ],
    }


def is_overdue(application: Application, history: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the period that runs is over."""
    told = deadlines.told(application, history)
    return told is not None and told["state"] == OVERDUE


def _submitted(condition: sa.ColumnElement[bool]) -> list[_Row]:
    """Submitted applications with their department's title; its name without one."""
    query = (
        sa.select(Application, sa.func.coalesce(sa.func.nullif(model.Group.title, ""), model.Group.name, ""))
        .join(model.Package, model.Package.id == Application.dataset_id)
        .outerjoin(model.Group, model.Group.id == model.Package.owner_org)
        .where(Application.submitted_at.is_not(None), condition)
        .order_by(Application.id)
    )
    return [(row[0], row[1]) for row in model.Session.execute(query)]


def _outcome(application: Application, history: Sequence[Mapping[str, Any]]) -> tuple[str, int | None]:
    """What became of it, and the working days from its submission to the decision, without those of 补正."""
    for row in history:
        if row["event"] in _DECIDED:
            return _DECIDED[row["event"]], deadlines.took(application, history, row["at"])
    return ("withdrawn" if table().states[application.state].final else "waiting"), None


def _median(days: Sequence[int]) -> float | None:
    return float(median(days)) if days else None
