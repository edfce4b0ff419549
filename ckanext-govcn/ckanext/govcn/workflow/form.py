"""What people fill in, PURE: fields of forms, and what is wrong with an answer, in both languages.

The forms of applications, requests and the ledger of sharing are made of these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from stdnum.cn import ric

from ckanext.govcn.workflow.table import Field, Named

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])[1-9]\d{16}[0-9Xx](?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class FormField(Named):
    """One field: `type` is text, line (one line of text), date, or what its form says; at most `limit` characters."""

    type: str = "text"
    limit: int = 0
    optional: bool = False
    hint: str = ""
    hint_en: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field, in both languages."""

    field: str
    message: str
    message_en: str


def missing(field: Named) -> Fault:
    """Nothing was given."""
    return Fault(field.name, f"请填写：{field.zh}", f"Please give: {field.en}")


def too_long(field: FormField | Field, value: str) -> list[Fault]:
    """More characters than the field takes."""
    if len(value) <= field.limit:
        return []
    return [Fault(field.name, f"{field.zh}最多 {field.limit} 字", f"{field.en}: at most {field.limit} characters")]


def unusable(field: Named, value: str, *, one_line: bool, control: re.Pattern[str] = CONTROL) -> list[Fault]:
    """Control characters, or more lines than one."""
    if not control.search(value) and not (one_line and "\n" in value):
        return []
    return [Fault(field.name, f"{field.zh}含有不能使用的字符", f"{field.en} has characters that cannot be used")]


def wrong_end(field: Named, value: str, today: date, longest_days: int) -> list[Fault]:
    """The last day of a use: a date after today, at most `longest_days` away."""
    until, last = day_of(value), today + timedelta(days=longest_days)
    if until is None:
        return [Fault(field.name, f"{field.zh}应为日期，如 2027-06-30", f"{field.en} must be a date like 2027-06-30")]
    if today < until <= last:
        return []
    return [
        Fault(
            field.name,
            f"{field.zh}应晚于今天，不晚于 {last.isoformat()}",
            f"{field.en} must be after today and not after {last.isoformat()}",
        )
    ]


def day_of(text: str) -> date | None:
    """A day written like 2026-06-30, else None."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def holds_identity_number(text: str) -> bool:
    """Does the text hold a 公民身份号码 (GB 11643) whose check character, date of birth and region are right?"""
    return any(ric.is_valid(found.upper()) for found in _IDENTITY.findall(text))
