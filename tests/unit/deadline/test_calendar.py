"""Working days with 调休, the operator's file, and years that nobody knows."""

from datetime import UTC, date, datetime

import pytest
from ckanext.govcn.deadline.calendar import (
    WorkingCalendar,
    beijing_day,
    calendar_of,
    days_between,
    load_calendar,
)
from ckanext.govcn.deadline.exceptions import DateOutOfRange, SettingsInvalid
from hypothesis import given
from hypothesis import strategies as st

LIBRARY = WorkingCalendar()
NEXT_YEAR = """
years:
  2027:
    basis: 测试用的安排，不是真的
    holidays: [2027-01-01, 2027-02-05..2027-02-11]
    workdays: [2027-02-13]
days:
  2027-07-20: off
  2026-10-01: work
"""


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2025-09-28", True),  # a Sunday at work for 国庆
        ("2025-10-01", False),
        ("2025-10-08", False),
        ("2025-10-11", True),  # a Saturday at work
        ("2026-02-14", True),  # 春节
        ("2026-02-16", False),
        ("2026-02-23", False),
        ("2026-02-28", True),
        ("2026-09-20", True),
        ("2026-10-07", False),
        ("2026-10-08", True),
        ("2026-10-10", True),
        ("2026-11-24", True),
        ("2026-11-28", False),
    ],
)
def test_the_state_councils_arrangement(day, working):
    assert LIBRARY.is_working(date.fromisoformat(day)) is working


def test_steps_over_holidays():
    assert LIBRARY.after(date(2025, 9, 30), 1) == date(2025, 10, 9)
    assert LIBRARY.before(date(2025, 10, 9), 1) == date(2025, 9, 30)
    assert LIBRARY.after(date(2026, 2, 14), 1) == date(2026, 2, 24)
    assert LIBRARY.count(date(2026, 9, 30), date(2026, 10, 10)) == 3
    assert LIBRARY.count(date(2026, 10, 10), date(2026, 10, 1)) == 0


def test_a_year_nobody_knows_is_monday_to_friday_and_says_what_to_do():
    assert LIBRARY.is_working(date(2027, 1, 1))
    assert not LIBRARY.is_working(date(2027, 1, 2))
    assert LIBRARY.assumed(date(2026, 1, 1), date(2026, 12, 31)) == ()
    (year,) = LIBRARY.assumed(date(2026, 12, 31), date(2027, 1, 1))
    assert year.year == 2027
    assert "2027 年的节假日安排还没有" in year.message
    assert "config/holidays.yaml" in year.message
    assert "config/holidays.yaml" in year.message_en


def test_the_operators_year_and_days_win():
    calendar = calendar_of(NEXT_YEAR)
    assert not calendar.is_working(date(2027, 1, 1))
    assert not calendar.is_working(date(2027, 2, 8))  # inside the span
    assert calendar.is_working(date(2027, 2, 12))
    assert calendar.is_working(date(2027, 2, 13))  # a Saturday
    assert not calendar.is_working(date(2027, 2, 14))
    assert not calendar.is_working(date(2027, 7, 20))
    assert calendar.is_working(date(2026, 10, 1))  # against the library
    assert calendar.assumed(date(2026, 1, 1), date(2028, 1, 1))[0].year == 2028


def test_a_single_day_does_not_make_its_year_known():
    calendar = calendar_of("days: {2027-01-01: off}")
    assert not calendar.is_working(date(2027, 1, 1))
    assert [each.year for each in calendar.assumed(date(2027, 1, 1), date(2027, 1, 2))] == [2027]


def test_a_whole_year_replaces_the_librarys():
    calendar = calendar_of("years: {2026: {basis: 测试, holidays: [2026-06-01]}}")
    assert calendar.is_working(date(2026, 10, 1))
    assert not calendar.is_working(date(2026, 10, 10))
    assert not calendar.is_working(date(2026, 6, 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("years: {2027: {holidays: [2027-01-01]}}", "缺少 basis"),
        ("years: {2027: {basis: x, holidays: [2026-12-31]}}", "不在这一年"),
        ("years: {2027: {basis: x, holidays: [2027-01-09], workdays: [2027-01-09]}}", "既上班又休息"),
        ("years: {2027: {basis: x, holidays: [2027-02-05..2027-02-01]}}", "起止日期"),
        ("years: {2027: {basis: x, holidays: 2027-01-01}}", "应为列表"),
        ("years: {2027: {basis: x, off: []}}", "没有"),
        ("years: {twenty: {basis: x}}", "不是年份"),
        ("years: {2027: []}", "应为键和值"),
        ("days: {2027-01-01: 休}", "work（上班）或 off（休息）"),
        ("days: {soon: off}", "不是 2027-01-01 这样的日期"),
        ("days: {2027-02-30: off}", "不存在的日期"),
        ("day: {}", "没有 day"),
        ("- 1", "应为键和值"),
        ("{", "不是有效的 YAML"),
    ],
)
def test_a_faulty_file_names_the_place(text, words):
    with pytest.raises(SettingsInvalid, match=words) as caught:
        calendar_of(text)
    assert "holidays.yaml" in caught.value.message_en


def test_the_file_is_optional_and_read_from_the_folder(tmp_path):
    assert load_calendar(tmp_path) == WorkingCalendar()
    (tmp_path / "holidays.yaml").write_text(NEXT_YEAR, "utf-8")
    assert load_calendar(tmp_path).knows(2027)
    (tmp_path / "holidays.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsInvalid, match="UTF-8"):
        load_calendar(tmp_path)


def test_the_day_is_beijings():
    assert beijing_day(datetime(2025, 9, 30, 16, 0, tzinfo=UTC)) == date(2025, 10, 1)
    assert beijing_day(datetime(2025, 9, 30, 15, 59, tzinfo=UTC)) == date(2025, 9, 30)
    with pytest.raises(ValueError, match="zone"):
        beijing_day(datetime(2025, 9, 30))  # noqa: DTZ001


@pytest.mark.parametrize("day", [date.min, date.max, date(1999, 12, 31), date(2101, 1, 1)])
def test_days_far_away_are_refused(day):
    with pytest.raises(DateOutOfRange):
        LIBRARY.after(day, 1)
    with pytest.raises(DateOutOfRange):
        LIBRARY.before(day, 1)


@given(day=st.dates(date(2023, 1, 1), date(2028, 12, 31)), number=st.integers(1, 40))
def test_after_before_and_count_agree(day, number):
    later = LIBRARY.after(day, number)
    assert LIBRARY.is_working(later)
    assert LIBRARY.count(day, later) == number
    last = max(each for each in days_between(LIBRARY.before(day, 1), day) if LIBRARY.is_working(each))
    assert LIBRARY.before(later, number) == last
