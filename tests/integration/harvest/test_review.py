"""变更清单 → 审阅 → 执行: what waits is kept, carried out when told, and left out where it no longer stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harvest.test_harvest import Department, dataset, make_department, public_titles, row

pytestmark = pytest.mark.usefixtures("clean")
ROWS = [row(str(number), f"数据集{number}") for number in range(40)]


@pytest.fixture
def department(tmp_path: Path) -> Department:
    make_department("示例市交通运输局")
    return Department(tmp_path / "source")


def source_of(department: Department) -> Any:
    from harvesters.source import load_source

    return load_source(str(department.folder / f"{department.name}.yaml"))


def test_a_plan_does_nothing_until_it_is_applied(department: Department) -> None:
    from harvesters.harvest import apply, changes_of, harvest

    department.harvest(*ROWS)
    department.settings["apply"] = "review"
    report = department.harvest(ROWS[0] | {"信息资源名称": "改名"}, *ROWS[1:39], row("99", "新增的数据集"))
    assert (report.counts.added, report.counts.changed, report.counts.removed, report.counts.waiting) == (0, 0, 0, 3)
    assert public_titles() == {f"数据集{number}" for number in range(40)}
    listed = {each["kind"]: each for each in changes_of(report.run)}
    assert listed["changed"]["fields"] == [{"field": "title", "old": "数据集0", "new": "改名"}]
    assert apply(report.run, source_of(department)) == {"run": report.run, "applied": 3, "skipped": 0}
    assert public_titles() == {"改名", "新增的数据集", *(f"数据集{number}" for number in range(1, 39))}
    assert harvest(source_of(department), plan_only=True).counts.waiting == 0


def test_what_becomes_more_open_waits_and_closing_does_not(department: Department) -> None:
    from harvesters.harvest import apply

    department.settings["profile"] = "portal"
    closed = [ROWS[0] | {"开放类型": "有条件开放"}, *ROWS[1:]]
    department.harvest(*closed)
    report = department.harvest(*ROWS[:1], ROWS[1] | {"开放类型": "不予开放"}, *ROWS[2:])
    assert (report.counts.changed, report.counts.waiting) == (1, 1)
    assert (dataset("数据集0")["open_type"], dataset("数据集1")["open_type"]) == ("conditional", "none")
    apply(report.run, source_of(department))
    assert dataset("数据集0")["open_type"] == "unconditional"


def test_a_rejected_plan_is_gone_and_a_newer_run_replaces_an_older_plan(department: Department) -> None:
    from harvesters.exceptions import PlanNotWaiting
    from harvesters.harvest import apply, reject

    department.harvest(*ROWS)
    first = department.harvest(*ROWS[:20])
    second = department.harvest(*ROWS[:20])
    assert (first.counts.waiting, second.counts.waiting) == (20, 20)
    with pytest.raises(PlanNotWaiting):
        apply(first.run, source_of(department))
    assert reject(second.run) == {"run": second.run, "rejected": 20}
    with pytest.raises(PlanNotWaiting):
        apply(second.run, source_of(department))
    assert len(public_titles()) == 40


def test_an_applied_mass_removal_withdraws_and_can_be_undone(department: Department) -> None:
    from harvesters.harvest import apply, undo

    department.harvest(*ROWS)
    report = department.harvest(*ROWS[:10])
    assert apply(report.run, source_of(department))["applied"] == 30
    assert len(public_titles()) == 10
    assert undo(report.run).restored == 30
    assert len(public_titles()) == 40


def test_what_the_source_changed_meanwhile_is_skipped(department: Department) -> None:
    from ckan import model
    from sqlalchemy import text

    from harvesters.harvest import apply

    department.harvest(*ROWS)
    department.settings["apply"] = "review"
    report = department.harvest(ROWS[0] | {"信息资源名称": "改名"}, *ROWS[1:])
    model.Session.execute(text("UPDATE govcn_harvest_record SET hash = 'other' WHERE remote_id = '0'"))
    model.Session.commit()
    assert apply(report.run, source_of(department)) == {"run": report.run, "applied": 0, "skipped": 1}
