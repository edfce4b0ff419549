"""撤回 over random sequences of runs, edits, undos and redos on the portal in memory."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from contracts.run_contract import Row, judge
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.exceptions import NotUndoable
from harvesters.memory import MemoryPortal
from harvesters.plan import Brake
from harvesters.run import Task, run
from harvesters.undoing import brought_back

catalogues = st.lists(
    st.builds(Row, st.sampled_from("123"), st.sampled_from(["甲", "乙"]), st.sampled_from(["一", "二", "三"])),
    max_size=3,
    unique_by=lambda row: row.remote_id,
)
steps = st.one_of(
    st.tuples(st.just("run"), catalogues),
    st.tuples(st.just("edit"), st.tuples(st.integers(0, 5), st.sampled_from(["title", "notes"]), st.sampled_from(["人工", "一"]))),
    st.tuples(st.just("undo"), st.none()),
    st.tuples(st.just("redo"), st.none()),
)  # fmt: skip


def standing(portal: MemoryPortal) -> dict[str, Any]:
    return {key: (each.entry, each.owner, each.withdrawn) for key, each in portal.datasets.items()}


def harvested(portal: MemoryPortal, rows: list[Row]) -> int:
    return run(Task("甲", rows, judge, brake=Brake(share=1, count=99)), portal).run


@settings(deadline=None)
@given(st.lists(steps, max_size=14))
def test_undo_brings_back_exactly_what_was_before(sequence: list[tuple[str, Any]]) -> None:
    portal = MemoryPortal()
    before: dict[int, dict[str, Any]] = {}
    for what, given_ in sequence:
        last = len(portal.reports)
        if what == "run":
            before[last + 1] = standing(portal)
            number = harvested(portal, given_)
            after = standing(portal)
            assert portal.undo(number) == []
            now = standing(portal)
            assert {key: now[key] for key in before[number]} == before[number]
            assert all(now[key][2] for key in now.keys() - before[number].keys())
            assert portal.redo(number) == []
            assert standing(portal) == after
        elif what == "edit" and portal.datasets:
            at, field, value = given_
            dataset = list(portal.datasets.values())[at % len(portal.datasets)]
            dataset.entry = replace(dataset.entry, **{field: value})
        elif what == "undo" and last and last not in portal.undone:
            was = standing(portal)
            portal.undo(last)
            undone = deepcopy(portal)
            undone.redo(last)
            assert standing(undone) == was
        elif what == "redo" and last in portal.undone:
            portal.redo(last)


def test_what_somebody_changed_since_stays_and_is_named() -> None:
    before = {"owner": "a", "extras": {"title": "旧", "notes": "旧"}, "record": None}
    after = {"owner": "a", "extras": {"title": "新", "notes": "新", "theme": "1"}, "record": None}
    now = {"owner": "a", "extras": {"title": "人工", "notes": "新", "theme": "1", "url": "人工"}, "record": None}
    merged, kept = brought_back(before, after, now, ["owner"])
    assert merged["extras"] == {"title": "人工", "notes": "旧", "url": "人工"}
    assert kept == ["title", "url"]


def test_a_removal_that_was_undone_stays_until_the_record_has_returned() -> None:
    portal = MemoryPortal()
    rows = [Row(str(number), f"数据集{number}") for number in range(12)]
    harvested(portal, rows)
    portal.undo(harvested(portal, rows[1:]))
    assert not portal.datasets["甲:0"].withdrawn
    harvested(portal, rows[1:])
    assert not portal.datasets["甲:0"].withdrawn
    harvested(portal, rows)
    harvested(portal, rows[1:])
    assert portal.datasets["甲:0"].withdrawn


def test_runs_are_undone_latest_first_and_once() -> None:
    portal = MemoryPortal()
    first = harvested(portal, [Row("1", "甲")])
    second = harvested(portal, [Row("1", "乙")])
    with pytest.raises(NotUndoable):
        portal.undo(first)
    portal.undo(second)
    with pytest.raises(NotUndoable):
        portal.undo(second)
    portal.undo(first)
    with pytest.raises(NotUndoable):
        portal.undo(first)
