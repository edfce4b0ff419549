"""Requests in the database: who sees which, who is who towards one, what happened to it. ADAPTER.

A system administrator is nobody here: only who asked, the editors of the department in charge and the bureau see a
request, and a draft only who writes it. Nobody but the audit log is told who asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import insert

from ckanext.govcn.access import people, rules
from ckanext.govcn.catalog.text import storable
from ckanext.govcn.department.acting import Reader
from ckanext.govcn.request.kinds import BUREAU, CORRECTION, DEMAND, DEPARTMENT, Kind, kinds, title_shown
from ckanext.govcn.request.model import STEPS, SUPPORTS, Request
from ckanext.govcn.workflow.machine import Asker

WITHDRAWN, UPHOLD = "withdrawn", "uphold"


def find(request_id: str, reader: Reader, *, to_change: bool = False) -> Request | None:
    """The request if this person may see it. `to_change`: nobody else changes it until the transaction ends."""
    query = sa.select(Request).where(Request.id == storable(request_id), _seen_by(reader))
    if to_change:
        query = query.with_for_update(of=Request).execution_options(populate_existing=True)
    return model.Session.scalars(query).one_or_none()


def locked(request_id: str) -> Request | None:
    """The request for the platform itself, to be changed."""
    query = sa.select(Request).where(Request.id == request_id).with_for_update()
    return model.Session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def asker_of(request: Request, reader: Reader) -> Asker:
    """The person towards one request, with the roles that they really have of it."""
    roles: set[str] = set()
    if request.asker_id == reader.user_id:
        roles.add(kinds()[request.kind].asking)
    if reader.bureau:
        roles.add(BUREAU)
    if request.department_id in reader.departments:
        roles.add(DEPARTMENT)
    return Asker(reader.user_id, roles, _takers(request.id))


def listed(  # noqa: PLR0913 (a list is all of these)
    reader: Reader, which: str, *, kind: str = "", state: str = "", limit: int = 20, offset: int = 0
) -> tuple[int, list[Request]]:
    """How many there are, and some of them.

    `which`: `mine`; `waiting`, for a step of this person, whatever came first first; `all` that this person sees, the
    latest change first.
    """
    condition = {"mine": _mine, "waiting": _waiting, "all": _seen_by}[which](reader)
    for column, value in ((Request.kind, kind), (Request.state, state)):
        if value:
            condition = sa.and_(condition, column == value)
    order = Request.submitted_at if which == "waiting" else Request.changed_at.desc()
    rows = sa.select(Request).where(condition).order_by(order, Request.id)
    count = model.Session.scalar(sa.select(sa.func.count()).select_from(Request).where(condition)) or 0
    return count, list(model.Session.scalars(rows.limit(limit).offset(offset)))


def unfinished(user_id: str, kind: Kind) -> int:
    """How many requests of this kind and person have not ended."""
    condition = sa.and_(Request.asker_id == user_id, Request.kind == kind.name, Request.state.not_in(kind.finals))
    return model.Session.scalar(sa.select(sa.func.count()).select_from(Request).where(condition)) or 0


def in_states(kind: Kind, states: list[str]) -> list[Request]:
    """All requests of a kind in one of the states, for the platform itself."""
    query = sa.select(Request).where(
        Request.kind == kind.name, Request.state.in_(states), Request.submitted_at.is_not(None)
    )
    return list(model.Session.scalars(query.order_by(Request.id)))


def unchanged_since(kind: Kind, states: list[str], moment: datetime) -> list[str]:
    """Ids of the requests that have been in one of the states since before `moment`."""
    query = sa.select(Request.id).where(
        Request.kind == kind.name, Request.state.in_(states), Request.changed_at < moment
    )
    return list(model.Session.scalars(query.order_by(Request.id)))


def histories(ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The steps of several requests."""
    query = sa.select(STEPS).where(STEPS.c.request_id.in_(ids)).order_by(STEPS.c.id)
    found: dict[str, list[dict[str, Any]]] = {each: [] for each in ids}
    for row in model.Session.execute(query).mappings():
        found[row["request_id"]].append(dict(row))
    return found


def history(request_id: str) -> list[dict[str, Any]]:
    """The steps of a request, the first first."""
    return histories([request_id])[request_id]


def note(request: Request, **step: Any) -> None:
    """Add one step to the history, by the columns of `STEPS`. Its time is the request's `changed_at`."""
    values = {"request_id": request.id, "at": request.changed_at, **step}
    model.Session.execute(sa.insert(STEPS).values(values))


def public_dataset(identifier: str) -> model.Package | None:
    """The dataset, by id, URL name or address, if everybody can see its entry. One that is closed is none."""
    package = model.Package.get(storable(identifier).rstrip("/").rsplit("/", 1)[-1])
    if package is None or package.id not in people.visible_ids(people.ANONYMOUS, {package.id}):
        return None
    return package


def titles(requests: Sequence[Request], reader: Reader) -> dict[str, str]:
    """The titles by request, empty where they would tell of a dataset that was closed (`title_shown`)."""
    ids = {each.dataset_id for each in requests if each.kind == CORRECTION and each.dataset_id}
    public_ids = people.visible_ids(people.ANONYMOUS, ids)
    owners = sa.select(model.Package.id).where(
        model.Package.id.in_(ids), model.Package.owner_org.in_(reader.departments)
    )
    owned = set(model.Session.scalars(owners))
    return {
        each.id: each.title
        if title_shown(
            each.kind, public=each.dataset_id in public_ids, owns=each.dataset_id in owned, bureau=reader.bureau
        )
        else ""
        for each in requests
    }


def level_of(package: model.Package) -> str:
    """The level in force of a dataset (access/rules.py)."""
    return rules.level_of(people.what_of(package))


