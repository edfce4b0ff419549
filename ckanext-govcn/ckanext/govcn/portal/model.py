"""Table `govcn_usage`: views and downloads per day and resource, without persons."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model.meta import metadata
from sqlalchemy.dialects.postgresql import insert

from .batch import Key

usage_table = sa.Table(
    "govcn_usage",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("package_id", sa.UnicodeText, primary_key=True),
    sa.Column("resource_id", sa.UnicodeText, primary_key=True, server_default=""),
    sa.Column("views", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("downloads", sa.BigInteger, nullable=False, server_default="0"),
)


missed_table = sa.Table(
    "govcn_missed_query",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("text", sa.UnicodeText, primary_key=True),
    sa.Column("times", sa.BigInteger, nullable=False, server_default="1"),
    sa.Column("wanted", sa.BigInteger, nullable=False, server_default="0"),
)

MOST_MISSED_A_DAY = 5_000
"""Different texts kept of one day: a program that asks nonsense cannot fill the table."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Totals of one dataset."""

    views: int = 0
    downloads: int = 0


def add(counts: Mapping[Key, int]) -> None:
    """Add counts in one statement, in a transaction of its own (never in the request's session)."""
    rows: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: {"views": 0, "downloads": 0})
    for (day, package_id, resource_id, kind), number in counts.items():
        rows[day, package_id, resource_id][kind] += number
    # sorted: two workers that write the same rows take their locks in the same order
    values: list[dict[str, Any]] = [
        {"day": datetime.date.fromisoformat(day), "package_id": package_id, "resource_id": resource_id, **numbers}
        for (day, package_id, resource_id), numbers in sorted(rows.items())
    ]
    statement = insert(usage_table).values(values)
    statement = statement.on_conflict_do_update(
        index_elements=["day", "package_id", "resource_id"],
        set_={
            "views": usage_table.c.views + statement.excluded.views,
            "downloads": usage_table.c.downloads + statement.excluded.downloads,
        },
    )
    engine = model.meta.engine
    assert engine is not None  # noqa: S101  CKAN has been started
    with engine.begin() as connection:
        connection.execute(statement)


_ADD_MISSED = sa.text(
    """
    INSERT INTO govcn_missed_query AS missed (day, text, times, wanted) SELECT :day, :text, :times, :wanted
    WHERE (SELECT count(*) FROM govcn_missed_query WHERE day = :day) < :most
       OR EXISTS (SELECT 1 FROM govcn_missed_query WHERE day = :day AND text = :text)
    ON CONFLICT (day, text) DO UPDATE SET times = missed.times + :times, wanted = missed.wanted + :wanted
    """
)


def add_missed(text: str) -> None:
    """Count a query that found nothing, in a transaction of its own."""
    _count_missed(text, times=1)


def add_wanted(text: str) -> None:
    """Count that somebody wants the data opened that a query did not find, in a transaction of its own."""
    _count_missed(text, wanted=1)


def _count_missed(text: str, *, times: int = 0, wanted: int = 0) -> None:
    day = datetime.date.today()  # noqa: DTZ011  the server's own calendar day
    engine = model.meta.engine
    assert engine is not None  # noqa: S101  CKAN has been started
    counted = {"day": day, "text": text, "times": times, "wanted": wanted, "most": MOST_MISSED_A_DAY}
    with engine.begin() as connection:
        connection.execute(_ADD_MISSED, counted)


def forget_missed(before: datetime.date) -> int:
    """Delete the texts of days before this one, in the caller's transaction; how many there were."""
    deleted: Any = model.Session.execute(missed_table.delete().where(missed_table.c.day < before))
    return deleted.rowcount


def most_missed(days: int, least: int, limit: int) -> list[dict[str, Any]]:
    """Texts of the last `days` days, missed `least` times or wanted: text, times, wanted, days, last_day."""
    columns, since = missed_table.c, datetime.date.today() - datetime.timedelta(days=days)  # noqa: DTZ011
    times, wanted = sa.func.sum(columns.times), sa.func.sum(columns.wanted)
    statement = (
        sa.select(
            columns.text,
            times.label("times"),
            wanted.label("wanted"),
            sa.func.count().label("days"),
            sa.func.max(columns.day).label("last_day"),
        )
        .where(columns.day > since)
        .group_by(columns.text)
        .having(sa.or_(times >= least, wanted > 0))
        .order_by(wanted.desc(), times.desc(), columns.text)
        .limit(limit)
    )
    rows = model.Session.execute(statement).mappings()
    return [
        {"text": row["text"], "last_day": str(row["last_day"])}
        | {name: int(row[name]) for name in ("times", "wanted", "days")}
        for row in rows
    ]


def used_recently(days: int) -> dict[str, int]:
    """Views and downloads of the last `days` days by package id."""
    since = datetime.date.today() - datetime.timedelta(days=days)  # noqa: DTZ011
    columns = usage_table.c
    statement = (
        sa.select(columns.package_id, sa.func.sum(columns.views + columns.downloads))
        .where(columns.day >= since)
        .group_by(columns.package_id)
    )
    return {package_id: int(number) for package_id, number in model.Session.execute(statement)}


def totals(package_id: str) -> Usage:
    """All views and downloads of a dataset since counting began."""
    columns = (
        sa.func.coalesce(sa.func.sum(usage_table.c.views), 0),
        sa.func.coalesce(sa.func.sum(usage_table.c.downloads), 0),
    )
    row = model.Session.execute(sa.select(*columns).where(usage_table.c.package_id == package_id)).one()
    return Usage(int(row[0]), int(row[1]))


def all_downloads() -> int:
    """Downloads of everything since counting began."""
    return int(model.Session.scalar(sa.select(sa.func.coalesce(sa.func.sum(usage_table.c.downloads), 0))) or 0)


def most_used(days: int, limit: int) -> list[str]:
    """Package ids by downloads, then views, of the last `days` days."""
    since = datetime.date.today() - datetime.timedelta(days=days)  # noqa: DTZ011  the server's own calendar day
    columns = usage_table.c
    statement = (
        sa.select(columns.package_id)
        .where(columns.day >= since)
        .group_by(columns.package_id)
        .order_by(sa.func.sum(columns.downloads).desc(), sa.func.sum(columns.views).desc(), columns.package_id)
        .limit(limit)
    )
    return list(model.Session.scalars(statement))
