"""When a source is harvested next (归集周期). PURE.

    every 6h            每 6 小时: from the last one on; a turn that was missed is caught up once
    daily at 02:30      每天 02:30, Beijing time
    weekly on mon at 02:30
    by update cycle     按更新周期: as often as the most frequent entry of the source says it is updated

Empty: only when somebody asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone

from ckanext.govcn.catalog import codes

from harvesters.exceptions import ScheduleInvalid

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has one time zone, and no summer time since 1991."""
SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=366)
UNSTATED = timedelta(days=7)
"""By the update cycle, for a source none of whose entries names one that has a length (不定期, 不更新, none yet)."""

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERY = re.compile(r"every (\d{1,5}) ?([mhd])")
_DAILY = re.compile(r"daily at ([01]\d|2[0-3]):([0-5]\d)")
_WEEKLY = re.compile(rf"weekly on ({'|'.join(_DAYS)}) at ([01]\d|2[0-3]):([0-5]\d)")
_BY_CYCLE = "by update cycle"


@dataclass(frozen=True, slots=True)
class Every:
    """At a distance; None: the distance is the source's update cycle."""

    distance: timedelta | None


@dataclass(frozen=True, slots=True)
class At:
    """At a time of day, Beijing time; `weekday` from 0 (Monday), None: every day."""

    moment: time
    weekday: int | None = None


Schedule = Every | At


def parse(text: str) -> Schedule | None:
    """The schedule that a source states, or None for none. Raises ScheduleInvalid."""
    given = " ".join(text.lower().split())
    if not given:
        return None
    if given == _BY_CYCLE:
        return Every(None)
    if match := _EVERY.fullmatch(given):
        distance = int(match[1]) * _UNITS[match[2]]
        if SHORTEST <= distance <= LONGEST:
            return Every(distance)
    elif match := _DAILY.fullmatch(given):
        return At(time(int(match[1]), int(match[2])))
    elif match := _WEEKLY.fullmatch(given):
        return At(time(int(match[2]), int(match[3])), _DAYS.index(match[1]))
    raise ScheduleInvalid(given=text)


def next_run(schedule: Schedule, last: datetime | None, now: datetime, cycle: timedelta = UNSTATED) -> datetime:
    """The next turn after `now`; `last` is the turn before, None when there was none: then a distance begins now.

    All moments are aware of their zone. Turns that passed while nobody was there are one turn, not many.
    """
    if isinstance(schedule, At):
        return _next_time(schedule, now)
    distance = schedule.distance or cycle
    if last is None:
        return now
    passed = max(now - last, timedelta(0))
    return last + distance * (passed // distance + 1)


def _next_time(schedule: At, now: datetime) -> datetime:
    today = now.astimezone(BEIJING).date()
    for ahead in range(9):
        day = today + timedelta(days=ahead)
        turn = datetime.combine(day, schedule.moment, BEIJING)
        if turn > now and schedule.weekday in (None, day.weekday()):
            return turn
    raise AssertionError("a week has every weekday")


def shortest_cycle(cycles: Iterable[str]) -> timedelta:
    """The distance by the update cycles (codes of 更新周期) of a source's entries; lengths are in the code table."""
    days = [int(text) for cycle in cycles if (text := codes.table("update_cycle").attribute(cycle, "days"))]
    return timedelta(days=min(days)) if days else UNSTATED
