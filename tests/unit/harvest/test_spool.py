"""Records kept in a file: the same as they came, however odd, as often as they are gone through."""

from __future__ import annotations

import errno
import os
import tempfile
import tracemalloc
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvesters.exceptions import ScratchFull
from harvesters.record import Place, Record, sample
from harvesters.spool import Spool

texts = st.text(st.characters(), max_size=20)  # half surrogate pairs, too
scalars = (
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False, allow_infinity=False) | texts
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
places = st.builds(Place, texts, texts, st.integers(0, 2**31))
records = st.builds(
    Record,
    st.just("source"),
    places,
    st.dictionaries(texts, values, max_size=4),
    st.lists(st.dictionaries(texts, scalars, max_size=2), max_size=2).map(tuple),
    texts,
    st.dictionaries(texts, texts, max_size=2),
)


def seen(record: Record) -> tuple[Any, ...]:
    return (
        record.place, list(record.raw.items()), [dict(each) for each in record.items], record.remote_id, dict(record.defaults),
        record.hash,
    )  # fmt: skip


def spooled(given: Sequence[Record]) -> Spool:
    spool = Spool("source")
    for record in given:
        spool.append(record)
    return spool


@given(st.lists(records, max_size=6))
def test_records_come_back_as_they_went_in(given: list[Record]) -> None:
    spool = spooled(given)
    assert len(spool) == len(given)
    for _ in range(2):
        assert [seen(record) for record in spool] == [seen(record) for record in given]


def test_several_go_through_it_at_once_and_more_may_come() -> None:
    spool = spooled([row(n) for n in range(3)])
    first, second = iter(spool), iter(spool)
    assert [next(first).raw, next(second).raw, next(first).raw] == [row(0).raw, row(0).raw, row(1).raw]
    spool.append(row(3))
    assert [record.remote_id for record in spool] == ["0", "1", "2", "3"]


def test_records_larger_than_what_is_read_at_once() -> None:
    big = [Record("source", Place("a", row=n), {"text": "长" * 700_000}, remote_id=str(n)) for n in range(3)]
    assert [record.raw["text"] for record in spooled(big)] == ["长" * 700_000] * 3


def test_headings_are_those_of_all_records_in_the_order_they_were_met() -> None:
    spool = spooled([Record("s", Place("a"), {"b": 1, "a": 2}), Record("s", Place("a"), {"c": 1, "b": 2})])
    assert list(spool.headings) == ["b", "a", "c"]


def test_a_sample_is_spread_over_all() -> None:
    assert [record.remote_id for record in sample(spooled([row(n) for n in range(10)]), 3)] == ["0", "3", "6", "9"]


def test_memory_does_not_grow_with_the_records() -> None:
    tracemalloc.start()
    try:
        spool = Spool("source")
        for number in range(20_000):
            spool.append(row(number))
        held, _ = tracemalloc.get_traced_memory()
        for record in spool:
            assert record.raw["说明"]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 8 * 2**20
    assert peak < 16 * 2**20


def test_a_full_disk_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    spool = spooled([row(1)])
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(ScratchFull) as raised:
        list(spool)
    assert raised.value.transient
    assert "TMPDIR" in raised.value.message


def test_no_room_for_the_file_itself_is_said_as_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc/no-folder-for-temporary-files")
    with pytest.raises(ScratchFull) as raised:
        Spool("source")
    assert "/proc/no-folder-for-temporary-files" in raised.value.message


def row(number: int) -> Record:
    return Record(
        "source", Place("目录.json", row=number), {"标题": f"第{number}条", "说明": "停车场" * 200}, (), str(number)
    )
