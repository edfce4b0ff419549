"""办理时限 of a request, PURE: which period runs in a state, from its history.

The answer is counted from the first submission and stands still during 补正; the data from the day it was agreed to
(`deadline/sla.yaml`, share_request and share_delivery). No rule was found for the days of a dispute's levels: each
level has the days that it was given when it began.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from ckanext.govcn.deadline.calendar import WorkingCalendar
from ckanext.govcn.deadline.period import Extension, Period, Stop, StopReason, extend
from ckanext.govcn.deadline.sla import Sla, Term
from ckanext.govcn.sharing.rules import table

REQUEST, DELIVERY, DISPUTE = "share_request", "share_delivery", "share_dispute"
TYPES = {REQUEST: "conditional", DELIVERY: ""}
"""条例第二十二条 knows 无条件 and 有条件; what is 不予共享 is answered in the time of 有条件."""
LEVELS = ("dispute", "coordinate", "appeal")
ASKED, SUBMITTED, EXTENDED = "ask_correction", "submit", "extend"
CONSENT = "数据主管部门"


@dataclass(frozen=True, slots=True)
class Step:
    """What of a step counts: its day in Beijing, where it led, and the days and the reason it gave."""

    event: str
    day: date
    to: str
    days: int | None = None
    reason: str = ""


def terms_of(sla: Sla) -> dict[str, dict[str, Any]]:
    """The rows that hold for a request which is submitted now, to be stored with it."""
    return {process: asdict(sla.term(process, type_)) for process, type_ in TYPES.items()}


def period_of(state: str, terms: Mapping[str, Mapping[str, Any]], steps: Sequence[Step]) -> Period | None:
    """The period that runs in this state, or None. `terms` as stored, `steps` in order."""
    process = table().states[state].process
    if process == REQUEST and process in terms:
        return _answer(Term(**terms[process]), steps)
    if process == DELIVERY and process in terms:
        agreed = [step.day for step in steps if step.to == "agreed"]
        return Period(Term(**terms[process]), agreed[-1]) if agreed else None
    opened = [step for step in steps if step.event in LEVELS and step.days]
    return _level(state, opened[-1]) if process == DISPUTE and opened else None


def extended(period: Period, calendar: WorkingCalendar, step: Step) -> Period:
    """The answer's time with the days that the bureau consents to: once, in time, within the table's days. Raises
    ExtensionRefused."""
    return extend(period, calendar, _extension(step))


def _answer(term: Term, steps: Sequence[Step]) -> Period | None:
    submissions = [step.day for step in steps if step.event == SUBMITTED]
    if not submissions:
        return None
    asked = next((step.day for step in steps if step.event == ASKED), None)
    again = submissions[1] if len(submissions) > 1 else None
    stops = (Stop(StopReason.SUPPLEMENT, asked, again),) if asked else ()
    longer = next((step for step in steps if step.event == EXTENDED), None)
    return Period(term, submissions[0], stops, _extension(longer) if longer else None)


def _extension(step: Step) -> Extension:
    return Extension(step.days or 0, step.reason, step.day, CONSENT)


def _level(state: str, opened: Step) -> Period:
    named = table().states[state]
    term = Term(
        process=DISPUTE,
        type=state,
        title=named.zh,
        title_en=named.en,
        days=opened.days or 0,
        extension=0,
        consent="",
        regulation="提出时写明的期限（没有查到法定天数）",
        article="",
        edition="",
        verified=False,
        origin="三级争议解决机制；各级天数由提出方写明",
    )
    return Period(term, opened.day)
