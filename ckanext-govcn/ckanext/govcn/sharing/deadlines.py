"""Where requests stand in time, and reminders by the one outbox. ADAPTER."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from ckan import model

from ckanext.govcn.audit.chain import BEIJING
from ckanext.govcn.dataset.language import say
from ckanext.govcn.deadline.calendar import WorkingCalendar, load_calendar
from ckanext.govcn.deadline.period import Period, State, reminder, standing
from ckanext.govcn.deadline.site import config_folder
from ckanext.govcn.deadline.sla import Sla, load_sla
from ckanext.govcn.notice.outbox import To, notify
from ckanext.govcn.sharing import cases, timing
from ckanext.govcn.sharing.model import Request
from ckanext.govcn.sharing.rules import BUREAU, PROVIDER, REQUESTER, table
from ckanext.govcn.sharing.timing import Step

KIND = "sharing_due"
_AGREED_EN = "as it was written when this level began (no statutory days were found)"


@functools.cache
def _settings() -> tuple[Sla, WorkingCalendar]:
    """The operator's table and holidays, read once a process."""
    return load_sla(config_folder()), load_calendar(config_folder())


def begin(request: Request) -> None:
    """Keep the rows that hold at the first submission: a running period keeps the term it began with."""
    request.terms = request.terms or timing.terms_of(_settings()[0])


def check_extension(request: Request, history: Sequence[Mapping[str, Any]], days: int, reason: str, on: date) -> None:
    """Raises ExtensionRefused."""
    period = period_of(request, history)
    if period is not None:
        step = Step(timing.EXTENDED, on, request.state, days, reason)
        timing.extended(period, _settings()[1], step)


def period_of(request: Request, history: Sequence[Mapping[str, Any]]) -> Period | None:
    """The period that runs now."""
    steps = [Step(row["event"], day_of(row["at"]), row["to_state"], row["days"], row["reason"]) for row in history]
    return timing.period_of(request.state, request.terms or {}, steps)


def told(request: Request, history: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What pages and actions say: process, days, due (a date), state, left and overdue (working days), basis, verified,
    and warnings about years without known holidays; None where nothing runs."""
    period = period_of(request, history)
    if period is None:
        return None
    now = standing(period, _settings()[1], today())
    # the day on which the papers came is not counted either, but nothing is waited for any more
    state = State.RUNNING if now.state is State.STOPPED and period.open_stop is None else now.state
    return {
        "process": say(period.term.title, period.term.title_en),
        "days": period.days,
        "due": now.due.isoformat(),
        "state": state.value,
        "left": now.left,
        "overdue": now.overdue,
        "basis": say(period.term.basis, _AGREED_EN) if period.term.process == timing.DISPUTE else period.term.basis,
        "verified": period.term.verified,
        "warnings": [say(each.message, each.message_en) for each in now.assumed],
    }


def overdue(reader: cases.Reader) -> list[Request]:
    """What this person sees and is overdue, the latest change first."""
    rows = cases.running(reader)
    histories = cases.histories([row.id for row in rows])
    return [row for row in rows if (told(row, histories[row.id]) or {}).get("state") == State.OVERDUE.value]


def remind() -> int:
    """Remind whoever has to act, and the bureau once it is overdue; how many were told now. Asked every day, each is
    told once."""
    sla, calendar = _settings()
    sent = 0
    for request in cases.running():
        period = period_of(request, cases.history(request.id))
        found = reminder(period, calendar, today(), sla.reminders) if period else None
        if period is None or found is None:
            continue
        role = table().states[request.state].waits_for
        handler = {REQUESTER: request.requester_id, PROVIDER: request.provider_id}.get(role)
        to = To(
            departments=(handler,) if handler and "handler" in found.to else (),
            bureau="authority" in found.to or (role == BUREAU and "handler" in found.to),
        )
        due = standing(period, calendar, found.on).due
        values = {"id": request.id, "process": period.term.title, "process_en": period.term.title_en}
        said = values | {"due": due.isoformat()}
        sent += notify(KIND, to, f"sharing:{request.id}", said, once=f"{request.state}:{found.key}") is not None
    model.Session.commit()
    return sent


def today() -> date:
    """The day in Beijing."""
    return day_of(datetime.now(BEIJING))


def day_of(moment: datetime) -> date:
    """The day in Beijing of a moment."""
    return moment.astimezone(BEIJING).date()
