"""What is published tells of nobody: no number of 1 or 2, none by subtraction, and no median of fewer than three."""

from __future__ import annotations

from statistics import median

from ckanext.govcn.application.transparency import LEAST, OTHERS, OUTCOMES, Case, published
from hypothesis import given
from hypothesis import strategies as st

CASES = st.lists(
    st.builds(Case, st.sampled_from("甲乙丙丁戊"), st.sampled_from(OUTCOMES), st.none() | st.integers(0, 40)),
    max_size=60,
)


def cases(department: str, **numbers: int) -> list[Case]:
    return [Case(department, outcome) for outcome, number in numbers.items() for _ in range(number)]


@given(CASES)
def test_no_small_number_is_told_or_left_over(given_cases):
    found = published(given_cases)
    rows = found.departments + ([found.total] if found.total else [])
    for row in rows:
        assert row.received >= LEAST
        hidden = [outcome for outcome, number in row.outcomes.items() if number is None]
        told = sum(number for number in row.outcomes.values() if number is not None)
        assert not any(0 < number < LEAST for number in row.outcomes.values() if number is not None)
        assert not hidden or (len(hidden) > 1 and row.received - told >= LEAST), "one alone follows from the total"
    if found.total and found.departments:
        assert sum(row.received for row in found.departments) == found.total.received
        for outcome in OUTCOMES:
            column = [row.outcomes[outcome] for row in found.departments]
            assert (None not in column) or found.total.outcomes[outcome] in (None, 0)


@given(CASES)
def test_what_is_told_is_true(given_cases):
    found = published(given_cases)
    assert (found.total is None) == (len(given_cases) < LEAST)
    for row in found.departments:
        of = [case for case in given_cases if case.department == row.department]
        if row.department != OTHERS:
            assert row.received == len(of)
            for outcome, number in row.outcomes.items():
                assert number in (None, sum(case.outcome == outcome for case in of))
            days = [case.days for case in of if case.days is not None]
            assert row.median_days == (median(days) if len(days) >= LEAST else None)


def test_small_departments_are_one_row_and_large_ones_their_own():
    found = published(cases("甲", approved=9, refused=4) + cases("乙", approved=1) + cases("丙", refused=2))
    assert [(row.department, row.received) for row in found.departments] == [("甲", 13), (OTHERS, 3)]
    assert found.departments[1].outcomes == {"approved": None, "refused": None, "withdrawn": 0, "waiting": 0}
    assert found.total.outcomes == {"approved": None, "refused": None, "withdrawn": 0, "waiting": 0}


def test_a_row_of_others_that_is_too_small_takes_the_smallest_department_in():
    found = published(cases("甲", approved=9) + cases("乙", approved=3) + cases("丙", refused=1))
    assert [(row.department, row.received) for row in found.departments] == [("甲", 9), (OTHERS, 4)]


def test_of_one_department_alone_nothing_more_than_the_total_is_told():
    assert published(cases("甲", refused=2)).total is None
    assert published(cases("甲", refused=2) + cases("乙", refused=2)).departments == []
    only = published(cases("甲", approved=5, refused=3))
    assert only.departments[0].outcomes == {"approved": 5, "refused": 3, "withdrawn": 0, "waiting": 0}
