"""Dates of catalogues, as departments write them, to CCYY-MM-DD (GB/T 7408)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))

_PARTS = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?:\s*[日号])?")
_TIME = re.compile(r"\d{1,2}[:时]\d{1,2}(?:[:分]\d{1,2}秒?)?(?:\.\d+)?分?")
_ZONE = re.compile(r"(?:Z|UTC|GMT|CST|[+-]\d{2}:?\d{2})?", re.IGNORECASE)
_EXCEL_EPOCH = date(1899, 12, 30)
_EXCEL_SERIALS = range(25569, 60000)  # 1970-01-01 to 2064


@dataclass(frozen=True, slots=True)
class ReadDate:
    """A date that was read. `doubtful` when something had to be mended (2022/8/1018:10 has no blank)."""

    iso: str
    doubtful: bool = False


def read_date(text: str) -> ReadDate | None:
    """The day meant by `text`, or None.

    Read: 2024-01-05, 2024/1/5, 2024.1.5, 2024年1月5日, 20240105, any of these with a time or a zone, Excel's serial
    numbers, Unix seconds and milliseconds (the day in China).

    >>> read_date("2022/8/1018:10")
    ReadDate(iso='2022-08-10', doubtful=True)
    """
    written = unicodedata.normalize("NFKC", text).strip()
    if len(written) > 40:
        return None
    if re.fullmatch(r"\d+(?:\.0+)?", written, re.ASCII):
        return _from_number(written.split(".")[0])
    found = _PARTS.match(written)
    if found is None or not found[0].isascii() and not re.search("[年月日号]", found[0]):
        return None
    rest = written[found.end() :]
    ended = found[0][-1] in "日号" or rest[:1] in {" ", "T"}
    return _with_rest(int(found[1]), int(found[2]), found[3], rest.lstrip(" T"), ended=ended)


def is_iso_date(text: str) -> bool:
    """Is this CCYY-MM-DD and a day that exists?"""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _with_rest(year: int, month: int, day: str, after: str, *, ended: bool) -> ReadDate | None:
    """`ended`: something separates the day from what comes after it."""
    if not after or (ended and _is_time(after)):
        return _dated(year, month, int(day), doubtful=False)
    # 2022/8/1018:10: the blank between day and hour is missing; read when there is only one place for it
    places = [n for n in (1, 2) if n <= len(day) and _is_time(day[n:] + after)]
    return _dated(year, month, int(day[: places[0]]), doubtful=True) if len(places) == 1 else None


def _is_time(text: str) -> bool:
    found = _TIME.match(text)
    return found is not None and _ZONE.fullmatch(text[found.end() :].strip()) is not None


def _from_number(digits: str) -> ReadDate | None:
    number = int(digits)
    if len(digits) == 8:
        return _dated(int(digits[:4]), int(digits[4:6]), int(digits[6:]), doubtful=False)
    if len(digits) == 14:
        return _dated(int(digits[:4]), int(digits[4:6]), int(digits[6:8]), doubtful=False)
    if number in _EXCEL_SERIALS:
        return ReadDate((_EXCEL_EPOCH + timedelta(days=number)).isoformat())
    if len(digits) in {10, 13}:
        seconds = number / 1000 if len(digits) == 13 else number
        return ReadDate(datetime.fromtimestamp(seconds, UTC).astimezone(CHINA).date().isoformat())
    return None


def _dated(year: int, month: int, day: int, *, doubtful: bool) -> ReadDate | None:
    try:
        return ReadDate(date(year, month, day).isoformat(), doubtful)
    except ValueError:
        return None
