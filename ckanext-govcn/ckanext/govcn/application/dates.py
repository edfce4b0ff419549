"""Days and numbers that steps ask for, PURE: what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from ckanext.govcn.application.machine import table
from ckanext.govcn.workflow.form import Fault, day_of

LONGEST_NOTICE = 3650  # days since a notice came; an older one is a mistake


def faults(event: str, given: Mapping[str, str], *, use_until: date | None, today: date, longest: int) -> list[Fault]:
    """What is wrong with the fields of a step beside their lengths; `longest`: days that a use may last from today.

    A use that is over is not renewed: it is applied for again.
    """
    found: list[Fault] = []
    about = table().events[event]
    asked = [table().fields[name] for name in (*about.needs, *about.offers)]
    for field in asked:
        value = given.get(field.name, "").strip()
        if value and field.type == "date" and day_of(value) is None:
            found.append(_fault(field.name, "应为日期，如 2027-06-30", "must be a date like 2027-06-30"))
        if value and field.type == "number" and not (value.isascii() and value.isdecimal() and int(value)):
            found.append(_fault(field.name, "应为正整数", "must be a whole number above 0"))
        if field.type == "line" and any(ord(char) < 32 for char in value):
            found.append(_fault(field.name, "含有不能使用的字符", "has characters that cannot be used"))
    if "until" in about.needs:
        found += _renewal(day_of(given.get("until", "").strip()), use_until, today, longest)
    notice = day_of(given.get("notice_on", "").strip())
    if "notice_on" in about.needs and notice and not today - timedelta(days=LONGEST_NOTICE) <= notice <= today:
        found.append(_fault("notice_on", "不能晚于今天，也不应过早", "must not be after today, nor long ago"))
    return found


def over(use_until: date | None, today: date) -> list[Fault]:
    """A use whose last day has passed."""
    if use_until is not None and use_until >= today:
        return []
    return [Fault("until", "使用期限已过，不能续期，请重新申请", "The use is over; please apply again")]


def _renewal(until: date | None, use_until: date | None, today: date, longest: int) -> list[Fault]:
    if over(use_until, today) or until is None or use_until is None:
        return over(use_until, today)
    last = today + timedelta(days=longest)
    if use_until < until <= last:
        return []
    return [
        _fault(
            "until",
            f"应晚于现在的期限 {use_until.isoformat()}，不晚于 {last.isoformat()}",
            f"must be after the present end {use_until.isoformat()} and not after {last.isoformat()}",
        )
    ]


def _fault(name: str, zh: str, en: str) -> Fault:
    field = table().fields[name]
    return Fault(name, f"{field.zh}{zh}", f"{field.en} {en}")
