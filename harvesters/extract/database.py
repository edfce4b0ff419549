"""A table or query of a department's database (前置库): listed columns, finished batches, nothing written.

Rows come over a server-side cursor, so that any number of them needs the same memory. What the server sends is metered
(`databases.gate`), every cell is cut by the database itself, and the account's rights are looked at each time.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from harvesters.databases import drivers, select, session
from harvesters.databases.session import Session
from harvesters.exceptions import (
    RecordError,
    SourceError,
    SourceInvalid,
    SourceRefused,
    SourceUnreachable,
    UnreadableRecord,
)
from harvesters.extract import unpack
from harvesters.fetch import Fetcher
from harvesters.record import Place, Record, Value
from harvesters.source import Batches, Database, Source
from harvesters.trail import BATCH, OPEN_ACCOUNT, UNTRIED, Stamp

BATCHES = 10_000  # that a batch table may hold


def records_from(source: Source, fetcher: Fetcher) -> Iterator[Record | RecordError]:
    """One record a row, in the order of the stated key."""
    database = _database(source)
    where = session.name_of(database)
    driver = drivers.driver(database.driver)
    if not driver.tried:
        fetcher.trail.remark(UNTRIED, f"{driver.title} 未在本平台试用：请先用 harvest preview 核对读到的内容。")
    with session.opened(source, database, fetcher) as opened:
        _look_at_rights(opened, fetcher)
        opened.begin()
        taken = _finished(opened, database, fetcher, where)
        limits = source.limits
        asked = select.statement(
            database,
            driver,
            source.key,
            cell=limits.cell,
            rows=limits.rows + 1,
            long=opened.long_columns(select.columns(database)),
            latest=taken[-1].id if taken else None,
        )
        for number, row in enumerate(opened.stream(asked), 1):
            if number > limits.rows:
                raise SourceRefused(where, f"超过 {limits.rows} 行。请缩小范围。", f"More than {limits.rows} rows.")
            yield record_of(database.columns, row, source, Place(where, "", number))
        if database.batches:
            opened.begin()  # another state of the database: have the batches stayed what they were?
            _unmoved(taken, _all(opened, database.batches, where), where)


def batches_now(source: Source, fetcher: Fetcher) -> list[Stamp]:
    """Stamps of the finished batches as they are now; nothing else is asked. [] for a source without batches."""
    database = _database(source)
    if database.batches is None:
        return []
    with session.opened(source, database, fetcher) as opened:
        opened.begin()
        return [each.stamp for each in _all(opened, database.batches, session.name_of(database)) if each.finished]


@dataclass(frozen=True, slots=True)
class Batch:
    """One row of the batch table; `id` and `order` as the driver gives them."""

    id: Any
    mark: str
    order: Any
    finished: bool

    @property
    def stamp(self) -> Stamp:
        return Stamp(BATCH, str(self.id), f"{self.mark} {self.order}")


def _database(source: Source) -> Database:
    if source.database is None:
        raise SourceInvalid(source.name, [])
    return source.database


def _look_at_rights(opened: Session, fetcher: Fetcher) -> None:
    writes = opened.may_write()
    if writes is not False:
        known = "除查询外还能写入或管理数据" if writes else "是否只能查询，无法确认"
        advice = "归集只读取，但请对方改用只授予 SELECT 权限的专用账号。"
        fetcher.trail.remark(OPEN_ACCOUNT, f"数据库账号{known}。{advice}")


def _finished(opened: Session, database: Database, fetcher: Fetcher, where: str) -> list[Batch]:
    """The batches to read, oldest first; [] for a source without batches.

    A batch that was read before and is not finished any more is being written again: then nothing is read, since its
    records would look as if they had vanished.
    """
    if database.batches is None:
        fetcher.trail.unstamped()
        return []
    found = _all(opened, database.batches, where)
    finished = [each for each in found if each.finished]
    if not finished:
        raise SourceUnreachable(where, "批次表里还没有标记为完成的批次", "no batch is marked as finished yet")
    taken = finished[-1:] if database.batches.take == "latest" else finished
    before = {stamp.what for stamp in fetcher.trail.before if stamp.kind == BATCH}
    again = next((each for each in found if not each.finished and str(each.id) in before), None)
    if again and database.batches.take == "all":
        why = f"批次 {str(again.id)[:60]} 曾经完成并已归集，现在不是完成状态，可能正在重写。本次不读取，请向对方核实"
        raise SourceUnreachable(where, why, "a batch that was finished is being written again")
    for each in finished:
        fetcher.trail.stamp(each.stamp)
    return taken


def _all(opened: Session, batches: Batches, where: str) -> list[Batch]:
    rows = opened.rows(select.batches(batches, BATCHES + 1))
    if len(rows) > BATCHES:
        raise SourceRefused(where, f"批次表超过 {BATCHES} 行。请对方清理历史批次。", f"More than {BATCHES} batches.")
    return [Batch(id_, str(mark).strip(), order, str(mark).strip() in batches.finished) for id_, mark, order in rows]


def _unmoved(taken: Sequence[Batch], now: Sequence[Batch], where: str) -> None:
    """Raise when a batch that was read has another mark by now: what was read of it may be half a batch."""
    present = {each.stamp for each in now}
    moved = next((each for each in taken if each.stamp not in present), None)
    if moved:
        why = f"读取期间批次 {str(moved.id)[:60]} 的状态变了，读到的可能不完整"
        raise SourceUnreachable(where, why, "a batch changed while it was read")


def record_of(columns: Sequence[str], row: Sequence[Any], source: Source, place: Place) -> Record | RecordError:
    """One row as a record; a value that nobody can read or that is too long makes it none."""
    raw: dict[str, Value] = {}
    for name, value in zip(columns, row, strict=True):
        try:
            raw[name] = plain(value, name)
        except SourceError:
            return UnreadableRecord(place, why=f"列 {name} 里是二进制内容，不是文字")
        if isinstance(raw[name], str) and len(str(raw[name])) > source.limits.cell:
            return UnreadableRecord(place, why=f"列 {name} 的值超过 {source.limits.cell} 个字符")
    return Record(source.name, place, raw)


def plain(value: Any, name: str) -> Value:  # noqa: PLR0911
    """A driver's value as JSON has it: dates as ISO text, whole numbers as numbers, bytes decoded strictly."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        whole = value.is_finite() and abs(value) < 2**53 and value == value.to_integral_value()
        return int(value) if whole else str(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return unpack.decoded(bytes(value), name)[0]
    read = getattr(value, "read", None)
    return plain(read(), name) if callable(read) else str(value)
