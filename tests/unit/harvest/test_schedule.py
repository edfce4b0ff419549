"""When a source is harvested next, for every schedule, moment and pause of the platform."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvesters.exceptions import ScheduleInvalid
from harvesters.schedule import BEIJING, UNSTATED, At, Every, next_run, parse, shortest_cycle

ZONES = st.sampled_from([UTC, BEIJING, timezone(timedelta(hours=-11))])
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=ZONES)  # noqa: DTZ001
DISTANCES = st.timedeltas(timedelta(minutes=5), timedelta(days=366))
TIMES = st.times().map(lambda time: time.replace(second=0, microsecond=0))


def test_what_can_be_said() -> None:
    assert parse("") is None
    assert parse("every 6h") == Every(timedelta(hours=6))
    assert parse("Every  30 m") == Every(timedelta(minutes=30))
    assert parse("by update cycle") == Every(None)
    daily = parse("daily at 02:30")
    assert isinstance(daily, At)
    assert (daily.moment.hour, daily.moment.minute, daily.weekday) == (2, 30, None)
    assert parse("weekly on sun at 23:59") == At(datetime(2026, 1, 1, 23, 59).time(), 6)  # noqa: DTZ001


@pytest.mark.parametrize(
    "text",
    ["every", "every 4m", "every 367d", "every 0h", "every -1h", "every 6", "daily at 24:00", "daily at 2:30", "每天",
     "daily", "weekly on day at 01:00", "* * * * *", "every 6h;", "every 99999d"],
)  # fmt: skip
def test_what_cannot(text: str) -> None:
    with pytest.raises(ScheduleInvalid, match="every 6h"):
        parse(text)


@given(st.text())
def test_any_text_is_a_schedule_or_one_error(text: str) -> None:
    with suppress(ScheduleInvalid):
        assert parse(text) is None or parse(text) == parse(text.upper())


def test_in_beijing_time() -> None:
    now = datetime(2026, 11, 24, 18, 29, tzinfo=UTC)  # 02:29 on the 25th
    turn = next_run(At(datetime(2026, 1, 1, 2, 30).time()), None, now)  # noqa: DTZ001
    assert turn == datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
    assert next_run(At(turn.time()), turn, turn) == turn + timedelta(days=1)


@given(DISTANCES, MOMENTS, MOMENTS)
def test_every_is_ahead_by_no_more_than_the_distance_and_keeps_its_beat(
    distance: timedelta, last: datetime, now: datetime
) -> None:
    turn = next_run(Every(distance), last, now)
    assert turn > now or last > now
    assert turn - max(last, now) <= distance
    assert (turn - last) % distance == timedelta(0)
    assert turn > last


@given(DISTANCES, MOMENTS)
def test_the_first_turn_of_every_is_now(distance: timedelta, now: datetime) -> None:
    assert next_run(Every(distance), None, now) == now


@given(TIMES, st.none() | st.integers(0, 6), MOMENTS, st.none() | MOMENTS)
def test_at_is_the_next_such_moment_whatever_was_before(
    moment: object, weekday: int | None, now: datetime, last: datetime | None
) -> None:
    turn = next_run(At(moment, weekday), last, now)  # type: ignore[arg-type]
    assert now < turn <= now + timedelta(days=1 if weekday is None else 7)
    local = turn.astimezone(BEIJING)
    assert local.time() == moment
    assert weekday in (None, local.weekday())


def test_missed_turns_are_one_turn() -> None:
    last = datetime(2026, 1, 1, tzinfo=UTC)
    assert next_run(Every(timedelta(hours=6)), last, last + timedelta(days=30)) == last + timedelta(days=30, hours=6)


def test_the_most_frequent_entry_sets_the_cycle() -> None:
    assert shortest_cycle(["7", "4", "8"]) == timedelta(days=31)
    assert shortest_cycle(["2", "7"]) == timedelta(days=1)
    assert shortest_cycle(["8", "9", "", "nonsense"]) == UNSTATED
    assert next_run(Every(None), None, datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2026, 1, 1, tzinfo=UTC)
