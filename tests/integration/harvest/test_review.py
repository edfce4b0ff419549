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


def done(run: int, **counts: Any) -> dict[str, Any]:
    return {"run": run, "applied": 0, "skipped": 0, "waiting": 0, "why": [], **counts}


def test_a_plan_does_nothing_until_it_is_applied(department: Department) -> None:
    from harvesters.harvest import apply, changes_of, harvest

    department.harvest(*ROWS)
    department.settings["apply"] = "review"
    report = department.harvest(ROWS[0] | {"信息资源名称": "改名"}, *ROWS[1:39], row("99", "新增的数据集"))
    assert (report.counts.added, report.counts.changed, report.counts.removed, report.counts.waiting) == (0, 0, 0, 3)
    assert public_titles() == {f"数据集{number}" for number in range(40)}
    listed = {each["kind"]: each for each in changes_of(report.run)}
    title = {"field": "title", "old": "数据集0", "theirs": "数据集0", "new": "改名", "conflict": False}
    assert listed["changed"]["fields"] == [title]
    assert apply(report.run, source_of(department)) == done(report.run, applied=3)
    assert public_titles() == {"改名", "新增的数据集", *(f"数据集{number}" for number in range(1, 39))}
    assert harvest(source_of(department), plan_only=True).counts.waiting == 0


