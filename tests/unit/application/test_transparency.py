"""What is published tells of nobody: no number of 1 or 2, none by subtraction, and no median of fewer than three."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from ckanext.govcn.application.transparency import (
    DECIDED,
    LEAST,
    OTHERS,
    OUTCOMES,
    UNDECIDED,
    Case,
    published,
)
from hypothesis import example, given, settings
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
        assert row.received is None or row.received >= LEAST
        assert not any(0 < number < LEAST for number in row.outcomes.values() if number is not None)
        for pair in (DECIDED, UNDECIDED):
            assert len({row.outcomes[outcome] is None for outcome in pair}) == 1, "one alone follows from the other"
        if row.received is None:
            assert all(row.outcomes[outcome] is None for outcome in UNDECIDED)
    for outcome in OUTCOMES:
        if None in [row.outcomes[outcome] for row in found.departments]:
            assert found.total.outcomes[outcome] is None


@given(CASES)
def test_what_is_told_is_true(given_cases):
    found = published(given_cases)
    assert (found.total is None) == (sum(case.outcome in DECIDED for case in given_cases) < LEAST)
    for row in found.departments + ([found.total] if found.total else []):
        of = [case for case in given_cases if row is found.total or case.department == row.department]
        if row.department != OTHERS or row is found.total:
            assert row.received in (None, len(of))
            for outcome, number in row.outcomes.items():
                assert number in (None, sum(case.outcome == outcome for case in of))
            days = [case.days for case in of if case.days is not None]
            assert row.median_days == (median(days) if len(days) >= LEAST else None)


def tables(cells: int, most: int) -> Iterator[tuple[int, ...]]:
    """Every choice of that many numbers with a sum of at most `most`."""
    if not cells:
        yield ()
        return
    for number in range(most + 1):
        yield from ((number, *rest) for rest in tables(cells - 1, most - number))


DECISIONS = st.tuples(*[st.tuples(st.integers(0, 5), st.integers(0, 4))] * 3)


@settings(max_examples=3, deadline=None)
@example(((4, 0), (5, 0), (6, 0)))
@example(((4, 0), (1, 0), (1, 0)))
@example(((3, 0), (0, 0), (0, 0)))
@example(((1, 1), (1, 0), (0, 1)))
@given(DECISIONS)
def test_who_knows_every_decision_and_these_rules_finds_no_number_of_one_or_two(decisions):
    """Every table with these decisions and at most seven undecided, by what would be published of it: of those that look
    alike, no number of undecided is 1 in all of them, or 2 in all. (Tables that look alike and have more do not exist:
    the total tells how many, or no department has more than two.)"""
    alike: dict[str, list[set[int]]] = {}
    for cells in tables(cells=6, most=7):
        undecided = list(zip(cells[::2], cells[1::2], strict=True))
        table = [
            each
            for name, decided, rest in zip("甲乙丙", decisions, undecided, strict=True)
            for each in cases(name, **dict(zip(OUTCOMES, (*decided, *rest), strict=True)))
        ]
        withdrawn, waiting = (sum(each) for each in zip(*undecided, strict=True))
        numbers = [number for pair in (*undecided, (withdrawn, waiting)) for number in (*pair, sum(pair))]
        possible = alike.setdefault(repr(published(table)), [set() for _ in numbers])
        for known, number in zip(possible, numbers, strict=True):
            known.add(number)
    found = [(answer, known) for answer, possible in alike.items() for known in possible if known in ({1}, {2})]
    assert not found


def test_one_who_waits_is_not_what_is_left_of_the_received():
    found = published(cases("甲", approved=4, waiting=1) + cases("乙", approved=5))
    assert [row.received for row in found.departments] == [5, None]
    assert found.departments[1].department == "甲"
    assert found.total.received is None
    assert found.departments[1].outcomes == {"approved": 4, "refused": 0, "withdrawn": None, "waiting": None}


def test_a_row_withheld_takes_the_next_along_so_that_the_total_can_be_told():
    found = published(
        cases("甲", approved=4, waiting=1) + cases("乙", approved=5, waiting=4) + cases("丁", approved=3, waiting=9)
    )
    assert {row.department: row.received for row in found.departments} == {"甲": None, "乙": None, "丁": 12}
    assert found.total.received == 26


def test_applications_without_a_department_are_counted_with_the_others():
    found = published(cases("", approved=7, refused=3) + cases("甲", approved=9) + cases("乙", approved=2))
    assert [(row.department, row.received) for row in found.departments] == [("甲", 9), (OTHERS, 12)]


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
