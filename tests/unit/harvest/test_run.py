"""The run over the memory portal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from contracts.run_contract import ROWS, RunContract, judge

from harvesters.memory import MemoryPortal
from harvesters.plan import Brake, Removals, Seen, plan_removals
from harvesters.run import Task, run


class TestMemoryPortal(RunContract):
    @pytest.fixture
    def portal(self) -> MemoryPortal:
        return MemoryPortal()

    def datasets(self, portal: Any) -> dict[str, tuple[str, bool]]:
        return {each.entry.title: (key, each.withdrawn) for key, each in portal.datasets.items()}

    def edit(self, portal: Any, title: str, notes: str) -> None:
        (dataset,) = (each for each in portal.datasets.values() if each.entry.title == title)
        dataset.entry = replace(dataset.entry, notes=notes)

    def notes(self, portal: Any, title: str) -> str:
        (dataset,) = (each for each in portal.datasets.values() if each.entry.title == title)
        return dataset.entry.notes

    def undo(self, portal: Any, run: int) -> None:
        portal.undo(run)

    def redo(self, portal: Any, run: int) -> None:
        portal.redo(run)


def test_progress_is_told_after_every_batch() -> None:
    told: list[int] = []
    run(Task("甲", ROWS, judge, progress=lambda counts: told.append(counts.records)), MemoryPortal())
    assert told == [30, 30]


@pytest.mark.parametrize(
    ("removed", "active", "held"),
    [
        (1, 1, False),
        (2, 10, False),
        (3, 10, True),
        (10, 100, False),
        (11, 100, True),
        (20, 1000, False),
        (21, 1000, True),
    ],
)
def test_the_brake_holds_by_share_and_by_count(removed: int, active: int, held: bool) -> None:
    assert Brake().holds(removed, active) is held


def test_nothing_known_means_nothing_removed() -> None:
    assert plan_removals([], Seen(), Brake()) == Removals()
