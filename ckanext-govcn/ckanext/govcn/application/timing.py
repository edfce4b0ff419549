"""办理时限 of an application, PURE: which period runs in a state, from its history.

A period is that of the deadline table (`deadline/sla.yaml`), counted from the first submission, or from the request to
renew. It stands still while the applicant completes the papers (补正), while the right holder is asked
(征求权利人意见) and while experts review (专家评审), and is extended at most once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from ckanext.govcn.application.machine import table
from ckanext.govcn.deadline.calendar import WorkingCalendar
from ckanext.govcn.deadline.period import Extension, Period, Stop, StopReason
from ckanext.govcn.deadline.sla import Sla, Term

TYPE = "conditional"
SUBMITTED, RENEWED, EXTENDED = "submit", "renew", "extend"
STOPS = {
    "ask_correction": StopReason.SUPPLEMENT,
    "ask_right_holder": StopReason.RIGHT_HOLDER,
    "ask_experts": StopReason.EXPERT_REVIEW,
}
"""Events with which the period stands still, until one of `GOES_ON`."""
GOES_ON = frozenset({SUBMITTED, "continue_review"})


@dataclass(frozen=True, slots=True)
class Taken:
    """A step of the history: which, on which day in Beijing, why, and its further fields."""

    event: str
    on: date
    reason: str = ""
    detail: Mapping[str, str] = field(default_factory=dict[str, str])


def terms_of(sla: Sla) -> dict[str, dict[str, Any]]:
    """The rows that hold for an application which is submitted now, to be stored with it."""
    processes = {state.process for state in table().states.values() if state.process}
    return {process: asdict(sla.term(process, TYPE)) for process in sorted(processes)}


def period_of(state: str, terms: Mapping[str, Mapping[str, Any]], steps: Sequence[Taken]) -> Period | None:
    """The period that runs in this state, or None. `terms` as stored, `steps` in order."""
    term = terms.get(table().states[state].process)
    begins = [place for place, step in enumerate(steps) if step.event in (SUBMITTED, RENEWED)]
    if term is None or not begins:
        return None
    renewals = [place for place in begins if steps[place].event == RENEWED]
    counted = steps[renewals[-1] if renewals else begins[0] :]
    extension = next((_extension(step) for step in counted if step.event == EXTENDED), None)
    return Period(Term(**term), counted[0].on, tuple(_stops(counted)), extension)


def _stops(steps: Sequence[Taken]) -> Iterable[Stop]:
    for place, step in enumerate(steps):
        if step.event in STOPS:
            until = next((later.on for later in steps[place:] if later.event in GOES_ON), None)
            yield Stop(STOPS[step.event], step.on, until)


def _extension(step: Taken) -> Extension:
    return Extension(int(step.detail["days"]), step.reason, step.on, step.detail.get("consent", ""))


def took(steps: Sequence[Taken], calendar: WorkingCalendar, decided: date) -> int | None:
    """Working days from the day after the first submission to the decision, without those on which the period stood
    still; None before a submission."""
    submitted = next((step.on for step in steps if step.event == SUBMITTED), None)
    if submitted is None:
        return None
    stops = [stop for stop in _stops(steps) if stop.until is not None and stop.until <= decided]
    before = timedelta(days=1)  # the first day of a stop is not counted either
    stopped = sum(calendar.count(stop.since - before, stop.until) for stop in stops if stop.until is not None)
    return calendar.count(submitted, decided) - stopped
