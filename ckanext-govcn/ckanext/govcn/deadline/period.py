"""A running period, PURE: when it starts, what stops it, when it is due, where it stands.

- It starts on the working day after receipt.
- It stands still on every day of a stop, the first and the last with it; an open stop lasts until today.
- It is due on the working day that completes its days. A stop that begins after that day moves nothing.
- It is extended once, before it is overdue.

Nothing here looks at the clock: `today` is the day in China (`calendar.beijing_day`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from ckanext.govcn.deadline.calendar import AssumedYear, WorkingCalendar, days_between
from ckanext.govcn.deadline.exceptions import (
    AlreadyStopped,
    ExtensionRefused,
    NotStopped,
    OutOfOrder,
    PeriodEnded,
)
from ckanext.govcn.deadline.sla import Offset, Term


class StopReason(StrEnum):
    """What time is not counted for; the values are stored, `label` is what people read."""

    SUPPLEMENT = "supplement"
    RIGHT_HOLDER = "right_holder"
    EXPERT_REVIEW = "expert_review"

    @property
    def label(self) -> str:
        return {"supplement": "补正", "right_holder": "征求权利人意见", "expert_review": "专家评审"}[self.value]

    @property
    def label_en(self) -> str:
        return {
            "supplement": "completing the papers",
            "right_holder": "asking the right holder",
            "expert_review": "review by experts",
        }[self.value]


class State(StrEnum):
    """Where a period stands."""

    RUNNING = "running"  # 办理中
    STOPPED = "stopped"  # 停止计算
    DUE = "due"  # 今日到期
    OVERDUE = "overdue"  # 已逾期
    ENDED = "ended"  # 已办结


@dataclass(frozen=True, slots=True)
class Stop:
    """One line: the days from `since` to `until` are not counted, both with them; None: it still lasts."""

    reason: StopReason
    since: date
    until: date | None = None

    def covers(self, day: date, today: date) -> bool:
        """Is the day, as seen today, one of the stop's?"""
        return self.since <= day <= (self.until or today)


