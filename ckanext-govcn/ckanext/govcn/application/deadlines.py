"""Where applications stand in time, and reminders by the one outbox. ADAPTER."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ckan import model

from ckanext.govcn.application import cases, timing
from ckanext.govcn.application.machine import BUREAU, OWNER, table
from ckanext.govcn.application.model import Application
from ckanext.govcn.application.timing import Taken
from ckanext.govcn.dataset import periods
from ckanext.govcn.dataset.language import say
from ckanext.govcn.deadline.exceptions import DeadlineError
from ckanext.govcn.deadline.period import Extension, Period, extend
from ckanext.govcn.deadline.sla import Term
from ckanext.govcn.notice.outbox import To, notify

KIND = "application_due"


def begin(application: Application) -> None:
    """Keep the rows that hold at the first submission: a running period keeps the term it began with."""
    application.terms = application.terms or timing.terms_of(periods.settings()[0])


def offered() -> list[dict[str, Any]]:
    """办理时限 of an application that is submitted now: `process`, `days` (working days), `basis` and `verified`, in
    the order in which they run."""
    terms = timing.terms_of(periods.settings()[0])
    running = dict.fromkeys(state.process for state in table().states.values() if state.process)
    return [periods.offered(Term(**terms[process])) for process in running]


def period_of(application: Application, history: Sequence[Mapping[str, Any]]) -> Period | None:
    """The period that runs now."""
    steps = [Taken(row["event"], periods.day_of(row["at"]), row["reason"], row["detail"] or {}) for row in history]
    return timing.period_of(application.state, application.terms or {}, steps)


def extension_refused(application: Application, days: int, reason: str, consent: str) -> str:
    """Why the period that runs is not extended so; empty when it may be."""
    period, today = period_of(application, cases.history(application.id)), periods.today()
    if period is None:
        return say("现在没有办理期限在计算", "No period runs now")
    try:
        extend(period, periods.settings()[1], Extension(days, reason, today, consent))
    except DeadlineError as refusal:
        return say(refusal.message, refusal.message_en)
    return ""


def may_extend(application: Application, history: Sequence[Mapping[str, Any]]) -> bool:
    """Does the table allow an extension that was not used yet?"""
    period = period_of(application, history)
    return period is not None and period.term.extension > 0 and period.extension is None


def told(application: Application, history: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What pages and actions say of the period that runs now (`periods.told`)."""
    return periods.told(period_of(application, history))


def took(application: Application, history: Sequence[Mapping[str, Any]], decided: datetime) -> int | None:
    """Working days from the submission to the decision, without those on which the applicant completed the papers."""
    steps = [Taken(row["event"], periods.day_of(row["at"]), row["reason"], row["detail"] or {}) for row in history]
    return timing.took(steps, periods.settings()[1], periods.day_of(decided))


def remind() -> int:
    """Remind whoever has to act, and the bureau once it is overdue; how many were told now. Asked every day, each is
    told once."""
    sent = 0
    for application in cases.in_states([state.name for state in table().states.values() if state.process]):
        period = period_of(application, cases.history(application.id))
        found = periods.due_reminder(period)
        if period is None or found is None:
            continue
        reminder, due = found
        role = table().states[application.state].waits_for
        package = model.Package.get(application.dataset_id) if role == OWNER and "handler" in reminder.to else None
        to = To(
            departments=(package.owner_org,) if package is not None and package.owner_org else (),
            bureau="authority" in reminder.to or (role == BUREAU and "handler" in reminder.to),
        )
        values = {"id": application.id, "process": period.term.title, "process_en": period.term.title_en}
        said = values | {"due": due.isoformat()}
        once = f"{application.state}:{reminder.key}"
        sent += notify(KIND, to, f"application:{application.id}", said, once=once) is not None
    model.Session.commit()
    return sent
