"""What every portal must do with a run: the same tests go over the memory portal and, in integration, over CKAN.

A subclass gives the fixture `portal`, `datasets(portal)`: title → (id, withdrawn) of what is in the portal, and the
acts of people: `edit`, `notes`, `undo`, `redo`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from ckanext.govcn.catalog.entry import CatalogEntry, Item, Provider

from harvesters.exceptions import SourceBusy
from harvesters.plan import Judged, Trouble
from harvesters.run import Last, Report, Task, run, run_unmodified


@dataclass(frozen=True)
class Spot:
    file: str = "目录.xlsx"
    sheet: str = "目录"
    row: int | None = 1
    column: str = ""


@dataclass(frozen=True)
class Row:
    """A record of the tests: what it says is its title, its notes and the faults it is to have."""

    remote_id: str
    title: str
    notes: str = "示例市公共停车场的名称、地址、泊位数和收费标准。"
    faults: tuple[str, ...] = ()
    provider: str = "示例市交通运输局"
    items: int = 2
    place: Spot = field(default_factory=Spot)

    @property
    def hash(self) -> str:
        return f"{abs(hash((self.title, self.notes, self.faults, self.provider, self.items))):x}"

    def received(self) -> bytes:
        return self.title.encode()


def entry_of(row: Row) -> CatalogEntry:
    return CatalogEntry(
        title=row.title,
        notes=row.notes,
        provider=Provider(row.provider, region_code="990100"),
        theme=("6",),
        update_cycle="4",
        format_class="2",
        formats=("xlsx",),
        share_type="1",
        share_use="工作参考",
        share_method_class="1",
        share_method="文件",
        open_type="unconditional",
        open_label="无条件开放",
        access_mode="anonymous",
        security_level="1",
        items=tuple(Item(f"数据项{number}", data_type="C", length="50") for number in range(row.items)),
    )


def judge(row: Row) -> Judged:
    problems = tuple(
        Trouble(rule, "refuse", "测试用的问题。", given=row.title, file="目录.xlsx", sheet="目录", row=row.place.row)
        for rule in row.faults
    )
    return Judged(entry_of(row), owner="", problems=problems)


ROWS = [Row(str(number), f"示例数据集{number}") for number in range(30)]


class RunContract:
    """Applieds of runs, in the words of the issue."""

    def judge(self, row: Row) -> Judged:
        return judge(row)

    def datasets(self, portal: Any) -> dict[str, tuple[str, bool]]:
        raise NotImplementedError

    def edit(self, portal: Any, title: str, notes: str) -> None:
        """A person changes the abstract."""
        raise NotImplementedError

    def notes(self, portal: Any, title: str) -> str:
        raise NotImplementedError

    def undo(self, portal: Any, run: int) -> None:
        raise NotImplementedError

    def redo(self, portal: Any, run: int) -> None:
        raise NotImplementedError

    def harvest(self, portal: Any, rows: list[Row], source: str = "交通") -> Report:
        return run(Task(source, rows, self.judge), portal)

    def test_first_run_adds_every_record(self, portal: Any) -> None:
        report = self.harvest(portal, ROWS)
        assert (report.state, report.counts.added, report.counts.refused) == ("finished", 30, 0)
        assert set(self.datasets(portal)) == {row.title for row in ROWS}

    def test_running_again_changes_nothing_and_says_so(self, portal: Any) -> None:
        self.harvest(portal, ROWS)
        before = self.datasets(portal)
        counts = self.harvest(portal, ROWS).counts
        assert (counts.added, counts.changed, counts.unchanged, counts.removed) == (0, 0, 30, 0)
        assert self.datasets(portal) == before

    def test_a_changed_record_keeps_its_dataset(self, portal: Any) -> None:
        self.harvest(portal, ROWS)
        before = self.datasets(portal)
        counts = self.harvest(portal, [Row("0", "示例数据集（更名）"), *ROWS[1:]]).counts
        assert (counts.changed, counts.unchanged) == (1, 29)
        assert self.datasets(portal)["示例数据集（更名）"] == before["示例数据集0"]

    def test_a_vanished_record_is_withdrawn_and_wakes_when_it_returns(self, portal: Any) -> None:
        self.harvest(portal, ROWS)
        before = self.datasets(portal)
        assert self.harvest(portal, ROWS[1:]).counts.removed == 1
        assert self.datasets(portal)["示例数据集0"] == (before["示例数据集0"][0], True)
        assert self.harvest(portal, ROWS[1:]).counts.removed == 0
        assert self.harvest(portal, ROWS).counts.changed == 1
        assert self.datasets(portal) == before

    def test_an_empty_answer_removes_nothing(self, portal: Any) -> None:
        self.harvest(portal, ROWS)
        report = self.harvest(portal, [])
        assert report.counts.removed == 0
        assert "没有返回任何记录" in report.brake

    def test_changes_that_are_set_aside_are_carried_out_at_the_end(
        self, portal: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.harvest(portal, ROWS)
        monkeypatch.setattr("harvesters.run.BATCH", 4)
        monkeypatch.setattr("harvesters.run.KEPT", 3)
        rows = [Row(str(n), f"改名后的数据集{n}") if n % 4 == 0 else ROWS[n] for n in range(30)]
        report = self.harvest(portal, rows)
        assert (report.counts.changed, report.counts.unchanged, report.counts.waiting) == (8, 22, 0)
        assert {row.title for row in rows} == set(self.datasets(portal))
        assert self.harvest(portal, rows).counts.unchanged == 30

    def test_too_many_changes_wait_whether_they_were_set_aside_or_not(
        self, portal: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.harvest(portal, ROWS)
        monkeypatch.setattr("harvesters.run.BATCH", 4)
        monkeypatch.setattr("harvesters.run.KEPT", 5)
        report = self.harvest(portal, [Row(str(n), f"改名后的数据集{n}") for n in range(25)] + ROWS[25:])
        assert (report.counts.changed, report.counts.waiting) == (0, 25)
        assert "25 条" in next(iter(report.why))
        assert {row.title for row in ROWS} == set(self.datasets(portal))

    def test_a_mass_removal_is_held_back(self, portal: Any) -> None:
        self.harvest(portal, ROWS)
        report = self.harvest(portal, ROWS[:20])
        assert report.counts.removed == 0
        assert "10 条" in report.brake

    def test_a_key_that_is_not_unique_loses_nothing_and_removes_nothing(self, portal: Any) -> None:
        self.harvest(portal, [*ROWS, Row("29", "同一标识的另一条")])
        report = self.harvest(portal, [*ROWS[1:], Row("29", "同一标识的另一条")])
        assert (report.key_unique, report.counts.removed, report.counts.unchanged) == (False, 0, 30)
        assert "标识不唯一" in report.brake
        assert len(self.datasets(portal)) == 31

    def test_a_word_by_word_repeat_is_counted_and_not_doubled(self, portal: Any) -> None:
        report = self.harvest(portal, [*ROWS, *ROWS])
        assert (report.counts.records, report.counts.repeated, report.counts.added) == (60, 30, 30)
        assert report.key_unique

    def test_a_refused_record_stops_nothing_and_keeps_its_dataset(self, portal: Any) -> None:
        self.harvest(portal, ROWS)
        report = self.harvest(portal, [Row("0", "示例数据集0", faults=("E08",)), *ROWS[1:]])
        assert (report.counts.refused, report.counts.unchanged, report.counts.removed) == (1, 29, 0)
        assert [(each.rule, each.row) for each in report.problems] == [("E08", 1)]
        assert len(self.datasets(portal)) == 30

    def test_a_secret_row_leaves_only_its_place(self, portal: Any) -> None:
        report = self.harvest(portal, [*ROWS, Row("s", "绝密内容", faults=("E26", "E08"))])
        assert report.counts.refused == 1
        (kept,) = report.problems
        assert kept == Trouble("E26", "refuse", "测试用的问题。", sheet="目录", row=1)
        assert "绝密内容" not in self.datasets(portal)

    def test_an_entry_that_turns_secret_is_taken_down_at_once(self, portal: Any) -> None:
        self.harvest(portal, ROWS)
        report = self.harvest(portal, [Row("0", "绝密内容", faults=("E26",)), *ROWS[1:]])
        assert (report.counts.refused, report.counts.removed) == (1, 1)
        assert self.datasets(portal)["示例数据集0"][1]

    def test_a_source_that_is_what_it_was_changes_nothing_and_is_told_again(self, portal: Any) -> None:
        rows = [Row("r1", "停车场信息"), Row("r2", "公交站点信息"), Row("r3", "公共厕所信息", faults=("E10",))]
        first = self.harvest(portal, rows)
        before = self.datasets(portal)
        counts = first.counts
        last = Last("交通", counts.records, counts.repeated, counts.refused, first.problems)
        again = run_unmodified(last, portal)
        assert (again.state, again.unmodified, again.run > first.run) == ("finished", True, True)
        assert (again.counts.records, again.counts.unchanged, again.counts.refused) == (3, 2, 1)
        assert (again.counts.added, again.counts.changed, again.counts.removed) == (0, 0, 0)
        assert again.to_json()["refusals"] == first.to_json()["refusals"]
        assert self.datasets(portal) == before
        assert self.harvest(portal, rows).counts == again.counts

    def test_two_sources_do_not_touch_each_other(self, portal: Any) -> None:
        self.harvest(portal, ROWS[:3], "甲")
        self.harvest(portal, ROWS[3:6], "乙")
        assert self.harvest(portal, ROWS[:3], "甲").counts.unchanged == 3
        assert not any(withdrawn for _, withdrawn in self.datasets(portal).values())

    def test_one_run_of_a_source_at_a_time(self, portal: Any) -> None:
        with portal.open("交通"), pytest.raises(SourceBusy, match="正在归集中"):
            self.harvest(portal, ROWS)

    def test_a_reader_that_breaks_removes_nothing_and_the_next_run_finishes(self, portal: Any) -> None:
        def broken() -> Any:
            yield from ROWS[:10]
            raise OSError("gone")

        with pytest.raises(OSError, match="gone"):
            run(Task("交通", broken(), self.judge), portal)
        counts = self.harvest(portal, ROWS).counts
        assert counts.added + counts.unchanged == 30
        assert len(self.datasets(portal)) == 30

    def test_a_persons_edit_stays_while_the_source_does_not_change_that_field(self, portal: Any) -> None:
        self.harvest(portal, ROWS)
        self.edit(portal, "示例数据集0", "人工修改的摘要，说明停车场的范围。")
        report = self.harvest(portal, [replace(ROWS[0], title="更名"), *ROWS[1:]])
        assert (report.counts.changed, report.counts.waiting) == (1, 0)
        assert self.notes(portal, "更名") == "人工修改的摘要，说明停车场的范围。"

    def test_what_both_changed_waits(self, portal: Any) -> None:
        self.harvest(portal, ROWS)
        self.edit(portal, "示例数据集0", "人工修改的摘要，说明停车场的范围。")
        changed = [replace(ROWS[0], notes="来源修改的摘要，说明收费的标准。"), *ROWS[1:]]
        for _ in range(2):
            report = self.harvest(portal, changed)
            assert (report.counts.changed, report.counts.waiting) == (0, 1)
            assert self.notes(portal, "示例数据集0") == "人工修改的摘要，说明停车场的范围。"

    def test_undo_brings_back_what_was_and_redo_what_was_done(self, portal: Any) -> None:
        self.harvest(portal, ROWS)
        before = self.datasets(portal)
        report = self.harvest(portal, [replace(ROWS[0], title="更名"), *ROWS[2:], Row("new", "新增的数据集")])
        done = self.datasets(portal)
        self.undo(portal, report.run)
        undone = self.datasets(portal)
        assert undone.pop("新增的数据集")[1]
        assert undone == before
        self.redo(portal, report.run)
        assert self.datasets(portal) == done
