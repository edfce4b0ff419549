"""Which runs are thinned, and what the operator may say about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvesters.exceptions import SourceInvalid
from harvesters.retention import Past, Retention, expired, load_retention

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def past(run: int, days: int, source: str = "甲", *, waits: bool = False) -> Past:
    return Past(run, source, NOW - timedelta(days=days), waits)


def test_a_run_goes_when_it_is_old_and_not_among_the_last() -> None:
    runs = [past(1, 400), past(2, 300), past(3, 200), past(4, 10)]
    assert expired(runs, Retention(days=180, runs=2), NOW) == [1, 2]
    assert expired(runs, Retention(days=350, runs=1), NOW) == [1]
    assert expired(runs, Retention(days=180, runs=9), NOW) == []


def test_sources_are_counted_apart_and_a_plan_that_waits_stays() -> None:
    runs = [past(1, 400), past(2, 400, "乙"), past(3, 400, waits=True), past(4, 300)]
    assert expired(runs, Retention(days=180, runs=1), NOW) == [1]


@given(st.lists(st.tuples(st.integers(0, 999), st.sampled_from("甲乙丙")), max_size=40), st.integers(1, 9))
def test_the_last_runs_of_a_source_always_stay(given_runs: list[tuple[int, str]], kept: int) -> None:
    runs = [past(number, days, source) for number, (days, source) in enumerate(given_runs)]
    gone = set(expired(runs, Retention(days=100, runs=kept), NOW))
    for source in "甲乙丙":
        own = [each.run for each in runs if each.source == source]
        assert not gone & set(own[-kept:])


def test_the_rule_is_the_operators_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    assert load_retention(tmp_path) == Retention()
    (tmp_path / "retention.yaml").write_text("retention: {days: 30, runs: 5}\n", "utf-8")
    assert load_retention(tmp_path) == Retention(days=30, runs=5)
    for wrong in (
        "retention: {day: 3}",
        "retention: {days: 0}",
        "retention: {missed_query_days: 0}",
        "retention: {days: yes}",
        "retention: {record_bytes: 16777217}",
        "retention: 3",
        "retention: {",
        "- a",
    ):
        (tmp_path / "retention.yaml").write_text(wrong, "utf-8")
        with pytest.raises(SourceInvalid):
            load_retention(tmp_path)
