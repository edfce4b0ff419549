"""The one statement that a source's description amounts to: listed columns, finished batches, a limit. PURE.

Names and values come from the operator's YAML; names are checked identifiers that SQLAlchemy quotes, values are bound.
An operator's query stands as a subquery inside it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from harvesters.databases.drivers import Driver
from harvesters.source import Batches, Database

TEXT = sa.Unicode(200)  # as which marks are compared, whatever their type
_COLON = re.compile(r"(?<![:\w\\]):(?=\w)")  # would be a parameter of ours


def statement(  # noqa: PLR0913
    database: Database,
    driver: Driver,
    key: Collection[str],
    *,
    cell: int,
    rows: int,
    long: Collection[str],
    latest: Any = None,
) -> sa.Select[Any]:
    """At most `rows` rows of the listed columns, `long` ones cut behind `cell` characters.

    `latest`: the id of the batch to read when only the latest is taken.
    """
    data = _chosen(database, database.batches, key, latest) if database.batches else _data(database)
    shown = [_cut(data.c[name], cell, driver) if name in long else data.c[name] for name in database.columns]
    asked = sa.select(*shown).limit(rows)
    if database.batches and database.batches.take == "all":
        asked = asked.where(data.c.batch_place == 1)
    if database.deleted:
        mark = data.c[database.deleted]
        asked = asked.where(sa.or_(mark.is_(None), sa.cast(mark, TEXT).not_in(database.deleted_values)))
    return asked.order_by(*(data.c[name] for name in key))


def columns(database: Database) -> sa.Select[Any]:
    """No row of the listed columns: what types they have."""
    data = _data(database)
    return sa.select(*(data.c[name] for name in database.columns)).where(sa.false())


def batches(taken: Batches, most: int) -> sa.Select[Any]:
    """All batches: id, mark, order."""
    table = _table(taken.table, {taken.id, taken.mark, taken.order or taken.id})
    asked = [table.c[taken.id], table.c[taken.mark], table.c[taken.order or taken.id]]
    return sa.select(*asked).order_by(asked[2], asked[0]).limit(most)


def _needed(database: Database) -> list[str]:
    more = [database.deleted, database.batches.column if database.batches else ""]
    return list(dict.fromkeys([*database.columns, *filter(None, more)]))


def _data(database: Database) -> Any:
    names = _needed(database)
    if database.table:
        return _table(database.table, names)
    text = _COLON.sub(r"\\:", f"\n{database.query}\n")  # the line break ends a comment on the last line
    return sa.text(text).columns(*map(sa.column, names)).subquery("source_query")


def _chosen(database: Database, taken: Batches, key: Collection[str], latest: Any) -> Any:
    """The rows of finished batches. Where several are taken together, `batch_place` is 1 for a key's latest rows.

    `rank` and not `row_number`: of two rows with one key in the same batch neither is the later one, and both come.
    """
    data = _data(database)
    if taken.take == "latest":
        return sa.select(*data.c).where(data.c[taken.column] == latest).subquery("rows_of_batch")
    batch = _table(taken.table, {taken.id, taken.mark, taken.order or taken.id}).alias("batch")
    later = [batch.c[taken.order or taken.id].desc(), batch.c[taken.id].desc()]
    place = sa.func.rank().over(partition_by=[data.c[name] for name in key], order_by=later)
    finished = sa.cast(batch.c[taken.mark], TEXT).in_(taken.finished)
    joined = data.join(batch, data.c[taken.column] == batch.c[taken.id])
    rows = sa.select(*data.c, place.label("batch_place")).select_from(joined).where(finished)
    return rows.subquery("rows_of_batches")


def _table(name: str, names: Collection[str]) -> Any:
    schema, _, table = name.rpartition(".")
    return sa.table(table, *map(sa.column, dict.fromkeys(names)), schema=schema or None)


def _cut(column: Any, cell: int, driver: Driver) -> Any:
    """One character more than a cell may have: what is longer is seen to be."""
    text = sa.cast(column, sa.Text) if driver.casts else column
    return getattr(sa.func, driver.cut)(text, 1, cell + 1).label(column.name)
