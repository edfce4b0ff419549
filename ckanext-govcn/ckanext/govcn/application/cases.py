"""Applications in the database: who sees which, who is who towards one, what happened to it. ADAPTER.

A system administrator is nobody here: only the applicant, the editors of the dataset's department and the bureau see an
application, and a draft only its applicant.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.govcn.access import people, rules
from ckanext.govcn.application.machine import APPLICANT, BUREAU, OWNER, table
from ckanext.govcn.application.model import STEPS, Application
from ckanext.govcn.department.acting import Reader
from ckanext.govcn.workflow.machine import Asker


def find(application_id: str, reader: Reader, *, to_change: bool = False) -> Application | None:
    """The application if this person may see it. `to_change`: nobody else changes it until the transaction ends."""
    query = sa.select(Application).where(Application.id == application_id, _seen_by(reader))
    if to_change:
        query = query.with_for_update(of=Application).execution_options(populate_existing=True)
    return model.Session.scalars(query).one_or_none()


def locked(application_id: str) -> Application | None:
    """The application for the platform itself, to be changed."""
    query = sa.select(Application).where(Application.id == application_id).with_for_update()
    return model.Session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def asker_of(application: Application, reader: Reader) -> Asker:
    """The person towards one application, with the roles that they really have of it."""
    roles: set[str] = set()
    if application.applicant_id == reader.user_id:
        roles.add(APPLICANT)
    if reader.bureau:
        roles.add(BUREAU)
    package = model.Package.get(application.dataset_id)
    if package is not None and package.owner_org in reader.departments:
        roles.add(OWNER)
    return Asker(reader.user_id, roles, _takers(application.id))


def is_open(package: model.Package | None) -> bool:
    """Is the dataset published as 有条件开放 now?"""
    return package is not None and rules.level_of(people.what_of(package)) == "conditional"


def listed(
    reader: Reader, which: str, state: str = "", limit: int = 20, offset: int = 0
) -> tuple[int, list[Application]]:
    """How many there are, and some of them, the latest change first.

    `which`: `mine`; `waiting`, for a step of this person; `all` that this person sees.
    """
    condition = {"mine": _mine, "waiting": _waiting, "all": _seen_by}[which](reader)
    if state:
        condition = sa.and_(condition, Application.state == state)
    rows = sa.select(Application).where(condition).order_by(Application.changed_at.desc(), Application.id)
    count = model.Session.scalar(sa.select(sa.func.count()).select_from(Application).where(condition)) or 0
    return count, list(model.Session.scalars(rows.limit(limit).offset(offset)))


def running(reader: Reader) -> list[Application]:
    """Applications that this person sees as a reviewer and in which a period runs, the longest waiting first."""
    states = [state.name for state in table().states.values() if state.process]
    query = sa.select(Application).where(Application.state.in_(states), seen_as_reviewer(reader))
    return list(model.Session.scalars(query.order_by(Application.submitted_at, Application.id)))


def seen_as_reviewer(reader: Reader) -> sa.ColumnElement[bool]:
    """Submitted applications for which this person acts as bureau or department."""
    ways = [_of_departments(reader)] + ([sa.true()] if reader.bureau else [])
    return sa.and_(Application.submitted_at.is_not(None), sa.or_(*ways))


def unfinished(user_id: str) -> int:
    """How many applications of this person have not ended."""
    finals = [state.name for state in table().states.values() if state.final]
    condition = sa.and_(Application.applicant_id == user_id, Application.state.not_in(finals))
    return model.Session.scalar(sa.select(sa.func.count()).select_from(Application).where(condition)) or 0


def due(today: date) -> list[str]:
    """Ids of the applications whose period is over and that have not ended."""
    states = [state for state, event in table().rules if event == "expire"]
    query = sa.select(Application.id).where(Application.state.in_(states), Application.use_until < today)
    return list(model.Session.scalars(query.order_by(Application.id)))


def in_states(states: list[str]) -> list[Application]:
    """All applications in one of the states, for the platform itself."""
    query = sa.select(Application).where(Application.state.in_(states), Application.submitted_at.is_not(None))
    return list(model.Session.scalars(query.order_by(Application.id)))


def histories(ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The steps of several applications."""
    query = sa.select(STEPS).where(STEPS.c.application_id.in_(ids)).order_by(STEPS.c.id)
    found: dict[str, list[dict[str, Any]]] = {each: [] for each in ids}
    for row in model.Session.execute(query).mappings():
        found[row["application_id"]].append(dict(row))
    return found


def note(application: Application, **step: Any) -> None:
    """Add one step to the history: event, from_state, to_state, role, user_id, reason, reason_class, basis, and detail
    (further fields as texts). Its time is the application's `changed_at`."""
    values = {"application_id": application.id, "at": application.changed_at, **step}
    model.Session.execute(sa.insert(STEPS).values(values))


def history(application_id: str) -> list[dict[str, Any]]:
    """The steps of an application, the first first."""
    return histories([application_id])[application_id]


def decisions(limit: int, offset: int) -> tuple[int, list[dict[str, Any]]]:
    """The public list: what the department decided about datasets that everybody can see, the latest month first.

    Month (Beijing time), kind of subject, outcome and class of reason; nothing of persons, texts or days.
    """
    month = sa.func.to_char(STEPS.c.at.op("AT TIME ZONE")("Asia/Shanghai"), "YYYY-MM").label("month")
    events = [event.name for event in table().events.values() if event.decision]
    source = (
        sa.select(
            model.Package.id.label("dataset_id"),
            model.Package.name.label("dataset_name"),
            model.Package.title.label("dataset_title"),
            month,
            Application.subject_kind,
            STEPS.c.event.label("outcome"),
            STEPS.c.reason_class,
        )
        .select_from(STEPS)
        .join(Application, Application.id == STEPS.c.application_id)
        .join(model.Package, model.Package.id == Application.dataset_id)
        .where(STEPS.c.event.in_(events), people.visible_to(people.ANONYMOUS))
    )
    count = model.Session.scalar(sa.select(sa.func.count()).select_from(source.subquery())) or 0
    # within a month by title: the order in the table would tell the order of the days
    ordered = source.order_by(
        month.desc(), model.Package.title, model.Package.id, STEPS.c.event, Application.subject_kind
    )
    return count, [dict(row) for row in model.Session.execute(ordered.limit(limit).offset(offset)).mappings()]


def _takers(application_id: str) -> dict[str, str]:
    return {row["event"]: row["user_id"] or "" for row in history(application_id)}


def _mine(reader: Reader) -> sa.ColumnElement[bool]:
    return Application.applicant_id == reader.user_id


def _of_departments(reader: Reader) -> sa.ColumnElement[bool]:
    owned = sa.select(model.Package.id).where(model.Package.owner_org.in_(reader.departments))
    return Application.dataset_id.in_(owned)


def _seen_by(reader: Reader) -> sa.ColumnElement[bool]:
    return sa.or_(_mine(reader), seen_as_reviewer(reader))


def _waiting(reader: Reader) -> sa.ColumnElement[bool]:
    """What waits for the bureau or the department, where this person acts for it; who asks never decides."""

    def states(role: str) -> list[str]:
        return [state.name for state in table().states.values() if state.waits_for == role]

    ways = [sa.and_(Application.state.in_(states(OWNER)), _of_departments(reader))]
    if reader.bureau:
        ways.append(Application.state.in_(states(BUREAU)))
    return sa.and_(sa.not_(_mine(reader)), Application.submitted_at.is_not(None), sa.or_(*ways))
