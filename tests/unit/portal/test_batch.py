"""Counts are added up, handed on in batches, and survive a failing database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from ckanext.govcn.portal.batch import Batch, Key, is_bot

VIEW: Key = ("2026-01-02", "dataset-1", "", "views")
DOWNLOAD: Key = ("2026-01-02", "dataset-1", "resource-1", "downloads")


class Ledger:
    """A small real store of counts that can be closed."""

    def __init__(self) -> None:
        self.counts: Counter[Key] = Counter()
        self.writes = 0
        self.closed = False

    def write(self, counts: Mapping[Key, int]) -> None:
        if self.closed:
            raise ConnectionError("closed")
        self.writes += 1
        self.counts.update(counts)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_thousand_views_are_one_write() -> None:
    ledger = Ledger()
    batch = Batch(ledger.write, size=10, seconds=60, clock=Clock())
    assert not any(batch.add(VIEW) for _ in range(1000))
    assert batch.flush() == 1
    assert ledger.counts[VIEW] == 1000
    assert ledger.writes == 1


def test_due_when_many_different_keys_are_counted() -> None:
    batch = Batch(Ledger().write, size=3, seconds=60, clock=Clock())
    keys = [("2026-01-02", f"dataset-{number}", "", "views") for number in range(3)]
    assert [batch.add(key) for key in keys] == [False, False, True]


def test_due_when_the_first_count_is_old() -> None:
    clock = Clock()
    batch = Batch(Ledger().write, size=100, seconds=30, clock=clock)
    assert not batch.add(VIEW)
    clock.now = 31
    assert batch.add(DOWNLOAD)
    batch.flush()
    assert not batch.add(VIEW)


def test_nothing_to_flush_writes_nothing() -> None:
    ledger = Ledger()
    assert Batch(ledger.write).flush() == 0
    assert ledger.writes == 0


def test_a_failed_write_loses_nothing() -> None:
    ledger = Ledger()
    batch = Batch(ledger.write, size=10, seconds=60, clock=Clock())
    batch.add(VIEW)
    ledger.closed = True
    with pytest.raises(ConnectionError):
        batch.flush()
    batch.add(VIEW)
    ledger.closed = False
    batch.flush()
    assert ledger.counts[VIEW] == 2


def test_a_long_outage_cannot_fill_the_memory() -> None:
    batch = Batch(Ledger().write, size=2, seconds=60, clock=Clock())
    for number in range(1000):
        batch.add(("2026-01-02", f"dataset-{number}", "", "views"))
    assert batch.flush() == 20


@pytest.mark.parametrize(
    "agent",
    [
        "",
        None,
        "Googlebot/2.1",
        "Baiduspider/2.0",
        "curl/8.5.0",
        "python-requests/2.32",
        "Mozilla/5.0 HeadlessChrome/156",
    ],
)
def test_programs_are_not_visitors(agent: str | None) -> None:
    assert is_bot(agent)


def test_a_browser_is_a_visitor() -> None:
    assert not is_bot("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36")
