"""Periods over 国庆 and 春节, stops, the extension, states and reminders."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from ckanext.govcn.deadline import period as p
from ckanext.govcn.deadline.calendar import WorkingCalendar, calendar_of, days_between
from ckanext.govcn.deadline.exceptions import (
    AlreadyStopped,
    ExtensionRefused,
    NotStopped,
    OutOfOrder,
    PeriodEnded,
)
from ckanext.govcn.deadline.period import Extension, Period, State, Stop, StopReason
from ckanext.govcn.deadline.sla import load_sla
from hypothesis import given
from hypothesis import strategies as st

LIBRARY = WorkingCalendar()
SLA = load_sla()
CONDITIONAL = SLA.term("share_request", "conditional")  # 10 working days, 10 more with consent


def day(text):
    return date.fromisoformat(text)


def term(days):
    return replace(CONDITIONAL, days=days)


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        # 国庆 2025: off 1 to 8 October, at work on 28 September and 11 October
        ("2025-09-26", 10, "2025-10-16"),
        ("2025-09-27", 1, "2025-09-28"),
        ("2025-09-30", 1, "2025-10-09"),
        ("2025-10-03", 3, "2025-10-11"),
        # 中秋 and 国庆 2026: off 25 to 27 September and 1 to 7 October, at work on 20 September and 10 October
        ("2026-09-18", 5, "2026-09-24"),
        ("2026-09-24", 10, "2026-10-15"),
        ("2026-09-30", 2, "2026-10-09"),
        # 春节 2026: off 15 to 23 February, at work on the 14th and the 28th
        ("2026-02-12", 10, "2026-03-04"),
        ("2026-02-14", 1, "2026-02-24"),
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-02-21", 5, "2026-02-28"),
    ],
)
def test_due_over_holidays(received, days, due):
    assert p.due(Period(term(days), day(received)), LIBRARY, day(received)) == day(due)


def test_a_stop_over_spring_festival():
    running = Period(CONDITIONAL, day("2026-02-09"))
    assert p.due(running, LIBRARY, day("2026-02-09")) == day("2026-02-28")
    stopped = p.stop(running, StopReason.SUPPLEMENT, day("2026-02-11"))
    seen = p.standing(stopped, LIBRARY, day("2026-02-20"))
    assert (seen.state, seen.provisional) == (State.STOPPED, True)
    resumed = p.resume(stopped, day("2026-02-25"))  # six working days: 11 to 14, 24 and 25
    assert p.due(resumed, LIBRARY, day("2026-02-26")) == day("2026-03-09")
    assert p.standing(resumed, LIBRARY, day("2026-02-26")).state is State.RUNNING


def test_the_due_day_moves_on_while_stopped():
    stopped = Period(term(3), day("2026-11-02"), (Stop(StopReason.EXPERT_REVIEW, day("2026-11-04")),))
    dues = [p.due(stopped, LIBRARY, day(f"2026-11-0{n}")) for n in (3, 4, 5, 6)]
    assert dues == [day("2026-11-05"), day("2026-11-06"), day("2026-11-09"), day("2026-11-10")]


@pytest.mark.parametrize(
    ("today", "state", "left", "overdue"),
    [
        ("2025-09-26", State.RUNNING, 10, 0),
        ("2025-10-05", State.RUNNING, 7, 0),
        ("2025-10-15", State.RUNNING, 1, 0),
        ("2025-10-16", State.DUE, 0, 0),
        ("2025-10-17", State.OVERDUE, 0, 1),
        ("2025-10-18", State.OVERDUE, 0, 1),
        ("2025-10-20", State.OVERDUE, 0, 2),
    ],
)
def test_states_over_national_day(today, state, left, overdue):
    seen = p.standing(Period(CONDITIONAL, day("2025-09-26")), LIBRARY, day(today))
    assert (seen.state, seen.due, seen.left, seen.overdue) == (state, day("2025-10-16"), left, overdue)
    assert seen.assumed == ()


def test_overdue_at_once_with_no_working_day_yet():
    running = Period(term(5), day("2026-09-18"))  # due on 24 September, then three days off
    seen = p.standing(running, LIBRARY, day("2026-09-25"))
    assert (seen.state, seen.overdue) == (State.OVERDUE, 0)
    assert p.standing(running, LIBRARY, day("2026-09-28")).overdue == 1


def test_a_late_stop_does_not_mend_an_overdue_period():
    late = p.stop(Period(term(1), day("2026-11-02")), StopReason.RIGHT_HOLDER, day("2026-11-05"))
    seen = p.standing(late, LIBRARY, day("2026-11-06"))
    assert (seen.state, seen.due, seen.overdue) == (State.OVERDUE, day("2026-11-03"), 3)


def test_time_stands_still_once_ended():
    late = p.end(Period(term(1), day("2026-11-02")), day("2026-11-05"))
    for today in ("2026-11-05", "2027-06-01"):
        seen = p.standing(late, LIBRARY, day(today))
        assert (seen.state, seen.due, seen.overdue) == (State.ENDED, day("2026-11-03"), 2)
        assert seen.assumed == ()
    assert p.standing(late, LIBRARY, day("2026-11-04")).state is State.OVERDUE
    withdrawn = p.end(
        p.stop(Period(term(3), day("2026-11-02")), StopReason.SUPPLEMENT, day("2026-11-03")), day("2026-11-09")
    )
    assert p.standing(withdrawn, LIBRARY, day("2026-12-31")).overdue == 0


def test_a_period_into_an_unknown_year_carries_the_warning():
    running = Period(CONDITIONAL, day("2026-12-25"))
    seen = p.standing(running, LIBRARY, day("2026-12-25"))
    assert seen.due == day("2027-01-08")
    assert [each.year for each in seen.assumed] == [2027]
    known = calendar_of("years: {2027: {basis: 测试, holidays: [2027-01-01..2027-01-03]}}")
    seen = p.standing(running, known, day("2026-12-25"))
    assert (seen.due, seen.assumed) == (day("2027-01-11"), ())


def test_the_extension():
    running = Period(CONDITIONAL, day("2026-09-18"))  # due on 2026-10-09
    extension = Extension(10, "数据涉及三个部门", day("2026-10-09"), "市数据局")
    longer = p.extend(running, LIBRARY, extension)
    assert p.due(longer, LIBRARY, day("2026-10-09")) == LIBRARY.after(p.due(running, LIBRARY, day("2026-10-09")), 10)
    for bad, words in [
        (replace(extension, days=11), "1 至 10"),
        (replace(extension, days=0), "1 至 10"),
        (replace(extension, reason=" "), "理由"),
        (replace(extension, consent=""), "政务数据共享主管部门同意"),
        (replace(extension, on=day("2026-10-10")), "到期"),
    ]:
        with pytest.raises(ExtensionRefused, match=words):
            p.extend(running, LIBRARY, bad)
    with pytest.raises(ExtensionRefused, match="延长过一次"):
        p.extend(longer, LIBRARY, extension)
    with pytest.raises(ExtensionRefused, match="不延长"):
        p.extend(replace(running, term=replace(CONDITIONAL, extension=0)), LIBRARY, extension)
    with pytest.raises(OutOfOrder):
        p.extend(running, LIBRARY, replace(extension, on=day("2026-09-17")))


def test_steps_in_order():
    running = Period(CONDITIONAL, day("2026-11-02"))
    with pytest.raises(NotStopped):
        p.resume(running, day("2026-11-03"))
    with pytest.raises(OutOfOrder, match="2026-11-02"):
        p.stop(running, StopReason.SUPPLEMENT, day("2026-11-01"))
    stopped = p.stop(running, StopReason.SUPPLEMENT, day("2026-11-04"))
    with pytest.raises(AlreadyStopped, match="补正"):
        p.stop(stopped, StopReason.EXPERT_REVIEW, day("2026-11-05"))
    with pytest.raises(OutOfOrder):
        p.resume(stopped, day("2026-11-03"))
    with pytest.raises(OutOfOrder):
        p.end(stopped, day("2026-11-03"))
    again = p.stop(p.resume(stopped, day("2026-11-05")), StopReason.EXPERT_REVIEW, day("2026-11-05"))
    assert [each.reason.label for each in again.stops] == ["补正", "专家评审"]
    with pytest.raises(OutOfOrder):
        p.stop(p.resume(again, day("2026-11-09")), StopReason.RIGHT_HOLDER, day("2026-11-06"))
    ended = p.end(again, day("2026-11-10"))
    for step in (
        lambda: p.stop(ended, StopReason.SUPPLEMENT, day("2026-11-11")),
        lambda: p.resume(ended, day("2026-11-11")),
        lambda: p.end(ended, day("2026-11-11")),
        lambda: p.extend(ended, LIBRARY, Extension(1, "x", day("2026-11-11"), "x")),
    ):
        with pytest.raises(PeriodEnded, match="2026-11-10"):
            step()


def test_reminders_and_escalation_over_national_day():
    running = Period(CONDITIONAL, day("2026-09-24"))  # due on 2026-10-15
    told = p.reminders(running, LIBRARY, day("2026-10-01"), SLA.reminders)
    assert [(each.on, each.to) for each in told] == [
        (day("2026-10-13"), ("handler",)),
        (day("2026-10-15"), ("handler",)),
        (day("2026-10-16"), ("handler", "authority")),
    ]
    now = {n: p.reminder(running, LIBRARY, day(f"2026-10-{n}"), SLA.reminders) for n in (12, 13, 14, 15, 19)}
    assert now[12] is None
    assert now[13] == now[14] == told[0]
    assert now[15] == told[1]
    assert now[19] == told[2]  # four days without a sweep: the last one is caught up


def test_a_reminder_has_another_key_when_the_due_day_moved():
    running = Period(CONDITIONAL, day("2026-09-24"))
    before = p.reminder(running, LIBRARY, day("2026-10-13"), SLA.reminders)
    longer = p.extend(running, LIBRARY, Extension(1, "复杂", day("2026-10-13"), "市数据局"))
    after = p.reminder(longer, LIBRARY, day("2026-10-14"), SLA.reminders)
    assert (before.key, after.key) == ("2026-10-15-2", "2026-10-16-2")


def test_no_reminder_while_stopped_or_ended_nor_before_receipt():
    running = Period(term(1), day("2026-11-02"))
    assert [each.at for each in p.reminders(running, LIBRARY, day("2026-11-02"), SLA.reminders)] == [0, 1]
    stopped = p.stop(running, StopReason.SUPPLEMENT, day("2026-11-03"))
    assert p.reminders(stopped, LIBRARY, day("2026-11-04"), SLA.reminders) == ()
    assert p.reminder(p.end(running, day("2026-11-03")), LIBRARY, day("2026-11-09"), SLA.reminders) is None


@pytest.mark.parametrize("row", SLA.terms, ids=lambda row: f"{row.process} {row.type}".strip())
def test_every_row_of_the_table_over_national_day(row):
    received = day("2025-09-30")
    running = Period(row, received)
    due = p.due(running, LIBRARY, received)
    counted = [each for each in days_between(received + timedelta(days=1), due) if LIBRARY.is_working(each)]
    assert len(counted) == row.days
    assert counted[0] == day("2025-10-09")
    assert counted[-1] == due
    extension = Extension(row.extension, "理由", received, row.consent)
    if row.extension:
        longer = p.extend(running, LIBRARY, extension)
        assert p.due(longer, LIBRARY, received) == LIBRARY.after(due, row.extension)
    else:
        with pytest.raises(ExtensionRefused):
            p.extend(running, LIBRARY, replace(extension, days=1))


# --- properties

days_ = st.dates(date(2025, 1, 1), date(2027, 6, 30))


@st.composite
def closed_stops(draw, received):
    since = received + timedelta(days=draw(st.integers(0, 60)))
    return Stop(draw(st.sampled_from(StopReason)), since, since + timedelta(days=draw(st.integers(0, 40))))


@st.composite
def periods(draw):
    received = draw(days_)
    stops = draw(st.lists(closed_stops(received), max_size=4))
    extension = draw(st.none() | st.integers(1, 20).map(lambda n: Extension(n, "理由", received)))
    return Period(term(draw(st.integers(1, 30))), received, tuple(stops), extension)


FAR = date(2029, 1, 1)


@given(running=periods())
def test_due_is_a_working_day_that_is_counted(running):
    due = p.due(running, LIBRARY, FAR)
    span = days_between(running.received + timedelta(days=1), due)
    counted = [d for d in span if LIBRARY.is_working(d) and not any(s.since <= d <= s.until for s in running.stops)]
    assert counted[-1] == due
    assert len(counted) == running.days


@given(running=periods(), data=st.data())
def test_a_stop_never_makes_it_earlier(running, data):
    more = replace(running, stops=(*running.stops, data.draw(closed_stops(running.received))))
    assert p.due(more, LIBRARY, FAR) >= p.due(running, LIBRARY, FAR)
    still = replace(running, stops=(*running.stops, replace(more.stops[-1], until=None)))
    assert p.due(still, LIBRARY, more.stops[-1].until) == p.due(more, LIBRARY, FAR)


@given(received=days_, number=st.integers(1, 30), data=st.data())
def test_a_stop_of_n_working_days_moves_it_by_n(received, number, data):
    running = Period(term(number), received)
    due = p.due(running, LIBRARY, FAR)
    stop = data.draw(closed_stops(received))
    moved = p.due(replace(running, stops=(stop,)), LIBRARY, FAR)
    length = LIBRARY.count(max(stop.since - timedelta(days=1), received), stop.until)
    assert moved == (LIBRARY.after(due, length) if stop.since <= due else due)


@given(running=periods(), today=days_)
def test_state_and_figures_agree(running, today):
    seen = p.standing(running, LIBRARY, today)
    assert (seen.state is State.OVERDUE) == (today > seen.due)
    assert (seen.state is State.DUE) <= (today == seen.due)
    assert seen.overdue == 0 or seen.state is State.OVERDUE
    assert (seen.left == 0) == (today >= seen.due)
    assert seen.left <= running.days


@given(running=periods(), today=days_)
def test_reminders_are_working_days_in_order(running, today):
    told = p.reminders(running, LIBRARY, today, SLA.reminders)
    assert all(LIBRARY.is_working(each.on) for each in told)
    assert [each.on for each in told] == sorted({each.on for each in told})
    assert len({each.key for each in told}) == len(told)
