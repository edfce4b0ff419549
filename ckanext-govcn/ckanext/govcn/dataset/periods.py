"""办理时限 as pages, actions and reminders tell it: the operator's table, and where a period stands. ADAPTER."""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime
from typing import Any

from ckanext.govcn.audit.chain import BEIJING
from ckanext.govcn.dataset.language import say
from ckanext.govcn.deadline.calendar import WorkingCalendar, load_calendar
from ckanext.govcn.deadline.period import Period, Reminder, State, reminder, standing
from ckanext.govcn.deadline.site import config_folder
from ckanext.govcn.deadline.sla import Sla, Term, load_sla


@functools.cache
def settings() -> tuple[Sla, WorkingCalendar]:
    """The operator's table and holidays, read once a process."""
    return load_sla(config_folder()), load_calendar(config_folder())


def today() -> date:
    """The day in Beijing, by which periods end."""
    return day_of(datetime.now(UTC))


def day_of(moment: datetime) -> date:
    """The day in Beijing of a moment."""
    return moment.astimezone(BEIJING).date()


def offered(term: Term) -> dict[str, Any]:
    """A row, for whoever is about to ask: `process`, `days` (working days), `basis`, `verified`."""
    named = say(term.title, term.title_en)
    return {"process": named, "days": term.days, "basis": term.basis, "verified": term.verified}


def told(period: Period | None) -> dict[str, Any] | None:
    """What pages and actions say: process, days, extended (working days of these), stopped (why), due (a date), state,
    left and overdue (working days), basis, verified, and warnings about years without known holidays; None where
    nothing runs."""
    if period is None:
        return None
    now = standing(period, settings()[1], today())
    # the day on which the papers came is not counted either, but nothing is waited for any more
    state = State.RUNNING if now.state is State.STOPPED and period.open_stop is None else now.state
    return {
        "process": say(period.term.title, period.term.title_en),
        "days": period.days,
        "extended": period.extension.days if period.extension else 0,
        "stopped": say(period.open_stop.reason.label, period.open_stop.reason.label_en) if period.open_stop else "",
        "due": now.due.isoformat(),
        "state": state.value,
        "left": now.left,
        "overdue": now.overdue,
        "basis": period.term.basis,
        "verified": period.term.verified,
        "warnings": [say(each.message, each.message_en) for each in now.assumed],
    }


def due_reminder(period: Period | None) -> tuple[Reminder, date] | None:
    """The last reminder whose day has come, and the day on which the period is due; None for none."""
    sla, calendar = settings()
    found = reminder(period, calendar, today(), sla.reminders) if period else None
    if period is None or found is None:
        return None
    return found, standing(period, calendar, found.on).due
