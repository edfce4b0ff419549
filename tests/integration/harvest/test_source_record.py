"""来源记录 as received: kept with its run, seen by the owner's members and nobody else, thinned by rule."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from harvest.test_harvest import CANARY, Department, dataset, make_department, row, scalar

pytestmark = pytest.mark.usefixtures("clean")
ROWS = [row(str(number), f"数据集{number}") for number in range(12)]
ELSEWHERE = {"信息资源提供方": "示例市公安局"}  # refused: the source is another department's


@pytest.fixture
def department(tmp_path: Path) -> Department:
    department = Department(tmp_path / "source")
    department.owner = make_department("示例市交通运输局")  # type: ignore[attr-defined]
    make_department(ELSEWHERE["信息资源提供方"])
    return department


def member(owner: str, capacity: str) -> Any:
    from ckan.tests import factories
    from ckan.tests.helpers import call_action

    user = factories.UserWithToken()
    call_action("organization_member_create", id=owner, username=user["name"], role=capacity)
    return user


def ask(user: str, title: str) -> dict[str, Any]:
    from ckan.tests.helpers import call_action

    return call_action("govcn_harvest_record_show", {"user": user, "ignore_auth": False}, id=dataset(title)["id"])


def test_the_record_stands_beside_its_entry(department: Department) -> None:
    from harvest.test_review import edit

    department.harvest(*ROWS)
    edit("数据集0", notes="人工修改的摘要。")
    record = ask(member(department.owner, "member")["name"], "数据集0")
    told = {each["heading"]: each for each in record["lines"]}
    assert (told["信息资源名称"]["received"], told["信息资源名称"]["field"]) == ("数据集0", "title")
    notes = told["信息资源摘要"]
    assert (notes["received"], notes["now"], notes["edited"]) == (ROWS[0]["信息资源摘要"], "人工修改的摘要。", True)
    assert [each["heading"] for each in record["lines"] if each["edited"]] == ["信息资源摘要"]
    (version,) = record["versions"]
    assert version["received"]["raw"]["更新周期"] == "每年"


def test_each_version_is_kept_once_with_the_run_that_met_it(department: Department) -> None:
    first = department.harvest(*ROWS).run
    department.harvest(*ROWS)
    third = department.harvest(ROWS[0] | {"更新周期": "每日"}, *ROWS[1:]).run
    record = ask(member(department.owner, "editor")["name"], "数据集0")
    assert [each["run"] for each in record["versions"]] == [third, first]
    assert scalar("SELECT count(*) FROM govcn_harvest_raw") == 13


OPENER = [ROWS[0] | {"开放类型": "有条件开放"}, *ROWS[1:]]


def stands(record: dict[str, Any]) -> list[tuple[int, str]]:
    return [(each["run"], each["state"]) for each in record["versions"]]


def received(record: dict[str, Any], heading: str) -> Any:
    return next(each["received"] for each in record["lines"] if each["heading"] == heading)


def test_a_version_that_was_sent_back_is_named_and_not_shown_as_the_entrys(department: Department, app: Any) -> None:
    first = department.harvest(*ROWS).run
    second = department.harvest(ROWS[0] | ELSEWHERE, *ROWS[1:]).run
    reader = member(department.owner, "member")
    record = ask(reader["name"], "数据集0")
    assert (record["made_of"], stands(record)) == (first, [(second, "refused"), (first, "entry")])
    assert received(record, "信息资源提供方") == "示例市交通运输局"
    page = f"/dataset/{dataset('数据集0')['name']}/source-record"
    assert f"（任务 {second}）：未通过检查，被退回" in app.get(page, headers={"Authorization": reader["token"]}).body


def test_a_version_that_waits_is_named_and_shown_once_it_is_the_entrys(department: Department) -> None:
    from harvest.test_review import source_of

    from harvesters.harvest import apply, redo, reject, undo

    department.settings["profile"] = "portal"
    first = department.harvest(*OPENER).run
    second = department.harvest(*ROWS).run
    reader = member(department.owner, "member")["name"]
    record = ask(reader, "数据集0")
    assert (record["made_of"], stands(record)) == (first, [(second, "waiting"), (first, "entry")])
    assert received(record, "开放类型") == "有条件开放"
    reject(second)
    assert stands(ask(reader, "数据集0"))[0] == (second, "rejected")
    third = department.harvest(*ROWS).run
    assert stands(ask(reader, "数据集0"))[0] == (second, "waiting")
    apply(third, source_of(department))
    record = ask(reader, "数据集0")
    assert (record["made_of"], stands(record)) == (second, [(second, "entry"), (first, "earlier")])
    assert received(record, "开放类型") == "无条件开放"
    undo(third)
    record = ask(reader, "数据集0")
    assert (record["made_of"], stands(record)) == (first, [(second, "undone"), (first, "entry")])
    redo(third)
    assert ask(reader, "数据集0")["made_of"] == second


def test_a_level_that_closes_before_the_rest_leaves_the_entry_to_its_record(department: Department) -> None:
    department.settings |= {"profile": "portal", "apply": "review"}
    from harvest.test_review import source_of

    from harvesters.harvest import apply

    first = department.harvest(*ROWS).run
    apply(first, source_of(department))
    second = department.harvest(ROWS[0] | {"开放类型": "有条件开放", "信息资源摘要": "改写的摘要。"}, *ROWS[1:]).run
    assert dataset("数据集0")["open_type"] == "conditional"
    record = ask(member(department.owner, "member")["name"], "数据集0")
    assert (record["made_of"], stands(record)) == (first, [(second, "waiting"), (first, "entry")])


def test_the_entrys_version_stays_when_its_record_vanishes_after_one_that_was_sent_back(
    department: Department,
) -> None:
    from harvesters.retention import Retention
    from harvesters.thinning import thin

    first = department.harvest(*ROWS).run
    second = department.harvest(ROWS[0] | ELSEWHERE, *ROWS[1:]).run
    department.harvest(*ROWS[1:])
    thin(Retention(days=1, runs=1), datetime.now(UTC) + timedelta(days=9))
    record = ask(member(department.owner, "member")["name"], "数据集0")
    assert (record["made_of"], stands(record)) == (first, [(second, "not_taken"), (first, "entry")])


def test_only_the_owners_members_see_it(department: Department, app: Any) -> None:
    import ckan.plugins.toolkit as tk
    from ckan.tests import factories

    department.harvest(ROWS[0] | {"使用要求": CANARY}, *ROWS[1:])
    inside = member(department.owner, "member")
    other = member(make_department("示例市公安局"), "admin")
    everybody = [other, factories.SysadminWithToken(), factories.UserWithToken()]
    name = dataset("数据集0")["name"]
    page, api = f"/dataset/{name}/source-record", f"/api/3/action/govcn_harvest_record_show?id={name}"
    for address in (page, api):
        seen = app.get(address, headers={"Authorization": inside["token"]}).body
        assert CANARY in seen or json.dumps(CANARY).strip('"') in seen
        for user in everybody:
            answer = app.get(address, headers={"Authorization": user["token"]}, status=403)
            assert CANARY not in answer.body
            assert json.dumps(CANARY).strip('"') not in answer.body
        assert CANARY not in app.get(address, follow_redirects=False).body
    for user in everybody:
        with pytest.raises(tk.NotAuthorized):
            ask(user["name"], "数据集0")


def test_of_a_secret_row_only_hash_place_and_rule_are_kept(department: Department) -> None:
    import sqlalchemy as sa
    from ckan import model

    department.harvest(*ROWS)
    department.harvest(ROWS[0] | {"信息资源名称": CANARY, "涉密标识": "涉密"}, *ROWS[1:])
    assert scalar("SELECT content IS NULL FROM govcn_harvest_raw WHERE remote_id = '0'")
    kept = model.Session.execute(sa.text("SELECT * FROM govcn_harvest_problem WHERE rule = 'E26'")).mappings().one()
    assert len(kept["hash"]) == 64
    assert (kept["given"], kept["field"], kept["column"], kept["file"]) == ("", "", "", "")
    for table in ("raw", "problem", "change", "record", "run"):
        assert not scalar(f"SELECT count(*) FROM govcn_harvest_{table} t WHERE t::text LIKE :word", word=f"%{CANARY}%")  # noqa: S608


@pytest.mark.parametrize("rule", ["E26", "E30"])
def test_the_database_itself_refuses_more_of_them(department: Department, rule: str) -> None:
    import sqlalchemy as sa
    from ckan import model

    run = department.harvest(*ROWS).run
    with pytest.raises(sa.exc.IntegrityError):
        model.Session.execute(
            sa.text(
                "INSERT INTO govcn_harvest_problem (run_id, source, rule, severity, given) "
                "VALUES (:run, 'x', :rule, 'refuse', 'value')"
            ),
            {"run": run, "rule": rule},
        )
    model.Session.rollback()


def test_a_record_beyond_the_limit_leaves_its_hash(department: Department, monkeypatch: Any, tmp_path: Path) -> None:
    (tmp_path / "retention.yaml").write_text("retention: {record_bytes: 10}\n", "utf-8")
    monkeypatch.setenv("GOVCN_CONFIG", str(tmp_path))
    department.harvest(*ROWS)
    (version,) = ask(member(department.owner, "member")["name"], "数据集0")["versions"]
    assert version["received"] is None
    assert version["size"] > 10


def test_thinning_leaves_counts_and_what_the_present_state_needs(department: Department) -> None:
    from harvesters.exceptions import NotUndoable
    from harvesters.harvest import undo
    from harvesters.retention import Retention
    from harvesters.thinning import thin

    department.harvest(*ROWS)
    for cycle in ("每日", "每周", "每月"):
        last = department.harvest(ROWS[0] | {"更新周期": cycle}, *ROWS[1:])
    first = scalar("SELECT min(id) FROM govcn_harvest_run WHERE source = 'laiyuan'")
    gone = thin(Retention(days=1, runs=2), datetime.now(UTC) + timedelta(days=9))
    assert (gone["runs"], gone["records"]) == (2, 2)
    assert scalar("SELECT counts ->> 'added' FROM govcn_harvest_run WHERE id = :run", run=first) == "12"
    assert (
        scalar("SELECT statistics -> 'changes' ->> 'added' FROM govcn_harvest_run WHERE id = :run", run=first) == "12"
    )
    record = ask(member(department.owner, "member")["name"], "数据集3")
    assert record["versions"][0]["received"]["raw"]["信息资源名称"] == "数据集3"
    assert thin(Retention(days=1, runs=2), datetime.now(UTC) + timedelta(days=9))["runs"] == 0
    with pytest.raises(NotUndoable):
        undo(first)
    assert undo(last.run).restored == 1


def test_thinning_removes_what_was_looked_for_long_ago() -> None:
    from ckan import model
    from ckanext.govcn.portal.model import missed_table

    from harvesters.retention import Retention
    from harvesters.thinning import thin

    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    days = {f"{days} 天前": (now - timedelta(days=days)).date() for days in (0, 29, 30, 400)}
    rows = [{"day": day, "text": text, "times": 2} for text, day in days.items()]
    model.Session.execute(missed_table.insert(), rows)
    model.Session.commit()
    assert thin(Retention(missed_query_days=30), now)["missed_queries"] == 2
    left = model.Session.execute(missed_table.select()).all()
    assert {row.text for row in left} == {"0 天前", "29 天前"}
    assert thin(Retention(missed_query_days=30), now)["missed_queries"] == 0


def test_what_was_thinned_while_it_stood_goes_when_it_is_superseded(department: Department) -> None:
    from harvesters.retention import Retention
    from harvesters.thinning import thin

    rule, later = Retention(days=1, runs=1), datetime.now(UTC) + timedelta(days=9)
    department.harvest(*ROWS)
    department.harvest(*ROWS)
    assert thin(rule, later)["records"] == 0
    department.harvest(ROWS[0] | {"更新周期": "每日"}, *ROWS[1:])
    assert thin(rule, later)["records"] == 1
    assert scalar("SELECT count(*) FROM govcn_harvest_raw") == 12


def test_how_headings_were_read_is_kept_also_of_a_run_that_dies(department: Department, monkeypatch: Any) -> None:
    from harvesters.portal import CkanSession

    class KilledError(Exception):
        pass

    def died(*_: Any) -> None:
        raise KilledError

    monkeypatch.setattr(CkanSession, "close", died)
    with pytest.raises(KilledError):
        department.harvest(*ROWS)
    monkeypatch.undo()
    department.harvest(*ROWS)
    record = ask(member(department.owner, "member")["name"], "数据集0")
    assert {each["heading"]: each["field"] for each in record["lines"]}["信息资源名称"] == "title"