def test_a_command_that_dies_is_done_as_it_was_given_and_by_whom(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker takes over from a process that is gone: not all of the plan, and not as the operator."""
    import sqlalchemy as sa
    from ckan import model
    from ckanext.govcn.harvest.rules import Person

    from harvesters import jobs, leases
    from harvesters.exceptions import NotAllowed
    from harvesters.harvest import Choices, apply
    from harvesters.portal import CkanSession

    class KilledError(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise KilledError

    department.settings["apply"] = "review"
    run = department.harvest(*ROWS[:3]).run
    choices = Choices("theirs", {("0", "title"): "new"}, frozenset({"0"}))
    with monkeypatch.context() as patched:
        patched.setattr(CkanSession, "apply", killed)
        patched.setattr(leases, "finish", lambda _lease: False)
        with pytest.raises(KilledError):
            apply(run, source_of(department), Person("clerk", capacity="editor"), choices)
    model.Session.execute(sa.text("UPDATE govcn_harvest_job SET lease_until = now() - interval '1 second'"))
    model.Session.commit()
    leases.reap()
    model.Session.execute(sa.text("UPDATE govcn_harvest_job SET not_before = now()"))
    model.Session.commit()
    lease = leases.claim(per_host=1)
    assert lease
    assert (lease.kind, lease.wanted_by) == ("apply", "clerk")
    assert Choices.of(lease.arguments) == choices
    with pytest.raises(NotAllowed, match="clerk"), leases.held(lease):
        jobs.carry_out(lease)  # nobody has that name here


def test_what_a_plan_has_for_a_department_that_was_deleted_since_is_left_out(tmp_path: Path) -> None:
    from harvest.test_harvest import delete_department, scalar

    from harvesters.harvest import apply

    owner = make_department("示例市交通运输局")
    department = Department(tmp_path / "source", providers="create", apply="review")
    run = department.harvest(*ROWS[:2], row("9", "水库", 信息资源提供方="示例市水利局")).run
    delete_department(owner)
    assert apply(run, source_of(department)) == done(run, applied=1)
    assert public_titles() == {"水库"}
    assert scalar("SELECT count(*) FROM govcn_harvest_change WHERE state = 'skipped'") == 2


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
    assert apply(report.run, source_of(department)) == done(report.run, skipped=1)


def edit(title: str, **values: Any) -> None:
    """A person of the department changes fields of the dataset on its form."""
    from ckan.tests.helpers import call_action

    internal = {"ignore_auth": True, "user": call_action("get_site_user", {"ignore_auth": True})["name"]}
    call_action("package_patch", internal | {"govcn_internal": True}, id=dataset(title)["id"], **values)


def test_a_persons_edit_stays_while_the_source_does_not_change_that_field(department: Department) -> None:
    department.harvest(*ROWS)
    edit("数据集0", notes="人工修改的摘要。", tags=[{"name": "人工标签"}])
    again = [ROWS[0] | {"更新周期": "每日"}, *ROWS[1:]]
    for _ in range(2):
        report = department.harvest(*again)
        assert report.counts.waiting == 0
        after = dataset("数据集0")
        assert (after["notes"], after["update_cycle"]) == ("人工修改的摘要。", "2")
        assert [each["name"] for each in after["tags"]] == ["人工标签"]
    assert report.counts.unchanged == 40


@pytest.mark.parametrize(("choices", "notes"), [
    ({"keep": "theirs"}, "人工修改的摘要。"),
    ({"keep": "new"}, "来源修改的摘要。"),
    ({"fields": {("0", "notes"): "theirs"}}, "人工修改的摘要。"),
])  # fmt: skip
def test_what_both_changed_waits_and_is_asked(department: Department, choices: dict[str, Any], notes: str) -> None:
    from harvesters.harvest import Choices, apply, changes_of

    department.harvest(*ROWS)
    before = dataset("数据集0")["notes"]
    edit("数据集0", notes="人工修改的摘要。")
    changed = [ROWS[0] | {"信息资源摘要": "来源修改的摘要。", "信息资源名称": "改名"}, *ROWS[1:]]
    report = department.harvest(*changed)
    assert (report.counts.changed, report.counts.waiting) == (0, 1)
    (change,) = changes_of(report.run)
    assert {
        each["field"]: (each["old"], each["theirs"], each["new"], each["conflict"]) for each in change["fields"]
    } == {
        "title": ("数据集0", "数据集0", "改名", False),
        "notes": (before, "人工修改的摘要。", "来源修改的摘要。", True),
    }
    assert dataset("数据集0")["notes"] == "人工修改的摘要。"
    assert apply(report.run, source_of(department))["waiting"] == 1
    assert apply(report.run, source_of(department), choices=Choices(**choices))["applied"] == 1
    assert dataset("改名")["notes"] == notes
    assert department.harvest(*changed).counts.unchanged == 40


def test_closing_does_not_wait_for_a_conflict_to_be_decided(department: Department) -> None:
    from harvesters.harvest import Choices, apply, undo

    department.settings["profile"] = "portal"
    department.harvest(*ROWS)
    edit("数据集0", notes="人工修改的摘要。")
    report = department.harvest(ROWS[0] | {"信息资源摘要": "来源修改的摘要。", "开放类型": "有条件开放"}, *ROWS[1:])
    assert (report.counts.changed, report.counts.waiting) == (1, 1)
    now = dataset("数据集0")
    assert (now["open_type"], now["notes"]) == ("conditional", "人工修改的摘要。")
    assert apply(report.run, source_of(department), choices=Choices("new"))["applied"] == 1
    assert dataset("数据集0")["notes"] == "来源修改的摘要。"
    undo(report.run)
    back = dataset("数据集0")
    assert (back["open_type"], back["notes"]) == ("unconditional", "人工修改的摘要。")


@pytest.mark.parametrize("status", ["withdrawn", "draft"])
def test_what_a_person_took_down_or_returned_is_not_put_back(department: Department, status: str) -> None:
    department.harvest(*ROWS)
    edit("数据集0", catalog_status=status)
    department.harvest(ROWS[0] | {"更新周期": "每日"}, *ROWS[1:])
    assert dataset("数据集0")["catalog_status"] == status
    department.harvest(*ROWS[1:])
    department.harvest(ROWS[0] | {"更新周期": "每周"}, *ROWS[1:])
    assert dataset("数据集0")["catalog_status"] == status


def test_what_opens_waits_for_somebody_other_than_the_editor(department: Department) -> None:
    from ckanext.govcn.harvest.rules import Person

    from harvesters.exceptions import NotAllowed
    from harvesters.harvest import apply, decisions_of

    department.settings["profile"] = "portal"
    closed = [ROWS[0] | {"开放类型": "有条件开放"}, *ROWS[1:]]
    department.harvest(*closed)
    report = department.harvest(*ROWS)
    with pytest.raises(NotAllowed, match="部门管理员或数据主管部门"):
        apply(report.run, source_of(department), Person("clerk", capacity="editor"))
    assert dataset("数据集0")["open_type"] == "conditional"
    assert apply(report.run, source_of(department), Person("chief", capacity="admin"))["applied"] == 1
    assert dataset("数据集0")["open_type"] == "unconditional"
    (decision,) = decisions_of(report.run)
    assert (decision["what"], decision["decided_by"], decision["decided_as"]) == ("apply", "chief", "admin")


def test_an_editor_carries_out_the_rest_of_a_plan_that_opens(department: Department) -> None:
    from ckanext.govcn.harvest.rules import Person

    from harvesters.harvest import apply

    department.settings |= {"profile": "portal", "apply": "review"}
    first = department.harvest(ROWS[0] | {"开放类型": "有条件开放"}, *ROWS[1:])
    apply(first.run, source_of(department))
    report = department.harvest(ROWS[0], ROWS[1] | {"信息资源名称": "改名"}, *ROWS[2:])
    left = apply(report.run, source_of(department), Person("clerk", capacity="editor"))
    assert (left["applied"], left["waiting"]) == (1, 1)
    assert (dataset("数据集0")["open_type"], dataset("改名")["title"]) == ("conditional", "改名")
    assert apply(report.run, source_of(department))["applied"] == 1
    assert dataset("数据集0")["open_type"] == "unconditional"


def test_an_entry_moves_to_another_provider_by_the_bureau_only(department: Department) -> None:
    from ckanext.govcn.harvest.rules import Person

    from harvesters.exceptions import NotAllowed
    from harvesters.harvest import apply, changes_of, undo

    make_department("示例市公安局")
    department.settings |= {"providers": "create", "profile": "portal"}
    rows = [each | {"信息资源提供方": "示例市交通运输局"} for each in ROWS]
    department.harvest(*rows)
    before = dataset("数据集0")
    report = department.harvest(rows[0] | {"信息资源提供方": "示例市公安局"}, *rows[1:])
    assert [each["kind"] for each in changes_of(report.run)] == ["move"]
    assert dataset("数据集0")["owner_org"] == before["owner_org"]
    for person in (Person("clerk", capacity="editor"), Person("chief", capacity="admin")):
        with pytest.raises(NotAllowed, match="只能由数据主管部门"):
            apply(report.run, source_of(department), person)
    assert apply(report.run, source_of(department))["applied"] == 1
    moved = dataset("数据集0")
    assert moved["organization"]["title"] == "示例市公安局"
    assert moved["id"] == before["id"]
    undo(report.run)
    assert dataset("数据集0") | {"metadata_modified": ""} == before | {"metadata_modified": ""}


def test_new_ids_do_not_get_past_the_rule_that_opening_waits(department: Department) -> None:
    department.settings["profile"] = "portal"
    department.harvest(ROWS[0] | {"开放类型": "有条件开放"}, *ROWS[1:])
    report = department.harvest(*ROWS[1:], row("new-0", "数据集0"))
    assert (report.counts.added, report.counts.waiting) == (0, 1)


def test_resources_that_a_person_changed_added_or_took_away_stay_so(department: Department) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (department.folder / name).write_text(f"{name}\n", "utf-8")
    linked = {"下载地址": "https://data.example.gov.cn/a.csv"}
    department.settings["files"] = "link"
    department.harvest(ROWS[0] | linked, ROWS[1] | linked, *ROWS[2:])
    resource = dataset("数据集0")["resources"][0]
    own = {"url": "https://data.example.gov.cn/mine.csv", "name": "人工资源", "format": "CSV"}
    edit("数据集0", resources=[resource | {"name": "人工命名"}, own])
    edit("数据集1", resources=[])
    before = dataset("数据集0")["update_cycle"]
    cycle = {"更新周期": "每日"}
    for _ in range(2):
        department.harvest(ROWS[0] | linked | cycle, ROWS[1] | linked | cycle, *ROWS[2:])
        after = dataset("数据集0")
        assert after["update_cycle"] != before
        before = after["update_cycle"]
        assert [(each["name"], each["id"] == resource["id"]) for each in after["resources"]] == [
            ("人工命名", True),
            ("人工资源", False),
        ]
        assert dataset("数据集1")["resources"] == []
        cycle = {"更新周期": "每周"}


def test_an_address_that_a_person_put_in_place_of_the_sources_stays(department: Department) -> None:
    from ckanext.govcn.access import vault

    from harvesters.harvest import Choices, apply, changes_of

    department.settings["files"] = "link"
    linked = {"下载地址": "https://data.example.gov.cn/a.csv"}
    department.harvest(ROWS[0] | linked, *ROWS[1:])
    resource = dataset("数据集0")["resources"][0]
    edit("数据集0", resources=[resource | {"url": "https://data.example.gov.cn/mine.csv"}])
    department.harvest(ROWS[0] | linked | {"更新周期": "每日"}, *ROWS[1:])
    assert dataset("数据集0")["update_cycle"] == "2"
    assert vault.real_url(resource["id"]) == "https://data.example.gov.cn/mine.csv"
    report = department.harvest(ROWS[0] | {"下载地址": "https://data.example.gov.cn/new.csv"}, *ROWS[1:])
    assert report.counts.waiting == 1
    assert vault.real_url(resource["id"]) == "https://data.example.gov.cn/mine.csv"
    (change,) = changes_of(report.run)
    (both,) = [each for each in change["fields"] if each["conflict"]]
    urls = {side: [each["url"] for each in both[side]] for side in ("old", "theirs", "new")}
    assert urls == {
        "old": ["https://data.example.gov.cn/a.csv"],
        "theirs": [resource["url"]],
        "new": ["https://data.example.gov.cn/new.csv"],
    }
    apply(report.run, source_of(department), choices=Choices("theirs"))
    again = {"下载地址": "https://data.example.gov.cn/new.csv", "更新周期": "每日"}
    assert department.harvest(ROWS[0] | again, *ROWS[1:]).counts.changed == 1
    (kept,) = dataset("数据集0")["resources"]
    assert (kept["id"], vault.real_url(kept["id"])) == (resource["id"], "https://data.example.gov.cn/mine.csv")