def departments() -> list[tuple[str, str]]:
    """Id and title of the organizations, by title."""
    group = model.Group
    query = sa.select(group.id, sa.func.coalesce(sa.func.nullif(group.title, ""), group.name).label("title")).where(
        group.is_organization.is_(True), group.state == "active"
    )
    return [tuple(row) for row in model.Session.execute(query.order_by("title", group.id))]


def department_title(department_id: str | None) -> str:
    """The title of an organization, empty for none."""
    group = model.Group.get(department_id) if department_id else None
    return (group.title or group.name) if group is not None and group.is_organization else ""


def is_department(department_id: str) -> bool:
    """Is it the id of an organization?"""
    group = model.Session.get(model.Group, storable(department_id))
    return group is not None and group.is_organization and group.state == "active"


def published(reader: Reader | None, limit: int, offset: int) -> tuple[int, list[dict[str, Any]]]:
    """The public list: what was asked for, as the bureau says it, since it was taken up; the latest month first.

    Month (Beijing time) in which it was taken up, department, state, answer, and how many others need it; nothing of
    persons, texts or days. The basis of a refusal is what a department wrote, so it is empty until the bureau has read
    and upheld the answer. The dataset of an answer is named while everybody can see it. `supported`: by this reader.
    """
    month = sa.func.to_char(Request.accepted_at.op("AT TIME ZONE")("Asia/Shanghai"), "YYYY-MM").label("month")
    answer = _last_answers()
    package = model.Package
    shown = sa.and_(package.id == answer.c.dataset_id, people.visible_to(people.ANONYMOUS))
    supports = sa.select(sa.func.count()).where(SUPPORTS.c.request_id == Request.id).scalar_subquery()
    own = reader.user_id if reader is not None else ""
    upheld = sa.exists().where(STEPS.c.request_id == Request.id, STEPS.c.event == UPHOLD)
    mine = sa.exists().where(SUPPORTS.c.request_id == Request.id, SUPPORTS.c.user_id == own)
    source = (
        sa.select(
            Request.id,
            Request.public_title.label("title"),
            month,
            Request.department_id,
            Request.state,
            answer.c.event.label("outcome"),
            answer.c.reason_class,
            sa.case((upheld, answer.c.basis), else_="").label("basis"),
            answer.c.promised_on,
            answer.c.promised_level,
            package.name.label("dataset_name"),
            package.title.label("dataset_title"),
            supports.label("supporters"),
            mine.label("supported"),
        )
        .select_from(Request)
        .outerjoin(answer, answer.c.request_id == Request.id)
        .outerjoin(package, shown)
        .where(_public())
    )
    count = model.Session.scalar(sa.select(sa.func.count()).select_from(Request).where(_public())) or 0
    # within a month by how many need it and by title: the order in the table would tell the order of the days
    ordered = source.order_by(month.desc(), sa.desc("supporters"), Request.public_title, Request.id)
    return count, [dict(row) for row in model.Session.execute(ordered.limit(limit).offset(offset)).mappings()]


def public(request_id: str) -> Request | None:
    """The request if it is in the public list."""
    query = sa.select(Request).where(Request.id == storable(request_id), _public())
    return model.Session.scalars(query).one_or_none()


def support(request_id: str, user_id: str, *, wanted: bool) -> int:
    """我也需要, once a person, or no longer; how many there are now."""
    whose = sa.and_(SUPPORTS.c.request_id == request_id, SUPPORTS.c.user_id == user_id)
    if wanted:
        values = {"request_id": request_id, "user_id": user_id}
        model.Session.execute(insert(SUPPORTS).values(values).on_conflict_do_nothing())
    else:
        model.Session.execute(sa.delete(SUPPORTS).where(whose))
    return supporters(request_id)


def supporters(request_id: str) -> int:
    """How many others need it."""
    query = sa.select(sa.func.count()).select_from(SUPPORTS).where(SUPPORTS.c.request_id == request_id)
    return model.Session.scalar(query) or 0


def _last_answers() -> sa.Subquery:
    last = (
        sa.select(STEPS)
        .where(STEPS.c.event.in_(kinds()[DEMAND].answers))
        .distinct(STEPS.c.request_id)
        .order_by(STEPS.c.request_id, STEPS.c.id.desc())
    )
    return last.subquery()


def _public() -> sa.ColumnElement[bool]:
    return sa.and_(Request.kind == DEMAND, Request.accepted_at.is_not(None), Request.state != WITHDRAWN)


def _takers(request_id: str) -> dict[str, str]:
    return {row["event"]: row["user_id"] or "" for row in history(request_id)}


def _mine(reader: Reader) -> sa.ColumnElement[bool]:
    return Request.asker_id == reader.user_id


def _seen_by(reader: Reader) -> sa.ColumnElement[bool]:
    ways = [Request.department_id.in_(reader.departments)] + ([sa.true()] if reader.bureau else [])
    return sa.or_(_mine(reader), sa.and_(Request.submitted_at.is_not(None), sa.or_(*ways)))


def _waiting(reader: Reader) -> sa.ColumnElement[bool]:
    """What waits for the bureau or the department, where this person acts for it; who asks never decides."""
    ways: list[sa.ColumnElement[bool]] = []
    for kind in kinds().values():
        turns: dict[str, sa.ColumnElement[bool]] = {DEPARTMENT: Request.department_id.in_(reader.departments)}
        if reader.bureau:
            turns[BUREAU] = sa.true()
        ways += [
            sa.and_(Request.kind == kind.name, Request.state.in_(kind.waiting_for(role)), theirs)
            for role, theirs in turns.items()
        ]
    return sa.and_(sa.not_(_mine(reader)), Request.submitted_at.is_not(None), sa.or_(*ways))
