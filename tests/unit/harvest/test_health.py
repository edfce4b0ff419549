"""How a source is doing: one word, the gravest that applies, and the trend of what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ckanext.govcn.harvest.health import (
    HEIGHT,
    WIDTH,
    WORDS,
    Facts,
    Run,
    State,
    health_of,
    trend_of,
)
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def run(state: str = "finished", refused: int = 0, number: int = 1) -> Run:
    return Run(number, state, "2026-11-24T00:00:00+00:00", 100, refused)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (Facts(), State.NEVER),
        (Facts([run()]), State.GOOD),
        (Facts([run(refused=3)]), State.REFUSING),
        (Facts([run(refused=3), run()]), State.GOOD),
        (Facts([run(), run("running")]), State.RUNNING),
        (Facts([run(), run("failed")], failures=1), State.FAILED),
        (Facts([run(), run("crashed")]), State.FAILED),
        (Facts([run("failed")] * 3, failures=3), State.FAILING),
        (Facts([run("failed")] * 3 + [run("running")], failures=3), State.RUNNING),
        (Facts([run()], waiting=2), State.WAITING),
        (Facts([run()], next_run_at=NOW - timedelta(hours=2)), State.LATE),
        (Facts([run()], next_run_at=NOW - timedelta(minutes=5)), State.GOOD),
        (Facts([run()], next_run_at=NOW + timedelta(days=1)), State.GOOD),
    ],
)
def test_the_gravest_word_that_applies(facts: Facts, state: State) -> None:
    health = health_of(facts, NOW)
    assert health.state == state
    assert (health.word, health.word_en) == WORDS[state]
    assert health.message
    assert health.message_en


def test_sentences_name_numbers() -> None:
    assert "退回 3 条" in health_of(Facts([run(refused=3)]), NOW).message
    assert "4 runs in a row" in health_of(Facts([run("failed")], failures=4), NOW).message_en
    assert "2 份变更清单" in health_of(Facts([run()], waiting=2), NOW).message


@pytest.mark.parametrize(
    ("refused", "said", "said_en"),
    [
        ([], "还没有完成的归集任务", "No run has finished"),
        ([4], "1 次归集，退回 4 条", "1 run, 4 records refused"),
        ([0, 0, 0], "最近 3 次归集都没有退回", "refused nothing"),
        ([40, 12, 3], "由 40 条减少到 3 条", "fell from 40 to 3"),
        ([0, 5], "由 0 条增加到 5 条", "rose from 0 to 5"),
        ([5, 1, 5], "为 5 条，首末相同", "ended where they began, at 5"),
    ],
)
def test_the_trend_in_words(refused: list[int], said: str, said_en: str) -> None:
    trend = trend_of([run(refused=each) for each in refused])
    assert said in trend.message
    assert said_en in trend.message_en


def test_failed_runs_stand_in_the_picture_and_not_in_the_sentence() -> None:
    trend = trend_of([run(refused=2), run("failed"), run("running")])
    assert [bar.failed for bar in trend.bars] == [False, True]
    assert "1 次归集" in trend.message
    assert trend.worth_seeing
    assert not trend_of([run(), run()]).worth_seeing


@given(st.lists(st.integers(0, 10**9), max_size=60))
def test_the_picture_stays_in_its_frame(refused: list[int]) -> None:
    trend = trend_of([run(refused=each) for each in refused])
    assert len(trend.bars) == len(refused)
    for bar in trend.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert 0 <= bar.y <= HEIGHT
        assert bar.y + bar.height == pytest.approx(HEIGHT, abs=0.2)
        assert bar.width > 0
        assert bar.height > 0