@dataclass(frozen=True, slots=True)
class Extension:
    """The one extension: working days added, why, on which day, and who consented where the table asks for it."""

    days: int
    reason: str
    on: date
    consent: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """One process that must be done in time. `term` is the row as it was when the process began."""

    term: Term
    received: date
    stops: tuple[Stop, ...] = ()
    extension: Extension | None = None
    ended: date | None = None

    @property
    def days(self) -> int:
        """Working days in all, with the extension."""
        return self.term.days + (self.extension.days if self.extension else 0)

    @property
    def open_stop(self) -> Stop | None:
        return next((stop for stop in self.stops if stop.until is None), None)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a period stands on a day.

    `due` is provisional while it is stopped: the day it would be if the stop ended today. `left` are the working days
    that remain after today, `overdue` the working days since the due day (0 on the weekend right after it).
    `assumed` are years without a known holiday arrangement: show their messages beside the date.
    """

    state: State
    due: date
    left: int
    overdue: int
    assumed: tuple[AssumedYear, ...]

    @property
    def provisional(self) -> bool:
        return self.state is State.STOPPED


@dataclass(frozen=True, slots=True)
class Reminder:
    """Whom to remind, from which day on. `key` is the same at every asking, and another when the due day moves."""

    on: date
    at: int
    to: tuple[str, ...]
    key: str


def due(period: Period, calendar: WorkingCalendar, today: date) -> date:
    """The day that completes the period as it is known today. Raises DateOutOfRange."""
    seen = _seen(period, today)
    day = period.received
    for _ in range(period.days):
        day = calendar.after(day, 1)
        while _stopped(period, day, seen):
            day = calendar.after(day, 1)
    return day


def standing(period: Period, calendar: WorkingCalendar, today: date) -> Standing:
    """State, due day, and how many working days are left or over. Raises DateOutOfRange."""
    seen = _seen(period, today)
    due_on = due(period, calendar, today)
    counted = (day for day in days_between(seen, due_on) if day > max(seen, period.received))
    return Standing(
        state=_state(period, due_on, today),
        due=due_on,
        left=sum(calendar.is_working(day) and not _stopped(period, day, seen) for day in counted),
        overdue=calendar.count(due_on, seen),
        assumed=calendar.assumed(period.received, max(due_on, seen)),
    )


def reminders(
    period: Period, calendar: WorkingCalendar, today: date, offsets: Sequence[Offset]
) -> tuple[Reminder, ...]:
    """All reminders of a running period, in order of their days; none while it is stopped, or once it has ended.

    One that would come on the day of receipt or before it is left out: the receipt itself is news.
    """
    due_on = due(period, calendar, today)
    if _state(period, due_on, today) in (State.STOPPED, State.ENDED):
        return ()
    days = {each: _offset_day(calendar, due_on, each.at) for each in offsets}
    return tuple(
        Reminder(day, each.at, each.to, f"{due_on}{each.at:+d}")
        for each, day in sorted(days.items(), key=lambda pair: pair[0].at)
        if day > period.received
    )


def reminder(period: Period, calendar: WorkingCalendar, today: date, offsets: Sequence[Offset]) -> Reminder | None:
    """The last reminder whose day has come. Asked every day, it is told once by its key; a day missed is caught up."""
    reached = [each for each in reminders(period, calendar, today, offsets) if each.on <= today]
    return reached[-1] if reached else None


def stop(period: Period, reason: StopReason, since: date) -> Period:
    """Stand still from this day on. Raises PeriodEnded, AlreadyStopped, OutOfOrder."""
    _require_open(period)
    if period.open_stop:
        raise AlreadyStopped(reason=period.open_stop.reason.label, since=period.open_stop.since)
    _require_order(since, max([period.received, *(each.until for each in period.stops if each.until)]))
    return replace(period, stops=(*period.stops, Stop(reason, since)))


def resume(period: Period, until: date) -> Period:
    """`until` is the last day that is not counted: the papers came, the opinion was given. Raises PeriodEnded,
    NotStopped, OutOfOrder."""
    _require_open(period)
    open_ = period.open_stop
    if open_ is None:
        raise NotStopped
    _require_order(until, open_.since)
    return replace(period, stops=tuple(replace(each, until=until) if each is open_ else each for each in period.stops))


def extend(period: Period, calendar: WorkingCalendar, extension: Extension) -> Period:
    """Extended by the table's days at most. Raises PeriodEnded, OutOfOrder, ExtensionRefused."""
    _require_open(period)
    _require_order(extension.on, period.received)
    most = period.term.extension
    if not most:
        raise ExtensionRefused(why="时限表规定这一事项不延长", why_en="the table allows none for this process")
    if period.extension:
        raise ExtensionRefused(
            why=f"已于 {period.extension.on} 延长过一次", why_en=f"it was extended on {period.extension.on} already"
        )
    if not 1 <= extension.days <= most:
        raise ExtensionRefused(why=f"只能延长 1 至 {most} 个工作日", why_en=f"1 to {most} working days are allowed")
    if not extension.reason.strip():
        raise ExtensionRefused(why="请填写理由", why_en="please give a reason")
    if period.term.consent and not extension.consent.strip():
        raise ExtensionRefused(
            why=f"须经{period.term.consent}同意，请填写同意的单位或人员",
            why_en=f"it needs the consent of {period.term.consent}; please say who gave it",
        )
    due_on = due(period, calendar, extension.on)
    if extension.on > due_on:
        raise ExtensionRefused(why=f"已于 {due_on} 到期，请尽快办结", why_en=f"it was due on {due_on}; finish it soon")
    return replace(period, extension=extension)


def end(period: Period, on: date) -> Period:
    """Answered, decided or withdrawn on this day. Raises PeriodEnded, OutOfOrder."""
    _require_open(period)
    _require_order(on, max([period.received, *(each.until or each.since for each in period.stops)]))
    return replace(period, ended=on)


def _seen(period: Period, today: date) -> date:
    """Time stands still for what has ended."""
    return min(today, period.ended or today)


def _state(period: Period, due_on: date, today: date) -> State:
    if period.ended and period.ended <= today:
        return State.ENDED
    if today > due_on:
        return State.OVERDUE
    if _stopped(period, today, today):
        return State.STOPPED
    return State.DUE if today == due_on else State.RUNNING


def _stopped(period: Period, day: date, seen: date) -> bool:
    return any(each.covers(day, seen) for each in period.stops)


def _offset_day(calendar: WorkingCalendar, due_on: date, at: int) -> date:
    return calendar.after(due_on, at) if at > 0 else calendar.before(due_on, -at)


def _require_open(period: Period) -> None:
    if period.ended:
        raise PeriodEnded(ended=period.ended)


def _require_order(day: date, earliest: date) -> None:
    if day < earliest:
        raise OutOfOrder(day=day, earliest=earliest)
