"""撤回: exactly what was before the run, except where somebody has changed it since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harvest.test_harvest import Department, dataset, make_department, public_titles, row

pytestmark = pytest.mark.usefixtures("clean")
UNTOUCHED = ("metadata_modified",)


@pytest.fixture
def department(tmp_path: Path) -> Department:
    make_department("示例市交通运输局")
    department = Department(tmp_path / "source")
    for name in ("a.csv", "b.csv"):
        (department.folder / name).write_text(f"{name}\n", "utf-8")
    return department


ROWS = [row(str(number), f"数据集{number}", 下载地址="a.csv" if number < 3 else "") for number in range(12)]


def state(title: str) -> dict[str, Any]:
    shown = dataset(title)
    for resource in shown["resources"]:
        resource.pop("metadata_modified")
    return {key: value for key, value in shown.items() if key not in UNTOUCHED}


def content(shown: dict[str, Any]) -> list[bytes]:
    from ckanext.govcn.access import files

    return [files.delivered_by(each["id"])[0].path.read_bytes() for each in shown["resources"]]


def test_undo_brings_back_what_was_before(department: Department) -> None:
    from harvesters.harvest import undo

    department.harvest(*ROWS)
    before = {title: state(title) for title in ("数据集0", "数据集1", "数据集4")}
    files = content(before["数据集1"])
    changed = [
        ROWS[0] | {"信息资源名称": "改名", "关键字": "新标签", "更新周期": "每日"},
        ROWS[1] | {"下载地址": "b.csv"},
        *ROWS[2:4],
        *ROWS[5:],
        row("99", "新增的数据集"),
    ]
    run = department.harvest(*changed)
    assert (run.counts.added, run.counts.changed, run.counts.removed) == (1, 2, 1)
    undone = undo(run.run)
    assert (undone.withdrawn, undone.restored, undone.skipped) == (1, 3, [])
    assert {title: state(title) for title in before} == before
    assert content(dataset("数据集1")) == files
    assert dataset("新增的数据集")["catalog_status"] == "withdrawn"
    assert public_titles() == {f"数据集{number}" for number in range(12)}


def test_what_a_person_changed_since_stays_and_is_named(department: Department) -> None:
    from ckan.tests.helpers import call_action

    from harvesters.harvest import undo

    department.harvest(*ROWS)
    run = department.harvest(ROWS[0] | {"信息资源名称": "改名", "更新周期": "每日"}, *ROWS[1:])
    internal = {"ignore_auth": True, "user": call_action("get_site_user", {"ignore_auth": True})["name"]}
    call_action(
        "package_patch", internal | {"govcn_internal": True}, id=dataset("改名")["id"], notes="人工修改的摘要。"
    )
    (skipped,) = undo(run.run).skipped
    assert skipped["fields"] == ["notes"]
    after = dataset("数据集0")
    assert (after["notes"], after["update_cycle"]) == ("人工修改的摘要。", "7")


def test_an_undone_run_stays_undone_until_the_source_changes(department: Department) -> None:
    from harvesters.harvest import undo

    department.harvest(*ROWS)
    changed = [ROWS[0] | {"信息资源名称": "改名"}, *ROWS[1:], row("99", "新增的数据集")]
    undo(department.harvest(*changed).run)
    again = department.harvest(*changed).counts
    assert (again.added, again.changed, again.removed) == (0, 0, 0)
    assert dataset("数据集0")["id"]


def test_only_the_latest_change_of_a_source_can_be_undone(department: Department) -> None:
    from harvesters.exceptions import NotUndoable, RunNotFound
    from harvesters.harvest import undo

    first = department.harvest(*ROWS)
    second = department.harvest(ROWS[0] | {"信息资源名称": "改名"}, *ROWS[1:])
    with pytest.raises(NotUndoable, match="较新的任务"):
        undo(first.run)
    undo(second.run)
    with pytest.raises(NotUndoable, match="已经撤回"):
        undo(second.run)
    undo(first.run)
    assert public_titles() == set()
    with pytest.raises(RunNotFound):
        undo(10**9)
