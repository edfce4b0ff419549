"""Days and numbers that steps ask for."""

from __future__ import annotations

from datetime import date

import pytest
from ckanext.govcn.application import dates
from hypothesis import given
from hypothesis import strategies as st

TODAY, USE_UNTIL = date(2026, 11, 24), date(2026, 12, 31)


def wrong(event: str, use_until: date | None = USE_UNTIL, **said: str) -> list[str]:
    found = dates.faults(event, said, use_until=use_until, today=TODAY, longest=1095)
    assert all(fault.message and fault.message_en.isascii() for fault in found)
    return [fault.field for fault in found]


@pytest.mark.parametrize(
    ("until", "faults"),
    [
        ("2027-06-30", []), ("2027-01-01", []), ("2026-12-31", ["until"]), ("2026-01-01", ["until"]),
        ("2029-11-23", []), ("2029-11-24", ["until"]), ("20270630", ["until"]), ("明年", ["until"]),
        ("2027-02-30", ["until"]), ("２０２７-06-30", ["until"]),
    ],
)  # fmt: skip
def test_until_when_a_use_is_renewed(until: str, faults: list[str]) -> None:
    assert wrong("renew", until=until) == faults


def test_what_is_over_is_not_renewed() -> None:
    for over in (None, date(2026, 11, 23)):
        assert wrong("renew", over, until="2027-06-30") == ["until"]
    assert wrong("renew", TODAY, until="2027-06-30") == []


@pytest.mark.parametrize(
    ("days", "faults"), [("1", []), ("015", []), ("0", ["days"]), ("-1", ["days"]), ("1.5", ["days"]), ("３", ["days"])]
)
def test_days_of_an_extension(days: str, faults: list[str]) -> None:
    assert wrong("extend", days=days) == faults


@pytest.mark.parametrize(
    ("day", "faults"), [("2026-11-24", []), ("2026-11-25", ["notice_on"]), ("1999-01-01", ["notice_on"])]
)
def test_when_a_notice_came(day: str, faults: list[str]) -> None:
    assert wrong("suspend_on_notice", notice_on=day, notice_by="一家企业") == faults
    assert wrong("suspend_on_notice", notice_on=day, notice_by="一家\n企业") == [*faults[:0], "notice_by", *faults]


@given(st.text(max_size=12), st.text(max_size=4), st.text(max_size=12))
def test_any_text_is_answered(until: str, days: str, day: str) -> None:
    for event in ("renew", "extend", "suspend_on_notice", "withdraw"):
        wrong(event, until=until, days=days, notice_on=day, notice_by=until)
