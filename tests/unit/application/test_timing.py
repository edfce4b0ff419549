"""Deadlines of an application, over 国庆: the days are those of the shipped table and of chinesecalendar."""

from __future__ import annotations

from datetime import date

import pytest
from ckanext.govcn.application import timing
from ckanext.govcn.application.timing import Taken
from ckanext.govcn.deadline.calendar import WorkingCalendar
from ckanext.govcn.deadline.period import State, StopReason, standing
from ckanext.govcn.deadline.sla import load_sla

TERMS = timing.terms_of(load_sla())
CALENDAR = WorkingCalendar()
# a Friday; 28 September and 11 October are 调休 working days
SUBMITTED = [Taken("submit", date(2025, 9, 26))]
ASKED = [*SUBMITTED, Taken("ask_correction", date(2025, 9, 29))]
AGAIN = [*ASKED, Taken("submit", date(2025, 10, 9))]
EXTENDED = [*SUBMITTED, Taken("extend", date(2025, 10, 13), "情况复杂", {"days": "10", "consent": "局长"})]
HOLDER = [*SUBMITTED, Taken("ask_right_holder", date(2025, 10, 9))]
HEARD = [*HOLDER, Taken("continue_review", date(2025, 10, 14))]
BOTH = [*HEARD, Taken("ask_experts", date(2025, 10, 15)), Taken("continue_review", date(2025, 10, 16))]
RENEWED = [
    *AGAIN,
    Taken("sign", date(2025, 10, 30)),
    Taken("renew", date(2026, 9, 25)),
    Taken("pass", date(2026, 9, 28)),
]


@pytest.mark.parametrize(
    ("state", "steps", "today", "where", "due"),
    [
        ("formal_review", SUBMITTED, date(2025, 9, 26), State.RUNNING, date(2025, 10, 10)),
        ("formal_review", SUBMITTED, date(2025, 10, 11), State.OVERDUE, date(2025, 10, 10)),
        ("correction", ASKED, date(2025, 9, 30), State.STOPPED, None),
        ("second_review", AGAIN, date(2025, 10, 10), State.RUNNING, date(2025, 10, 14)),
        ("owner_review", AGAIN, date(2025, 10, 10), State.RUNNING, date(2025, 10, 28)),
        ("owner_review", SUBMITTED, date(2025, 10, 13), State.RUNNING, date(2025, 10, 23)),
        ("owner_review", EXTENDED, date(2025, 10, 13), State.RUNNING, date(2025, 11, 6)),
        ("right_holder", HOLDER, date(2025, 10, 13), State.STOPPED, None),
        ("owner_review", HEARD, date(2025, 10, 15), State.RUNNING, date(2025, 10, 30)),
        ("expert_review", BOTH[:-1], date(2025, 10, 15), State.STOPPED, None),
        ("owner_review", BOTH, date(2025, 10, 17), State.RUNNING, date(2025, 11, 3)),
        # a renewal is counted from its own day, whatever the application took
        ("renewal_check", RENEWED[:-1], date(2026, 9, 25), State.RUNNING, date(2026, 10, 9)),
        ("renewal_review", RENEWED, date(2026, 9, 28), State.RUNNING, date(2026, 10, 22)),
    ],
)
def test_when_it_is_due(state: str, steps: list[Taken], today: date, where: State, due: date | None) -> None:
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


def test_each_stop_is_a_line_with_its_reason() -> None:
    period = timing.period_of("owner_review", TERMS, [*AGAIN, *BOTH[1:]])
    assert period is not None
    assert [(stop.reason, stop.since, stop.until) for stop in period.stops] == [
        (StopReason.SUPPLEMENT, date(2025, 9, 29), date(2025, 10, 9)),
        (StopReason.RIGHT_HOLDER, date(2025, 10, 9), date(2025, 10, 14)),
        (StopReason.EXPERT_REVIEW, date(2025, 10, 15), date(2025, 10, 16)),
    ]


def test_every_stop_of_the_table_is_known_and_ends() -> None:
    from ckanext.govcn.application.machine import table

    assert set(timing.STOPS) | timing.GOES_ON | {timing.RENEWED, timing.EXTENDED} <= set(table().events)
    stopped = {rule.to for (_state, event), rule in table().rules.items() if event in timing.STOPS}
    for state in stopped:
        assert {event for before, event in table().rules if before == state} & timing.GOES_ON, state


def test_what_a_decision_took_is_without_the_days_on_which_the_period_stood_still():
    decided = date(2025, 10, 10)
    assert timing.took(SUBMITTED, CALENDAR, decided) == 5
    assert timing.took(AGAIN, CALENDAR, decided) == 2
    assert timing.took(HEARD, CALENDAR, decided) == 5, "it stood still after the decision only"
    assert timing.took([], CALENDAR, decided) is None
