"""Dates are read as departments write them, or not at all."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from ckanext.govcn.catalog.dates import is_iso_date, read_date
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-01-05", "2024-01-05"),
        ("2024/1/5", "2024-01-05"),
        ("2024.1.5", "2024-01-05"),
        ("2024年1月5日", "2024-01-05"),
        ("２０２４－０１－０５", "2024-01-05"),
        ("20240105", "2024-01-05"),
        ("20240105093000", "2024-01-05"),
        ("2024-01-05 09:30:00", "2024-01-05"),
        ("2024-01-05T09:30:00.000Z", "2024-01-05"),
        ("2024-01-05T09:30:00+08:00", "2024-01-05"),
        ("2024年1月5日9时30分", "2024-01-05"),
        ("44760", "2022-07-18"),
        ("44760.0", "2022-07-18"),
        ("1696010400000", "2023-09-30"),
        ("1696010400", "2023-09-30"),
    ],
)
def test_read(text: str, iso: str) -> None:
    read = read_date(text)
    assert read is not None
    assert (read.iso, read.doubtful) == (iso, False)


def test_a_missing_blank_is_mended_and_said() -> None:
    read = read_date("2022/8/1018:10")
    assert read is not None
    assert (read.iso, read.doubtful) == ("2022-08-10", True)


@pytest.mark.parametrize(
    "text",
    [
        "", "昨天", "2024", "2024-13-01", "2024-02-30", "0000-00-00", "20241301", "2024-01", "99999999", "12345",
        "2022/8/118:10", "2024-01-05 下午", "2024-01-05 至 2024-02-05", "x" * 100, "9" * 39, "²⁰²⁴-01-05x",
    ],
)  # fmt: skip
def test_not_read(text: str) -> None:
    assert read_date(text) is None


@given(
    st.dates(date(1900, 1, 1), date(2099, 12, 31)),
    st.sampled_from(["{0:%Y}-{0:%m}-{0:%d}", "{0:%Y}年{0:%m}月{0:%d}日", "{0:%Y%m%d}"]),
)
def test_any_day_comes_back(day: date, shape: str) -> None:
    read = read_date(shape.format(day))
    assert read is not None
    assert read.iso == day.isoformat()


@given(st.integers(25569, 59999))
def test_excel_serials(serial: int) -> None:
    read = read_date(str(serial))
    assert read is not None
    assert read.iso == (date(1899, 12, 30) + timedelta(days=serial)).isoformat()


@given(st.text(max_size=50))
def test_never_raises_and_gives_only_days(text: str) -> None:
    read = read_date(text)
    assert read is None or is_iso_date(read.iso)


@pytest.mark.parametrize(
    ("text", "good"), [("2024-01-05", True), ("20240105", False), ("2024-1-5", False), ("", False)]
)
def test_iso(text: str, good: bool) -> None:
    assert is_iso_date(text) is good
