"""Requests in the database: who sees which, who is who towards one, what happened to it. ADAPTER.

A system administrator is nobody here: only the clerks (admins and editors) of the two departments and the bureau see a
request, and one that was never submitted only the department that asks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.govcn.access import people
from ckanext.govcn.catalog.text import storable
from ckanext.govcn.department import acting
from ckanext.govcn.sharing.model import STEPS, Request
from ckanext.govcn.sharing.rules import BUREAU, PROVIDER, REQUESTER, roles_of, table
from ckanext.govcn.workflow.machine import Asker


@dataclass(frozen=True, slots=True)
class Reader(acting.Reader):
    """A person who asks for requests: `confirmed` are those of their departments that the bureau confirmed."""

    confirmed: tuple[str, ...]

    @property
    def clerk(self) -> bool:
        """Is there anything of the ledger for this person?"""
        return bool(self.departments) or self.bureau


def reader_of(user: model.User) -> Reader:
    """The person, as the ledger sees them."""
    person = acting.reader_of(user)
    departments = tuple(sorted(person.departments))
    confirmed = people.confirmed_departments(set(departments))
    return Reader(person.user_id, departments, person.bureau, tuple(each for each in departments if each in confirmed))


def find(request_id: str, reader: Reader, *, to_change: bool = False) -> Request | None:
    """The request if this person may see it. `to_change`: nobody else changes it until the transaction ends."""
    query = sa.select(Request).where(Request.id == storable(request_id), _seen_by(reader))
    return model.Session.scalars(_locking(query) if to_change else query).one_or_none()


def locked(request_id: str) -> Request | None:
    """The request for the platform itself, to be changed."""
    return model.Session.scalars(_locking(sa.select(Request).where(Request.id == storable(request_id)))).one_or_none()


def asker_of(request: Request, reader: Reader) -> Asker:
    """The person towards one request, with the roles that they really have of it."""
    roles = roles_of(
        requester=request.requester_id in reader.departments,
        provider=request.provider_id in reader.departments,
        bureau=reader.bureau,
    )
    return Asker(reader.user_id, roles, {row["event"]: row["user_id"] or "" for row in history(request.id)})


def listed(
    reader: Reader, which: str, state: str = "", limit: int | None = 20, offset: int = 0
) -> tuple[int, list[Request]]:
    """How many there are, and some of them, the latest change first.

    `which`: `asked` by this person's departments; `received` by them; `waiting`, for a step of this person; `all` that
    this person sees.
    """
    conditions = {"asked": _asked, "received": _received, "waiting": _waiting, "all": _seen_by}
    condition = conditions[which](reader)
    if state:
        condition = sa.and_(condition, Request.state == state)
    rows = sa.select(Request).where(condition).order_by(Request.changed_at.desc(), Request.id)
    count = model.Session.scalar(sa.select(sa.func.count()).select_from(Request).where(condition)) or 0
    return count, list(model.Session.scalars(rows.limit(limit).offset(offset)))


def running(reader: Reader | None = None) -> list[Request]:
    """All that somebody has to act on in time: those that a person sees, or all for the platform itself."""
    states = [state.name for state in table().states.values() if state.process]
    seen = _seen_by(reader) if reader else sa.true()
    query = sa.select(Request).where(Request.state.in_(states), seen)
    return list(model.Session.scalars(query.order_by(Request.changed_at.desc(), Request.id)))


def everything() -> list[Request]:
    """The whole ledger, for the operator."""
    return list(model.Session.scalars(sa.select(Request).order_by(Request.created_at, Request.id)))


def due(today: date) -> list[str]:
    """Ids of the requests whose time of use is over and that end by it."""
    states = [state for state, event in table().rules if event == "expire"]
    query = sa.select(Request.id).where(Request.state.in_(states), Request.use_until < today)
    return list(model.Session.scalars(query.order_by(Request.id)))


def of_department(requester_id: str) -> list[Request]:
    """What a department asked for and did not withdraw."""
    return list(
        model.Session.scalars(
            sa.select(Request).where(Request.requester_id == requester_id, Request.state != "withdrawn")
        )
    )


def histories(ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The steps of several requests, the first first."""
    query = sa.select(STEPS).where(STEPS.c.request_id.in_(list(ids))).order_by(STEPS.c.id)
    found: dict[str, list[dict[str, Any]]] = {each: [] for each in ids}
    for row in model.Session.execute(query).mappings():
        found[row["request_id"]].append(dict(row))
    return found


def history(request_id: str) -> list[dict[str, Any]]:
    """The steps of one request, the first first."""
    return histories([request_id])[request_id]


def note(request: Request, **step: Any) -> None:
    """Add one step to the history. Its time is the request's `changed_at`."""
    values = {"request_id": request.id, "at": request.changed_at, **step}
    model.Session.execute(sa.insert(STEPS).values(values))


def departments(ids: Collection[str]) -> Mapping[str, tuple[str, str]]:
    """Organization → its URL name and title."""
    group = model.Group
    rows = model.Session.execute(sa.select(group.id, group.name, group.title).where(group.id.in_(list(ids))))
    return {row[0]: (row[1], row[2] or row[1]) for row in rows}


def department(text: str) -> str | None:
    """The id of the confirmed department that is meant by an id, a URL name or a title that only one has."""
    group, text = model.Group, storable(text)
    wanted = sa.or_(group.id == text, group.name == text, group.title == text)
    query = sa.select(group.id).where(wanted, group.is_organization.is_(True), group.state == "active")
    found = people.confirmed_departments(set(model.Session.scalars(query)))
    return found.pop() if len(found) == 1 else None


def datasets(ids: Collection[str], reader: str | None) -> Mapping[str, str]:
    """Dataset → its URL name, of those that the user with this id may see now; None: the operator."""
    package = model.Package
    seen = set(ids) if reader is None else visible(reader, set(ids))
    rows = model.Session.execute(sa.select(package.id, package.name).where(package.id.in_(list(seen))))
    return {row[0]: row[1] for row in rows}


def visible(user_id: str, ids: set[str]) -> set[str]:
    """Those of the datasets that the user may see now: not by being a system administrator."""
    return people.visible_ids(replace(people.who_is(model.User.get(user_id)), sysadmin=False), ids)


def _locking(query: sa.Select[tuple[Request]]) -> sa.Select[tuple[Request]]:
    return query.with_for_update(of=Request).execution_options(populate_existing=True)


def _asked(reader: Reader) -> sa.ColumnElement[bool]:
    return Request.requester_id.in_(reader.departments)


def _received(reader: Reader) -> sa.ColumnElement[bool]:
    return sa.and_(Request.provider_id.in_(reader.departments), Request.submitted_at.is_not(None))


def _seen_by(reader: Reader) -> sa.ColumnElement[bool]:
    ways = [_asked(reader), _received(reader)]
    return sa.or_(*ways, *([Request.submitted_at.is_not(None)] if reader.bureau else []))


def _waiting(reader: Reader) -> sa.ColumnElement[bool]:
    """What waits for a step that this person could take: who asks never decides, who provides is not the bureau."""

    def states(role: str) -> list[str]:
        return [state.name for state in table().states.values() if state.waits_for == role]

    not_asking = sa.not_(_asked(reader))
    ways = [
        sa.and_(Request.state.in_(states(REQUESTER)), _asked(reader)),
        sa.and_(Request.state.in_(states(PROVIDER)), _received(reader), not_asking),
    ]
    if reader.bureau:
        not_providing = Request.provider_id.not_in(reader.departments)
        ways.append(sa.and_(Request.state.in_(states(BUREAU)), not_asking, not_providing))
    return sa.or_(*ways)
