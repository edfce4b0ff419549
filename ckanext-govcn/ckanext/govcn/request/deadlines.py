"""Where requests stand in time, and reminders by the one outbox. ADAPTER."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ckan import model

from ckanext.govcn.dataset import periods
from ckanext.govcn.deadline.period import Period
from ckanext.govcn.deadline.sla import Term
from ckanext.govcn.notice.outbox import To, notify
from ckanext.govcn.request import cases, timing
from ckanext.govcn.request.kinds import BUREAU, DEPARTMENT, Kind, kinds
from ckanext.govcn.request.model import Request

KIND = "request_due"


def begin(request: Request) -> None:
    """Keep the rows that hold at the first submission: a running period keeps the term it began with."""
    request.terms = request.terms or timing.terms_of(periods.settings()[0], kinds()[request.kind])


def offered(kind: Kind) -> list[dict[str, Any]]:
    """办理时限 of a request that is submitted now: `process`, `days` (working days), `basis` and `verified`."""
    return [periods.offered(Term(**term)) for term in timing.terms_of(periods.settings()[0], kind).values()]


def told(request: Request, history: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What pages and actions say of the period that runs now (`periods.told`)."""
    return periods.told(_period_of(request, history))


def remind() -> int:
    """Remind whoever has to act, and the bureau once it is overdue; how many were told now. Asked every day, each is
    told once."""
    sent = 0
    for kind in kinds().values():
        running = [state.name for state in kind.table.states.values() if state.process]
        sent += sum(_remind(request, kind) for request in cases.in_states(kind, running))
    model.Session.commit()
    return sent


def _remind(request: Request, kind: Kind) -> bool:
    period = _period_of(request, cases.history(request.id))
    found = periods.due_reminder(period)
    if period is None or found is None:
        return False
    reminder, due = found
    handler = kind.table.states[request.state].waits_for if "handler" in reminder.to else ""
    to = To(
        departments=(request.department_id,) if handler == DEPARTMENT and request.department_id else (),
        bureau="authority" in reminder.to or handler == BUREAU,
    )
    said = {
        "id": request.id,
        "what": kind.zh,
        "what_en": kind.en,
        "process": period.term.title,
        "process_en": period.term.title_en,
        "due": due.isoformat(),
    }
    return notify(KIND, to, f"request:{request.id}", said, once=f"{request.state}:{reminder.key}") is not None


def _period_of(request: Request, history: Sequence[Mapping[str, Any]]) -> Period | None:
    steps = [(row["event"], periods.day_of(row["at"])) for row in history]
    return timing.period_of(kinds()[request.kind], request.state, request.terms or {}, steps)
