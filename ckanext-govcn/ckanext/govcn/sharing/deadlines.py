"""Where requests stand in time, and reminders by the one outbox. ADAPTER."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ckan import model

from ckanext.govcn.dataset import periods
from ckanext.govcn.dataset.language import say
from ckanext.govcn.deadline.period import Period, State
from ckanext.govcn.notice.outbox import To, notify
from ckanext.govcn.sharing import cases, timing
from ckanext.govcn.sharing.model import Request
from ckanext.govcn.sharing.rules import BUREAU, PROVIDER, REQUESTER, table
from ckanext.govcn.sharing.timing import Step

KIND = "sharing_due"
_AGREED_EN = "as it was written when this level began (no statutory days were found)"


def begin(request: Request) -> None:
    """Keep the rows that hold at the first submission: a running period keeps the term it began with."""
    request.terms = request.terms or timing.terms_of(periods.settings()[0])


def check_extension(request: Request, history: Sequence[Mapping[str, Any]], days: int, reason: str, on: date) -> None:
    """Raises ExtensionRefused."""
    period = period_of(request, history)
    if period is not None:
        step = Step(timing.EXTENDED, on, request.state, days, reason)
        timing.extended(period, periods.settings()[1], step)


def period_of(request: Request, history: Sequence[Mapping[str, Any]]) -> Period | None:
    """The period that runs now."""
    steps = [
        Step(row["event"], periods.day_of(row["at"]), row["to_state"], row["days"], row["reason"]) for row in history
    ]
    return timing.period_of(request.state, request.terms or {}, steps)


def told(request: Request, history: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What pages and actions say of the period that runs now (`periods.told`)."""
    period = period_of(request, history)
    said = periods.told(period)
    if said is not None and period is not None and period.term.process == timing.DISPUTE:
        said["basis"] = say(period.term.basis, _AGREED_EN)
    return said


def overdue(reader: cases.Reader) -> list[Request]:
    """What this person sees and is overdue, the latest change first."""
    rows = cases.running(reader)
    histories = cases.histories([row.id for row in rows])
    return [row for row in rows if (told(row, histories[row.id]) or {}).get("state") == State.OVERDUE.value]


def remind() -> int:
    """Remind whoever has to act, and the bureau once it is overdue; how many were told now. Asked every day, each is
    told once."""
    sent = 0
    for request in cases.running():
        period = period_of(request, cases.history(request.id))
        found = periods.due_reminder(period)
        if period is None or found is None:
            continue
        reminder, due = found
        role = table().states[request.state].waits_for
        handler = {REQUESTER: request.requester_id, PROVIDER: request.provider_id}.get(role)
        to = To(
            departments=(handler,) if handler and "handler" in reminder.to else (),
            bureau="authority" in reminder.to or (role == BUREAU and "handler" in reminder.to),
        )
        values = {"id": request.id, "process": period.term.title, "process_en": period.term.title_en}
        said = values | {"due": due.isoformat()}
        sent += notify(KIND, to, f"sharing:{request.id}", said, once=f"{request.state}:{reminder.key}") is not None
    model.Session.commit()
    return sent
