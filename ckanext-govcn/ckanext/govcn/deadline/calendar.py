"""Working days of mainland China, PURE: weekends, holidays and 调休.

Asked in this order: a single day in the operator's `holidays.yaml`, the whole year's arrangement there, the library
`chinesecalendar`, which carries the State Council's yearly notices. A year that none of them knows is reckoned Monday
to Friday, and `assumed` says so.

    WorkingCalendar().after(date(2025, 9, 30), 1) == date(2025, 10, 9)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn, cast

import chinese_calendar  # pyright: ignore[reportMissingTypeStubs]
import yaml

from ckanext.govcn.catalog.dates import CHINA
from ckanext.govcn.deadline.exceptions import DateOutOfRange, SettingsInvalid

FILE = "holidays.yaml"
FIRST_YEAR, LAST_YEAR = 2000, 2100
_DAY = timedelta(days=1)
_is_workday = cast("Callable[[date], bool]", chinese_calendar.is_workday)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """节假日安排 of one whole year: days off beside the weekends, and weekend days at work (调休)."""

    basis: str
    off: frozenset[date]
    work: frozenset[date]


@dataclass(frozen=True, slots=True)
class AssumedYear:
    """A year whose holidays nobody has entered: what was reckoned in it may be wrong."""

    year: int

    @property
    def message(self) -> str:
        return (
            f"{self.year} 年的节假日安排还没有，该年按周一至周五推算，日期可能有误。"
            f"请在 config/{FILE} 里录入国务院办公厅的安排，或升级 chinesecalendar。"
        )

    @property
    def message_en(self) -> str:
        return (
            f"The holidays of {self.year} are not known; it is reckoned Monday to Friday and days may be wrong. "
            f"Enter the State Council's arrangement in config/{FILE}, or upgrade chinesecalendar."
        )


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Which days are working days. `days` are single days (True: at work), `arrangements` whole years."""

    arrangements: Mapping[int, Arrangement] = field(default_factory=dict[int, Arrangement])
    days: Mapping[date, bool] = field(default_factory=dict[date, bool])

    def is_working(self, day: date) -> bool:
        """Is this a working day?"""
        if day in self.days:
            return self.days[day]
        weekday = day.weekday() < 5
        year = self.arrangements.get(day.year)
        if year is not None:
            return day in year.work or (weekday and day not in year.off)
        known = _of_library(day)
        return weekday if known is None else known

    def after(self, day: date, number: int) -> date:
        """The `number`-th working day after a day (1: the next one). Raises DateOutOfRange."""
        return self._step(day, number, _DAY)

    def before(self, day: date, number: int) -> date:
        """The `number`-th working day before a day. Raises DateOutOfRange."""
        return self._step(day, number, -_DAY)

    def count(self, after: date, until: date) -> int:
        """Working days later than `after`, up to and with `until`; 0 when there is none."""
        return sum(map(self.is_working, days_between(after + _DAY, until)))

    def assumed(self, first: date, last: date) -> tuple[AssumedYear, ...]:
        """The years of this span that are only assumed."""
        years = range(first.year, last.year + 1)
        return tuple(AssumedYear(year) for year in years if not self.knows(year))

    def knows(self, year: int) -> bool:
        """Is the year's arrangement entered, or in the library?"""
        return year in self.arrangements or _of_library(date(year, 1, 1)) is not None

    def _step(self, day: date, number: int, step: timedelta) -> date:
        for _ in range(number):
            day = _checked(day) + step
            while not self.is_working(day):
                day = _checked(day) + step
        return day


def beijing_day(now: datetime) -> date:
    """The day in China at a moment. Raises ValueError for a moment without a zone."""
    if now.tzinfo is None:
        raise ValueError("a moment needs its zone")
    return now.astimezone(CHINA).date()


