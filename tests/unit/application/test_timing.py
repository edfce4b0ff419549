"""Deadlines of an application, over 国庆: the days are those of the shipped table and of chinesecalendar."""

from __future__ import annotations

from datetime import date

import pytest
from ckanext.govcn.application import timing
from ckanext.govcn.deadline.calendar import WorkingCalendar
from ckanext.govcn.deadline.period import State, standing
from ckanext.govcn.deadline.sla import load_sla

TERMS = timing.terms_of(load_sla())
CALENDAR = WorkingCalendar()
SUBMITTED = [("submit", date(2025, 9, 26))]  # a Friday; 28 September and 11 October are 调休 working days
ASKED = [*SUBMITTED, ("ask_correction", date(2025, 9, 29))]
AGAIN = [*ASKED, ("submit", date(2025, 10, 9))]


@pytest.mark.parametrize(
    ("state", "steps", "today", "where", "due"),
    [
        ("formal_review", SUBMITTED, date(2025, 9, 26), State.RUNNING, date(2025, 10, 10)),
        ("formal_review", SUBMITTED, date(2025, 10, 11), State.OVERDUE, date(2025, 10, 10)),
        ("correction", ASKED, date(2025, 9, 30), State.STOPPED, None),
        ("second_review", AGAIN, date(2025, 10, 10), State.RUNNING, date(2025, 10, 14)),
        ("owner_review", AGAIN, date(2025, 10, 10), State.RUNNING, date(2025, 10, 28)),
    ],
)
def test_when_it_is_due(state: str, steps: list[tuple[str, date]], today: date, where: State, due: date | None) -> None:
    period = timing.period_of(state, TERMS, steps)
    assert period is not None
    now = standing(period, CALENDAR, today)
    assert now.state is where
    assert due is None or now.due == due


@pytest.mark.parametrize("state", ["draft", "agreement", "in_use", "refused", "withdrawn"])
def test_where_nothing_runs(state: str) -> None:
    assert timing.period_of(state, TERMS, SUBMITTED) is None


def test_before_it_was_submitted_and_without_terms() -> None:
    assert timing.period_of("formal_review", TERMS, []) is None
    assert timing.period_of("formal_review", {}, SUBMITTED) is None
