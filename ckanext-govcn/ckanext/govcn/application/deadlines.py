"""Where applications stand in time, and reminders by the one outbox. ADAPTER."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from ckan import model

from ckanext.govcn.application import cases, timing
from ckanext.govcn.application.machine import BUREAU, OWNER, table
from ckanext.govcn.application.model import Application
from ckanext.govcn.application.timing import Taken
from ckanext.govcn.audit.chain import BEIJING
from ckanext.govcn.dataset.language import say
from ckanext.govcn.deadline.calendar import WorkingCalendar, load_calendar
from ckanext.govcn.deadline.exceptions import DeadlineError
from ckanext.govcn.deadline.period import Extension, Period, State, extend, reminder, standing
from ckanext.govcn.deadline.site import config_folder
from ckanext.govcn.deadline.sla import Sla, Term, load_sla
from ckanext.govcn.notice.outbox import To, notify

KIND = "application_due"


@functools.cache
def _settings() -> tuple[Sla, WorkingCalendar]:
    """The operator's table and holidays, read once a process."""
    return load_sla(config_folder()), load_calendar(config_folder())


def begin(application: Application) -> None:
    """Keep the rows that hold at the first submission: a running period keeps the term it began with."""
    application.terms = application.terms or timing.terms_of(_settings()[0])


def offered() -> list[dict[str, Any]]:
    """办理时限 of an application that is submitted now: `process`, `days` (working days), `basis` and `verified`, in
    the order in which they run."""
    terms = timing.terms_of(_settings()[0])
    running = dict.fromkeys(state.process for state in table().states.values() if state.process)
    return [_offered(Term(**terms[process])) for process in running]


def _offered(term: Term) -> dict[str, Any]:
    named = say(term.title, term.title_en)
    return {"process": named, "days": term.days, "basis": term.basis, "verified": term.verified}


def period_of(application: Application, history: Sequence[Mapping[str, Any]]) -> Period | None:
    """The period that runs now."""
    steps = [Taken(row["event"], _day(row["at"]), row["reason"], row["detail"] or {}) for row in history]
    return timing.period_of(application.state, application.terms or {}, steps)


def extension_refused(application: Application, days: int, reason: str, consent: str) -> str:
    """Why the period that runs is not extended so; empty when it may be."""
    period, today = period_of(application, cases.history(application.id)), _day(datetime.now(BEIJING))
    if period is None:
        return say("现在没有办理期限在计算", "No period runs now")
    try:
        extend(period, _settings()[1], Extension(days, reason, today, consent))
    except DeadlineError as refusal:
        return say(refusal.message, refusal.message_en)
    return ""


def may_extend(application: Application, history: Sequence[Mapping[str, Any]]) -> bool:
    """Does the table allow an extension that was not used yet?"""
    period = period_of(application, history)
    return period is not None and period.term.extension > 0 and period.extension is None


def told(application: Application, history: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What pages and actions say: process, days, extended (working days of these), stopped (why), due (a date), state,
    left and overdue (working days), basis, verified, and warnings about years without known holidays; None where
    nothing runs."""
    period = period_of(application, history)
    if period is None:
        return None
    now = standing(period, _settings()[1], _day(datetime.now(BEIJING)))
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


def took(application: Application, history: Sequence[Mapping[str, Any]], decided: datetime) -> int | None:
    """Working days from the submission to the decision, without those on which the applicant completed the papers."""
    steps = [Taken(row["event"], _day(row["at"]), row["reason"], row["detail"] or {}) for row in history]
    return timing.took(steps, _settings()[1], _day(decided))


def remind() -> int:
    """Remind whoever has to act, and the bureau once it is overdue; how many were told now. Asked every day, each is
    told once."""
    sla, calendar = _settings()
    sent = 0
    for application in cases.in_states([state.name for state in table().states.values() if state.process]):
        period = period_of(application, cases.history(application.id))
        found = reminder(period, calendar, _day(datetime.now(BEIJING)), sla.reminders) if period else None
        if period is None or found is None:
            continue
        role = table().states[application.state].waits_for
        package = model.Package.get(application.dataset_id) if role == OWNER and "handler" in found.to else None
        to = To(
            departments=(package.owner_org,) if package is not None and package.owner_org else (),
            bureau="authority" in found.to or (role == BUREAU and "handler" in found.to),
        )
        due = standing(period, calendar, found.on).due
        values = {"id": application.id, "process": period.term.title, "process_en": period.term.title_en}
        said = values | {"due": due.isoformat()}
        sent += (
            notify(KIND, to, f"application:{application.id}", said, once=f"{application.state}:{found.key}") is not None
        )
    model.Session.commit()
    return sent


def _day(moment: datetime) -> date:
    return moment.astimezone(BEIJING).date()
