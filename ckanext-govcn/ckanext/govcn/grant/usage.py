"""Uses of a grant: counted before the data leaves, one at a time for each grant, so that clients together get no more.

Counted in the database, in a transaction of its own: a restart forgets nothing, and all workers count together. The
database's clock decides, since it is the one that all workers share.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from ckan import model as ckan_model

from ckanext.govcn.grant import limits
from ckanext.govcn.grant.limits import Limits, Uses, Verdict
from ckanext.govcn.grant.model import Grant, GrantKey, GrantUse


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used of a grant: downloads in all and in the quota's period, and when the last was."""

    downloads: int = 0
    of_quota: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class DayOfUse:
    """Uses of a grant on one Beijing day by one key (`key_prefix`; empty: by the account itself)."""

    grant_id: str
    key_prefix: str
    day: date
    uses: int
    last: datetime


def take(grant_id: str, resource_id: str, version: str, key_prefix: str = "") -> Verdict:
    """Use a grant once, if its limits allow it. The use stays counted, whatever becomes of the answer.

    Who may get the data is decided before and not here; but what was stopped while the answer was made (`suspended`,
    `expired`, `bad_key`) is used no more.
    """
    with ckan_model.ensure_engine().begin() as connection:
        # not FOR UPDATE: that would wait for, and hold up, every row that names the grant
        verdict, now = _judged(connection, _grant(grant_id).with_for_update(key_share=True), grant_id)
        if verdict.allowed and key_prefix and not _key_holds(connection, key_prefix, now):
            return Verdict("bad_key")
        if verdict.allowed:
            row = {"grant_id": grant_id, "at": now, "resource_id": resource_id, "version": version}
            row["key_prefix"] = key_prefix
            connection.execute(sa.insert(GrantUse).values(row))
        return verdict


def ask(grant_id: str) -> Verdict:
    """Whether the limits of a grant allow one more use now. Nothing is counted: before work that a use needs."""
    with ckan_model.ensure_engine().connect() as connection:
        return _judged(connection, _grant(grant_id), grant_id)[0]


def _grant(grant_id: str) -> sa.Select[Any]:
    limited = (Grant.begins, Grant.until, Grant.quota, Grant.quota_period, Grant.rate)
    return sa.select(*limited, Grant.suspended_at, Grant.ended_at).where(Grant.id == grant_id)


def _judged(connection: sa.Connection, query: sa.Select[Any], grant_id: str) -> tuple[Verdict, datetime]:
    grant = connection.execute(query).one()
    now: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    if grant.ended_at is not None or now >= grant.until:
        return Verdict("expired"), now
    if grant.suspended_at is not None:
        return Verdict("suspended"), now
    allowed = Limits(grant.quota, grant.quota_period, grant.rate)
    return limits.judge(allowed, _uses(connection, grant_id, allowed, grant.begins, now), grant.until, now), now


def _key_holds(connection: sa.Connection, prefix: str, now: datetime) -> bool:
    valid = sa.and_(GrantKey.prefix == prefix, GrantKey.revoked_at.is_(None), GrantKey.expires_at > now)
    return connection.execute(sa.select(sa.exists().where(valid))).scalar_one()


def of_grants(session: Any, grants: Collection[Grant], now: datetime) -> dict[str, Usage]:
    """What was used of each grant; nothing is used before a grant begins."""
    today = sa.func.count().filter(GrantUse.at >= limits.midnight(now))
    query = (
        sa.select(GrantUse.grant_id, sa.func.count(), today, sa.func.max(GrantUse.at))
        .where(GrantUse.grant_id.in_([grant.id for grant in grants]))
        .group_by(GrantUse.grant_id)
    )
    counts = {row[0]: row[1:] for row in session.execute(query)}
    return {grant.id: _usage(grant, *counts.get(grant.id, (0, 0, None))) for grant in grants}


def by_day(session: Any, grant_ids: Collection[str], since: datetime) -> list[DayOfUse]:
    """Uses since a moment, the latest day first."""
    day = sa.cast(GrantUse.at.op("AT TIME ZONE")("Asia/Shanghai"), sa.Date).label("day")
    query = (
        sa.select(GrantUse.grant_id, GrantUse.key_prefix, day, sa.func.count(), sa.func.max(GrantUse.at))
        .where(GrantUse.grant_id.in_(grant_ids), GrantUse.at >= since)
        .group_by(GrantUse.grant_id, GrantUse.key_prefix, day)
        .order_by(day.desc(), GrantUse.key_prefix)
    )
    return [DayOfUse(*row) for row in session.execute(query)]


def _usage(grant: Grant, downloads: int, today: int, last: datetime | None) -> Usage:
    return Usage(downloads, today if grant.quota_period == limits.DAY else downloads, last)


def _uses(connection: sa.Connection, grant_id: str, allowed: Limits, begins: datetime, now: datetime) -> Uses:
    of_quota = 0
    if allowed.quota is not None:
        of_quota = connection.execute(_counted(grant_id, limits.since(allowed, begins, now))).one()[0]
    if allowed.rate is None:
        return Uses(of_quota)
    recent, oldest = connection.execute(_counted(grant_id, now - limits.WINDOW)).one()
    return Uses(of_quota, recent, oldest)


def _counted(grant_id: str, since: datetime) -> sa.Select[tuple[int, Any]]:
    """How many uses there are since a moment, and the first of them (a datetime, or None without any)."""
    columns = (sa.func.count(), sa.func.min(GrantUse.at))
    return sa.select(*columns).where(GrantUse.grant_id == grant_id, GrantUse.at >= since)