def days_between(first: date, last: date) -> Iterator[date]:
    """All days from `first` to `last`, both with them."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def load_calendar(folder: Path | None = None) -> WorkingCalendar:
    """The calendar with `folder`/holidays.yaml; without the file, the library alone. Raises SettingsInvalid."""
    path = folder / FILE if folder else None
    if path is None or not path.is_file():
        return WorkingCalendar()
    try:
        return calendar_of(path.read_text("utf-8"), str(path))
    except UnicodeError as error:
        raise SettingsInvalid(file=path, why="不是 UTF-8 文本", why_en="it is not UTF-8") from error


def calendar_of(text: str, file: str = FILE) -> WorkingCalendar:
    """The calendar that the operator's text states. Raises SettingsInvalid, with the place."""
    try:
        given: Any = yaml.safe_load(text) or {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsInvalid(
            file=file, why="不是有效的 YAML，或有不存在的日期", why_en="it is not YAML, or names a day that is none"
        ) from error
    top = _mapping(given, {"years", "days"}, file, "文件")
    years = _mapping(top.get("years") or {}, None, file, "years")
    days = _mapping(top.get("days") or {}, None, file, "days")
    single = {_date(day, file, "days"): _word(word, file, day) for day, word in days.items()}
    return WorkingCalendar(
        {_year(year, file): _arrangement(year, about, file) for year, about in years.items()}, single
    )


def _arrangement(year: Any, about: Any, file: str) -> Arrangement:
    place = f"years {year}"
    values = _mapping(about, {"basis", "holidays", "workdays"}, file, place)
    basis = values.get("basis")
    if not isinstance(basis, str) or not basis.strip():
        _fault(file, place, "缺少 basis（安排的文件名和文号）", "needs its basis: the notice and its number")
    off, work = (frozenset(_dates(values.get(key), file, f"{place} {key}")) for key in ("holidays", "workdays"))
    strangers = sorted(day for day in off | work if day.year != _year(year, file))
    if strangers:
        _fault(
            file, place, f"{strangers[0]} 不在这一年，请写在 days 里", f"{strangers[0]} is of another year: use days"
        )
    if off & work:
        _fault(file, place, f"{min(off & work)} 既上班又休息", f"{min(off & work)} is both off and at work")
    return Arrangement(basis, off, work)


def _dates(given: Any, file: str, place: str) -> Iterator[date]:
    """Days, and spans written 2027-02-05..2027-02-11."""
    if given is not None and not isinstance(given, list):
        _fault(file, place, "应为列表", "must be a list")
    for each in cast("list[Any]", given or []):
        first, span, last = str(each).partition("..")
        start = _date(first, file, place)
        end = _date(last, file, place) if span else start
        if not start <= end <= start + timedelta(days=366):
            _fault(file, place, f"{each} 的起止日期不对", f"{each} is no span of days")
        yield from days_between(start, end)


def _date(given: Any, file: str, place: str) -> date:
    try:
        day = date.fromisoformat(str(given).strip())
        return _checked(day)
    except (ValueError, DateOutOfRange):
        _fault(file, place, f"“{given}”不是 2027-01-01 这样的日期", f"{given!r} is no date like 2027-01-01")


def _year(given: Any, file: str) -> int:
    if type(given) is not int or not FIRST_YEAR <= given <= LAST_YEAR:
        _fault(file, "years", f"“{given}”不是年份", f"{given!r} is no year")
    return given


def _word(given: Any, file: str, day: Any) -> bool:
    if given is False or given == "off":  # a bare `off` is false in YAML 1.1
        return False
    if given != "work":
        _fault(file, f"days {day}", "应为 work（上班）或 off（休息）", "must be work or off")
    return True


def _mapping(value: Any, known: set[str] | None, file: str, place: str) -> Mapping[Any, Any]:
    if not isinstance(value, dict):
        _fault(file, place, "应为键和值", "must be keys and values")
    given = cast("dict[Any, Any]", value)
    unknown = [str(key) for key in given if known is not None and key not in known]
    if unknown:
        _fault(file, place, f"没有 {'、'.join(unknown)} 这样的键", f"takes no {', '.join(unknown)}")
    return given


def _fault(file: str, place: str, why: str, why_en: str) -> NoReturn:
    raise SettingsInvalid(file=file, why=f"{place} {why}", why_en=f"{place} {why_en}")


def _checked(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise DateOutOfRange(day=day, first=FIRST_YEAR, last=LAST_YEAR)
    return day


@functools.lru_cache(maxsize=4096)
def _of_library(day: date) -> bool | None:
    """What the library says of a day; None for a year it does not know."""
    try:
        return _is_workday(day)
    except NotImplementedError:
        return None
