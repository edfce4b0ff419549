"""额度 and 频次: what may be said, and when one more use is allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ckanext.govcn.grant import limits
from ckanext.govcn.grant.exceptions import TermsRefused
from ckanext.govcn.grant.limits import DAY, Limits, Uses
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)  # 23:30 in Beijing
UNTIL = NOW + timedelta(days=30)


@pytest.mark.parametrize("given_", [{}, {"quota": "", "rate": None}, {"quota": " ", "quota_period": ""}])
def test_nothing_said_is_no_limit(given_):
    assert limits.read(given_) == Limits()
    assert limits.judge(Limits(), Uses(10**9, 10**9, NOW), UNTIL, NOW).headers() == {}


def test_what_is_said():
    assert limits.read({"quota": 500, "quota_period": "day", "rate": "60"}) == Limits(500, DAY, 60)
    assert limits.said(Limits(500, DAY, 60)) == "每日不超过 500 次，每分钟不超过 60 次"
    assert limits.said(Limits(rate=60)) == "每分钟不超过 60 次"
    assert limits.said(Limits()) == "不限"


@pytest.mark.parametrize(
    ("field", "value"),
    [("quota", wrong) for wrong in (0, -1, "1.5", "１２", "many", 10**10, "9" * 5000, [3], 2.0)]
    + [("rate", "0"), ("quota_period", "week"), ("quota_period", ["day"])],
)
def test_what_cannot_be_said(field, value):
    with pytest.raises(TermsRefused) as refused:
        limits.read({field: value})
    assert refused.value.field == field


def test_the_last_use_of_a_quota_and_the_one_after():
    last = limits.judge(Limits(quota=3), Uses(2), UNTIL, NOW)
    assert (last.code, last.headers()) == (
        "allowed",
        {"RateLimit-Limit": "3", "RateLimit-Remaining": "0", "RateLimit-Reset": str(30 * 86400)},
    )
    after = limits.judge(Limits(quota=3), Uses(3), UNTIL, NOW)
    assert (after.code, after.headers()["Retry-After"]) == ("quota", str(30 * 86400))
    assert "3" in after.message
    assert "3" in after.message_en


def test_a_quota_of_a_day_ends_at_midnight_in_beijing_or_with_the_grant():
    daily = Limits(quota=3, quota_period=DAY)
    assert limits.since(daily, NOW - timedelta(days=9), NOW) == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert limits.judge(daily, Uses(3), UNTIL, NOW).reset == 1800
    assert limits.judge(daily, Uses(3), NOW + timedelta(seconds=60), NOW).reset == 60


def test_a_rate_is_over_when_its_oldest_use_is_a_minute_old():
    refused = limits.judge(Limits(rate=2), Uses(recent=2, oldest=NOW - timedelta(seconds=59.5)), UNTIL, NOW)
    assert (refused.code, refused.headers()["Retry-After"]) == ("rate", "1")
    assert limits.judge(Limits(rate=2), Uses(recent=1, oldest=NOW - timedelta(seconds=30)), UNTIL, NOW).remaining == 0


def test_of_two_limits_the_nearer_is_told_and_both_hold():
    both = Limits(quota=100, rate=10)
    assert limits.judge(both, Uses(95, 2, NOW), UNTIL, NOW).limit == 100
    assert limits.judge(both, Uses(5, 2, NOW), UNTIL, NOW).limit == 10
    assert limits.judge(both, Uses(100, 0), UNTIL, NOW).code == "quota"
    assert limits.judge(both, Uses(5, 10, NOW), UNTIL, NOW).code == "rate"
    used_up = limits.judge(both, Uses(100, 10, NOW), UNTIL, NOW)
    assert used_up.code == "quota", "waiting a minute would not help"


@given(
    quota=st.none() | st.integers(1, 20),
    rate=st.none() | st.integers(1, 5),
    daily=st.booleans(),
    gaps=st.lists(st.floats(0, 40), max_size=60),
)
def test_no_row_of_uses_gets_more_than_either_limit(quota, rate, daily, gaps):
    """Simulated as `usage.take` does it, over several minutes and a midnight."""
    allowed = Limits(quota, DAY if daily else limits.ALL, rate)
    begins, now, taken = NOW - timedelta(days=1), NOW + timedelta(minutes=25), list[datetime]()
    for gap in gaps:
        now += timedelta(seconds=gap)
        recent = [at for at in taken if at >= now - limits.WINDOW]
        since = limits.since(allowed, begins, now)
        uses = Uses(sum(at >= since for at in taken), len(recent), min(recent, default=None))
        verdict = limits.judge(allowed, uses, UNTIL, now)
        if verdict.allowed:
            taken.append(now)
        else:
            assert verdict.reset >= 1
    for at in taken:
        if rate is not None:
            assert sum(at - limits.WINDOW < other <= at for other in taken) <= rate
        if quota is not None:
            same = [
                o
                for o in taken
                if not daily or o.astimezone(limits.BEIJING).date() == at.astimezone(limits.BEIJING).date()
            ]
            assert len(same) <= quota
