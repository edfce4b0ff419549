"""What a grant says, read from what a person or an action gives. PURE.

A date stands for the whole day in Beijing: a grant from 2026-12-01 to 2026-12-31 begins with the first day and is over
when the last one is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from dataclasses import field as field_of
from datetime import date, datetime, timedelta, timezone
from typing import Any, cast

from ckanext.govcn.access.rules import CHANNELS, DELIVERIES, DOWNLOAD, OPENING
from ckanext.govcn.grant import limits
from ckanext.govcn.grant.exceptions import TermsRefused
from ckanext.govcn.grant.limits import Limits

BEIJING = timezone(timedelta(hours=8))
LONGEST_PURPOSE, LONGEST_REASON, LONGEST_REFERENCE, MOST_VERSIONS = 500, 2000, 200, 100
MOST_FIELDS, LONGEST_FIELD = 200, 100
_DIGEST = re.compile(r"[0-9a-f]{64}")
CURRENT = "current"
DELIVERY_NAMES = {"download": "平台下载", "interface": "平台接口", "other": "平台以外的其他方式"}


@dataclass(frozen=True, slots=True)
class Terms:
    """通道, 用途, 期限, 版本, 信息项, 提供方式, 理由 and 限额. `versions` None: what the dataset delivers when it is
    given; `fields`: names of columns as in the file's header; none: all."""

    channel: str
    purpose: str
    begins: datetime
    until: datetime
    reason: str
    reference: str = ""
    versions: tuple[str, ...] | None = ()
    limits: Limits = field_of(default_factory=Limits)
    fields: tuple[str, ...] = ()
    deliveries: tuple[str, ...] = (DOWNLOAD,)


def read(given: Mapping[str, Any], now: datetime, longest: timedelta) -> Terms:
    """The terms. Raises TermsRefused, naming the field."""
    channel = str(given.get("channel") or OPENING)
    if channel not in CHANNELS:
        raise TermsRefused("channel", "渠道应为 opening（开放）或 sharing（共享）", "Must be opening or sharing")
    begins = moment("begins", given["begins"]) if given.get("begins") else now
    until = moment("until", given.get("until"), end=True)
    if until <= max(begins, now):
        raise TermsRefused("until", "截止时间应晚于生效时间和现在", "Must be later than the beginning, and than now")
    if until - begins > longest:
        raise TermsRefused(
            "until", f"授权期限最长 {longest.days} 天，到期可再次授权", f"A grant lasts at most {longest.days} days"
        )
    return Terms(
        channel,
        sentence("purpose", given.get("purpose"), LONGEST_PURPOSE),
        begins,
        until,
        sentence("reason", given.get("reason"), LONGEST_REASON),
        sentence("reference", given.get("reference"), LONGEST_REFERENCE, needed=False),
        _versions(given.get("versions")),
        limits.read(given),
        fields(given.get("fields")),
        deliveries(given.get("deliveries")),
    )


def moment(field: str, given: Any, *, end: bool = False) -> datetime:
    """A date (its beginning, or its end) or a time with a zone, in ISO 8601. Raises TermsRefused."""
    text = given.isoformat() if isinstance(given, (date, datetime)) else str(given or "").strip()
    try:
        if len(text) == 10:
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), BEIJING)
            return day + timedelta(days=1) if end else day
        exact = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        exact = None
    if exact is None or exact.tzinfo is None:
        raise TermsRefused(
            field,
            "请填写日期（如 2026-12-31），或带时区的时间（如 2026-12-31T18:00:00+08:00）",
            "Give a date (2026-12-31) or a time with its zone (2026-12-31T18:00:00+08:00)",
        )
    return exact


def sentence(field: str, given: Any, longest: int, *, needed: bool = True) -> str:
    """A text of people. Raises TermsRefused when it is missing, too long or holds what a database does not take."""
    text = "" if given is None else str(given).strip()
    if needed and not text:
        raise TermsRefused(field, "请填写此项", "Please fill this in")
    if len(text) > longest or "\0" in text:
        raise TermsRefused(field, f"最多 {longest} 字", f"At most {longest} characters")
    return text


def _versions(given: Any) -> tuple[str, ...] | None:
    if given == CURRENT:
        return None
    listed = cast("list[object]", given) if isinstance(given, list) else [given] if given else []
    if len(listed) > MOST_VERSIONS:
        raise TermsRefused("versions", f"最多 {MOST_VERSIONS} 个版本", f"At most {MOST_VERSIONS} versions")
    texts = sorted({str(each).lower() for each in listed})
    if not all(_DIGEST.fullmatch(text) for text in texts):
        raise TermsRefused(
            "versions",
            "应为文件的 SHA-256（64 位十六进制），或 current",
            "Must be SHA-256 digests (64 hexadecimal digits), or current",
        )
    return tuple(texts)


def fields(given: Any) -> tuple[str, ...]:
    """Names of columns, in their order; none: all. What is not understood is refused: leaving it out would give
    everything. Raises TermsRefused."""
    if given is None:
        return ()
    listed = cast("list[object]", given) if isinstance(given, list) else None
    if listed is None or not all(isinstance(each, str) and each.strip() for each in listed):
        raise TermsRefused("fields", "应为信息项名称的列表，不填则为全部信息项", "Must be a list of names of columns")
    if len(listed) > MOST_FIELDS:
        raise TermsRefused("fields", f"最多 {MOST_FIELDS} 个信息项", f"At most {MOST_FIELDS} columns")
    names = [sentence("fields", each, LONGEST_FIELD) for each in listed]
    if len(set(names)) < len(names):
        raise TermsRefused("fields", "信息项重复", "A column is named twice")
    return tuple(names)


def deliveries(given: Any) -> tuple[str, ...]:
    """提供方式, in the order of `rules.DELIVERIES`; download when none is said. Raises TermsRefused."""
    if given is None or given in ("", []):
        return (DOWNLOAD,)
    listed = cast("list[object]", given) if isinstance(given, list) else [given]
    if not all(each in DELIVERIES for each in listed):
        raise TermsRefused(
            "deliveries",
            "应为 download（下载）、interface（接口）或 other（其他，平台只作记录）",
            "Must be download, interface, or other (which is only written down)",
        )
    return tuple(each for each in DELIVERIES if each in listed)


def said(names: Collection[str], ways: Collection[str]) -> tuple[str, str]:
    """信息项 and 提供方式 as an agreement says them."""
    named = "、".join(names) if names else "全部"
    return named, "、".join(DELIVERY_NAMES[way] for way in DELIVERIES if way in ways)
