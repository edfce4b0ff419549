"""Deadlines of a request, over 国庆: the days are those of the shipped table and of chinesecalendar."""

from __future__ import annotations

from datetime import date

import pytest
from ckanext.govcn.deadline.calendar import WorkingCalendar
from ckanext.govcn.deadline.exceptions import ExtensionRefused
from ckanext.govcn.deadline.period import State, standing
from ckanext.govcn.deadline.sla import load_sla
from ckanext.govcn.sharing import timing
from ckanext.govcn.sharing.timing import Step

TERMS = timing.terms_of(load_sla())
CALENDAR = WorkingCalendar()
SUBMITTED = [
    Step("submit", date(2025, 9, 26), "submitted")
]  # a Friday; 28 September and 11 October are 调休 working days
ASKED = [*SUBMITTED, Step("ask_correction", date(2025, 9, 29), "correction")]
AGAIN = [*ASKED, Step("submit", date(2025, 10, 9), "completed")]
LONGER = [*SUBMITTED, Step("extend", date(2025, 10, 9), "submitted", 5, "数据量大")]
AGREED = [*AGAIN, Step("approve", date(2025, 10, 10), "agreed")]
DISPUTED = [*AGREED, Step("dispute", date(2025, 10, 13), "negotiation", 5, "没有提供")]
COORDINATED = [*DISPUTED, Step("coordinate", date(2025, 10, 20), "coordination", 10, "协商不成")]


def test_the_days_are_those_of_the_regulation_and_say_that_they_were_not_read_in_print() -> None:
    assert {name: (term["days"], term["article"], term["verified"]) for name, term in TERMS.items()} == {
        "share_request": (10, "第二十二条", False),
        "share_delivery": (20, "第二十三条", False),
    }


@pytest.mark.parametrize(
    ("state", "steps", "today", "where", "due"),
    [
        ("submitted", SUBMITTED, date(2025, 9, 26), State.RUNNING, date(2025, 10, 16)),
        ("submitted", SUBMITTED, date(2025, 10, 17), State.OVERDUE, date(2025, 10, 16)),
        ("correction", ASKED, date(2025, 9, 30), State.STOPPED, None),
        ("completed", AGAIN, date(2025, 10, 10), State.RUNNING, date(2025, 10, 21)),
        ("submitted", LONGER, date(2025, 10, 17), State.RUNNING, date(2025, 10, 23)),
        ("agreed", AGREED, date(2025, 10, 13), State.RUNNING, date(2025, 11, 6)),
        ("negotiation", DISPUTED, date(2025, 10, 14), State.RUNNING, date(2025, 10, 20)),
        ("coordination", COORDINATED, date(2025, 11, 4), State.OVERDUE, date(2025, 11, 3)),
    ],
)
def test_when_it_is_due(state: str, steps: list[Step], today: date, where: State, due: date | None) -> None:
    period = timing.period_of(state, TERMS, steps)
    assert period is not None
    now = standing(period, CALENDAR, today)
    assert now.state is where
    assert due is None or now.due == due


@pytest.mark.parametrize("state", ["draft", "refused", "provided", "received", "closed", "coordinated", "withdrawn"])
def test_where_nothing_runs(state: str) -> None:
    assert timing.period_of(state, TERMS, COORDINATED) is None


def test_the_answer_is_extended_once_in_time_and_within_the_tables_days() -> None:
    def longer(steps: list[Step], days: int, on: date) -> None:
        period = timing.period_of("submitted", TERMS, steps)
        assert period is not None
        timing.extended(period, CALENDAR, Step("extend", on, "submitted", days, "数据量大"))

    longer(SUBMITTED, 10, date(2025, 10, 16))
    for steps, days, on in (
        (SUBMITTED, 11, date(2025, 10, 9)),
        (SUBMITTED, 5, date(2025, 10, 17)),
        (LONGER, 1, date(2025, 10, 10)),
    ):
        with pytest.raises(ExtensionRefused):
            longer(steps, days, on)


def test_delivery_is_counted_from_the_last_agreement() -> None:
    settled = [*COORDINATED, Step("settle", date(2025, 10, 27), "agreed", None, "提供")]
    period = timing.period_of("agreed", TERMS, settled)
    assert period is not None
    assert period.received == date(2025, 10, 27)


def test_before_it_was_submitted_and_without_terms() -> None:
    assert timing.period_of("submitted", TERMS, []) is None
    assert timing.period_of("submitted", {}, SUBMITTED) is None
