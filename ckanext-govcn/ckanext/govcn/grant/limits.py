"""How often a grant may be used: 额度 (uses in all, or a Beijing day) and 频次 (uses in any 60 s). PURE.

Every answer that carries the data, whole or in part, is one use. What is refused is none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ckanext.govcn.audit.chain import BEIJING
from ckanext.govcn.grant.exceptions import TermsRefused
from ckanext.govcn.limit.windows import rate_limit_headers

WINDOW = timedelta(seconds=60)
ALL, DAY = "all", "day"
QUOTA_PERIODS = (ALL, DAY)
MOST = 1_000_000_000  # what the column holds, and nobody reaches


@dataclass(frozen=True, slots=True)
class Limits:
    """`quota`: uses in a `quota_period`; `rate`: uses in any 60 s. None: not limited."""

    quota: int | None = None
    quota_period: str = ALL
    rate: int | None = None


@dataclass(frozen=True, slots=True)
class Uses:
    """Uses so far: in the quota's period, and in the last 60 s with the moment of the oldest of these."""

    of_quota: int = 0
    recent: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one more is allowed. `code` is allowed, quota or rate: the limit that decided, else the nearer one.

    `limit`, `remaining` (after this use) and `reset` (whole seconds until more are allowed) are that limit's; `limit`
    None: there is none.
    """

    code: str
    limit: int | None = None
    remaining: int = 0
    reset: int = 0
    message: str = ""
    message_en: str = ""

    @property
    def allowed(self) -> bool:
        """Whether the data may go."""
        return self.code == "allowed"

    def headers(self) -> dict[str, str]:
        """What the answer tells; nothing without a limit."""
        if self.limit is None:
            return {}
        return rate_limit_headers(self.limit, self.remaining, self.reset, allowed=self.allowed)


def read(given: Mapping[str, Any]) -> Limits:
    """The limits that a person or an action gives. Raises TermsRefused, naming the field."""
    period = str(given.get("quota_period") or ALL)
    if period not in QUOTA_PERIODS:
        raise TermsRefused("quota_period", "应为 all（授权期内）或 day（每日）", "Must be all or day")
    return Limits(_count("quota", given.get("quota")), period, _count("rate", given.get("rate")))


def _count(field: str, given: Any) -> int | None:
    text = "" if given is None or isinstance(given, bool) else str(given).strip()
    if given is None or text == "":
        return None
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:11]) <= MOST):
        raise TermsRefused(
            field, "应为正整数；不限次数时请留空", "Must be a whole number above zero, or left empty for no limit"
        )
    return int(text)


def said(limits: Limits) -> str:
    """The limits as an agreement says them."""
    parts = [
        f"{'每日' if limits.quota_period == DAY else '使用期限内'}不超过 {limits.quota} 次" if limits.quota else "",
        f"每分钟不超过 {limits.rate} 次" if limits.rate else "",
    ]
    return "，".join(filter(None, parts)) or "不限"


def midnight(now: datetime) -> datetime:
    """When the Beijing day began."""
    return now.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)


def since(limits: Limits, begins: datetime, now: datetime) -> datetime:
    """From when uses count against the quota."""
    return begins if limits.quota_period == ALL else midnight(now)


def judge(limits: Limits, uses: Uses, until: datetime, now: datetime) -> Verdict:
    """May the grant, which lasts until `until`, be used once more?"""
    quota = _quota(limits, uses, until, now)
    rate = _rate(limits, uses, now)
    refused = [verdict for verdict in (quota, rate) if not verdict.allowed]
    if refused:
        return max(refused, key=lambda verdict: verdict.reset)  # waiting for the sooner one would not help
    return min((v for v in (quota, rate) if v.limit is not None), key=lambda v: v.remaining, default=quota)


def _quota(limits: Limits, uses: Uses, until: datetime, now: datetime) -> Verdict:
    if limits.quota is None:
        return Verdict("allowed")
    over = until if limits.quota_period == ALL else min(midnight(now) + timedelta(days=1), until)
    reset = _seconds(over - now)
    if uses.of_quota < limits.quota:
        return Verdict("allowed", limits.quota, limits.quota - uses.of_quota - 1, reset)
    if limits.quota_period == DAY:
        zh, en = "今日的使用次数已用完，请明日再试", "The uses of today are used up; try again tomorrow"
    else:
        zh = "授权的使用次数已用完；需要继续使用时请重新申请"
        en = "The uses of your grant are used up; ask for a new one if you still need the data"
    return Verdict("quota", limits.quota, 0, reset, f"{zh}（{limits.quota} 次）", f"{en} ({limits.quota})")


def _rate(limits: Limits, uses: Uses, now: datetime) -> Verdict:
    if limits.rate is None:
        return Verdict("allowed")
    reset = _seconds((uses.oldest or now) + WINDOW - now)
    if uses.recent < limits.rate:
        return Verdict("allowed", limits.rate, limits.rate - uses.recent - 1, reset)
    zh = f"使用过于频繁，每分钟最多 {limits.rate} 次，请 {reset} 秒后再试"
    en = f"Too many uses: at most {limits.rate} a minute; try again in {reset} seconds"
    return Verdict("rate", limits.rate, 0, reset, zh, en)


def _seconds(left: timedelta) -> int:
    """Whole seconds, rounded up: after them the wait is really over."""
    return max(1, math.ceil(left.total_seconds()))
