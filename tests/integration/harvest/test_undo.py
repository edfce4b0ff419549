"""撤回: exactly what was before the run, except where somebody has changed it since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harvest.test_harvest import Department, dataset, make_department, public_titles, row, scalar

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


TABLES = {
    "package": "SELECT to_jsonb(t) - 'metadata_modified' AS row FROM package t ORDER BY id",
    "resource": "SELECT to_jsonb(t) - 'metadata_modified' AS row FROM resource t ORDER BY id",
    "tags": "SELECT p.package_id, t.name FROM package_tag p JOIN tag t ON t.id = p.tag_id WHERE p.state = 'active' "
    "ORDER BY 1, 2",
    "member": "SELECT group_id, table_id, capacity, state FROM member WHERE table_name = 'package' ORDER BY table_id",
    "vault": "SELECT resource_id, url FROM govcn_vault ORDER BY 1",
    "file": "SELECT resource_id, sha256, filename FROM govcn_resource_file ORDER BY 1",
    "release": "SELECT package_id, kind, number, approver, date, basis FROM govcn_release ORDER BY 1",
    "record": "SELECT remote_id, package_id, entry, resources FROM govcn_harvest_record ORDER BY 1",
}


def rows() -> dict[str, list[Any]]:
    import sqlalchemy as sa
    from ckan import model

    model.Session.expire_all()
    return {name: [tuple(row) for row in model.Session.execute(sa.text(query))] for name, query in TABLES.items()}


def test_undo_and_redo_leave_every_row_as_it_was(department: Department) -> None:
    """Two runs, an edit between them, undone and redone; times aside. What a run adds is compared by the redo."""
    from harvest.test_review import edit

    from harvesters.harvest import redo, undo

    department.harvest(*ROWS)
    edit("数据集5", notes="人工修改的摘要。")
    before = rows()
    shown = {f"数据集{number}": state(f"数据集{number}") for number in range(12)}
    changed = [
        ROWS[0] | {"信息资源名称": "改名", "关键字": "新标签", "更新周期": "每日", "开放类型": "有条件开放"},
        ROWS[1] | {"下载地址": "b.csv"},
        ROWS[2] | {"下载地址": "https://data.example.gov.cn/a.csv"},
        *ROWS[4:],
    ]
    department.settings["profile"] = "portal"
    run = department.harvest(*changed)
    after = rows()
    for _ in range(2):
        undo(run.run)
        undone = rows()
        for name in before.keys() - {"resource"}:
            assert undone[name] == before[name], name
        assert [row for row in undone["resource"] if row[0]["state"] == "active"] == before["resource"]
        assert {title: state(title) for title in shown} == shown
        redo(run.run)
        again = rows()
        for name in after.keys() - {"resource"}:
            assert again[name] == after[name], name
        assert [row for row in again["resource"] if row[0]["state"] == "active"] == [
            row for row in after["resource"] if row[0]["state"] == "active"
        ]
    undo(run.run)
    assert department.harvest(*changed).counts.changed == 0


def test_who_undid_and_who_took_it_back_is_kept(department: Department) -> None:
    from ckanext.govcn.harvest.rules import Person

    from harvesters.exceptions import NotAllowed, NotUndoable
    from harvesters.harvest import decisions_of, redo, undo

    department.harvest(*ROWS)
    run = department.harvest(ROWS[0] | {"更新周期": "每日"}, *ROWS[1:]).run
    with pytest.raises(NotAllowed):
        undo(run, Person("stranger"))
    with pytest.raises(NotUndoable, match="没有被撤回"):
        redo(run)
    undo(run, Person("clerk", capacity="editor"))
    with pytest.raises(NotUndoable, match="redo"):
        undo(run)
    redo(run)
    assert [(each["what"], each["decided_by"], each["decided_as"]) for each in decisions_of(run)] == [
        ("undo", "clerk", "editor"),
        ("redo", "", "operator"),
    ]


def test_what_was_thinned_cannot_be_taken_back_either(department: Department) -> None:
    from datetime import UTC, datetime, timedelta

    from harvesters.exceptions import NotUndoable
    from harvesters.harvest import redo, undo
    from harvesters.retention import Retention
    from harvesters.thinning import thin

    department.harvest(*ROWS)
    run = department.harvest(ROWS[0] | {"更新周期": "每日"}, *ROWS[1:]).run
    undo(run)
    department.harvest(ROWS[0] | {"更新周期": "每日"}, *ROWS[1:])
    thin(Retention(days=1, runs=1), datetime.now(UTC) + timedelta(days=9))
    with pytest.raises(NotUndoable, match="清理"):
        redo(run)


@pytest.mark.parametrize("planned", [False, True])
def test_undo_does_not_bring_back_what_is_marked_secret(department: Department, *, planned: bool) -> None:
    from harvesters.harvest import apply, harvest, redo, undo
    from harvesters.source import load_source

    department.harvest(*ROWS)
    secret = [ROWS[0] | {"涉密标识": "涉密"}, *ROWS[1:]]
    if planned:
        department.harvest(*ROWS)
        path = department.write(*secret)
        run = harvest(load_source(path), plan_only=True).run
        assert apply(run, load_source(path))["applied"] == 1
        content = "SELECT count(*) FROM govcn_harvest_raw WHERE content IS NULL"
        assert scalar(content) == 1
    else:
        run = department.harvest(*secret).run
    undone = undo(run)
    assert [each["fields"] for each in undone.skipped] == [["secrecy"]]
    assert undone.restored == 0
    assert public_titles() == {f"数据集{number}" for number in range(1, 12)}
    redo(run)
    assert public_titles() == {f"数据集{number}" for number in range(1, 12)}


def test_the_page_counts_a_level_that_was_closed_ahead_of_the_rest(department: Department) -> None:
    """It is undone like any other change, and keeps an earlier run from being undone before it."""
    from ckan import model
    from ckanext.govcn.harvest import queries

    from harvesters.exceptions import NotUndoable
    from harvesters.harvest import undo

    department.settings["profile"] = "portal"
    first = department.harvest(*ROWS).run
    department.settings["apply"] = "review"
    closed = {"开放类型": "有条件开放", "信息资源摘要": "改写过的摘要，说明了内容和范围。"}
    second = department.harvest(ROWS[4] | closed, *ROWS[:4], *ROWS[5:]).run
    assert dataset("数据集4")["open_type"] == "conditional"
    assert queries.applied(model.Session, second) == {"changed": 1}
    assert queries.later_run(model.Session, "laiyuan", first) == second
    with pytest.raises(NotUndoable):
        undo(first)
    assert undo(second).restored == 1
    assert queries.later_run(model.Session, "laiyuan", first) is None
