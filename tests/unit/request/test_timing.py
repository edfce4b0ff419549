"""Which period runs in which state, from the history; over a holiday with days worked instead."""

from __future__ import annotations

from datetime import date

from ckanext.govcn.deadline.calendar import load_calendar
from ckanext.govcn.deadline.period import due
from ckanext.govcn.deadline.sla import load_sla, sla_of
from ckanext.govcn.request import timing
from ckanext.govcn.request.kinds import CORRECTION, DEMAND, kinds

DEMANDS, CORRECTIONS = kinds()[DEMAND], kinds()[CORRECTION]
TERMS = timing.terms_of(load_sla(), DEMANDS)
SUBMITTED = ("submit", date(2026, 9, 28))
REVIEW = """
terms:
  - {process: data_demand_review, type: '', title: 复核, title_en: Review, days: 7, extension: 0, consent: '',
     regulation: 本市办法, article: 第九条, edition: '2026', verified: true, origin: 本市法制机构核对}
"""


def _due(state: str, *steps: tuple[str, date]) -> date | None:
    period = timing.period_of(DEMANDS, state, TERMS, steps)
    return due(period, load_calendar(), date(2026, 12, 31)) if period else None


def test_the_rows_that_hold_are_kept_and_where_there_is_none_none_runs() -> None:
    assert list(TERMS) == ["supplement_notice", "data_demand"]
    assert list(timing.terms_of(load_sla(), CORRECTIONS)) == ["correction"]
    assert _due("disputed", SUBMITTED, ("dispute", date(2026, 11, 2))) is None


def test_a_row_of_the_operators_makes_the_review_run() -> None:
    rows = sla_of(REVIEW, "sla.yaml").terms
    terms = timing.terms_of(type(load_sla())((*load_sla().terms, *rows), ()), DEMANDS)
    period = timing.period_of(DEMANDS, "disputed", terms, [SUBMITTED, ("dispute", date(2026, 11, 2))])
    assert period is not None
    assert due(period, load_calendar(), date(2026, 11, 2)) == date(2026, 11, 11)


def test_it_counts_from_the_submission_over_the_national_day() -> None:
    # 2026: 1–7 October are holidays, 10 October (a Saturday) is worked
    assert _due("received", SUBMITTED) == date(2026, 10, 13)
    assert _due("assigned", SUBMITTED, ("assign", date(2026, 10, 9))) == date(2026, 10, 30)


def test_it_stands_still_while_it_is_completed() -> None:
    stopped = (SUBMITTED, ("ask_completion", date(2026, 10, 9)), ("submit", date(2026, 10, 14)))
    assert _due("completed", *stopped) == date(2026, 10, 20)


def test_an_answer_that_is_given_again_has_a_period_of_its_own() -> None:
    steps = (SUBMITTED, ("refuse", date(2026, 10, 9)), ("dispute", date(2026, 11, 2)))
    assert _due("assigned_again", *steps, ("answer_again", date(2026, 11, 4))) == date(2026, 12, 2)


def test_nothing_runs_before_it_is_submitted_and_once_it_has_ended() -> None:
    assert _due("draft") is None
    assert _due("answered", SUBMITTED) is None
    assert _due("closed", SUBMITTED) is None


def test_an_answer_is_disputed_within_its_days() -> None:
    assert timing.disputable_until(date(2026, 11, 24), 15) == date(2026, 12, 9)


def test_what_the_bureau_gets_at_once_has_its_deadline_too() -> None:
    terms = timing.terms_of(load_sla(), CORRECTIONS)
    days = [
        timing.period_of(CORRECTIONS, "with_bureau", terms, [(event, date(2026, 9, 28))]) for event in timing.SUBMITTED
    ]
    assert days[0] is not None
    assert days[0] == days[1]


def test_an_answer_is_disputed_up_to_its_last_day_and_no_later() -> None:
    answered = date(2026, 11, 24)
    assert timing.disputable(answered, date(2026, 12, 9), 15)
    assert not timing.disputable(answered, date(2026, 12, 10), 15)
