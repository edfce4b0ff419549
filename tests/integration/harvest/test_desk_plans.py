"""Reviewing a plan at the desk: what is shown to whom, who may carry out what, what a form asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("clean")

SOURCE = "jiaotong"
ADDRESS = "http://10.0.0.7/geheim.xlsx"
MARKUP = "<img src=x onerror=alert(1)>"


def session() -> Any:
    from ckan import model

    return model.Session


def execute(statement: str, **values: Any) -> Any:
    import sqlalchemy as sa

    result = session().execute(sa.text(statement), values)
    session().commit()
    return result


@pytest.fixture
def people() -> dict[str, str]:
    """Editor and admin of the source's department, an editor of another one, a member of the bureau."""
    import ckan.plugins.toolkit as tk
    from ckan.tests import factories

    made = {name: factories.User() for name in ("editor", "admin", "stranger", "bureau")}
    roles = [{"name": made[name]["name"], "capacity": name} for name in ("editor", "admin")]
    own = factories.Organization(title="示例市交通运输局", users=roles)
    bureau = factories.Organization(users=[{"name": made["bureau"]["name"], "capacity": "admin"}])
    factories.Organization(users=[{"name": made["stranger"]["name"], "capacity": "editor"}])
    tk.config["ckanext.govcn.bureau"] = bureau["name"]
    execute("INSERT INTO govcn_harvest_source (name, owner_org) VALUES (:name, :org)", name=SOURCE, org=own["id"])
    return {name: each["name"] for name, each in made.items()} | {"organization": own["id"]}


@pytest.fixture
def run(people: dict[str, str]) -> int:
    """A run whose plan waits: one entry opens, one is in conflict, one comes with an address, one goes."""
    from integration.making import create, publish

    number = execute(
        "INSERT INTO govcn_harvest_run (source, state, plan, why) VALUES (:source, 'finished', 'waiting', 'w') "
        "RETURNING id", source=SOURCE,
    ).scalar_one()  # fmt: skip
    packages = {
        name: publish(create(owner_org=people["organization"], title=f"条目{name}"), "conditional")["id"]
        for name in ("opens", "conflict", "gone")
    }
    level = [{"field": "open_type", "old": "conditional", "theirs": "conditional", "new": "unconditional"}]
    edited = [
        {"field": "notes", "old": "旧摘要", "theirs": "人工摘要", "new": MARKUP, "conflict": True},
        {"field": "url", "old": "", "theirs": "", "new": ADDRESS, "conflict": False},
    ]
    entry = {"title": "新条目", "open_type": "conditional", "resources": [{"url": ADDRESS, "name": "表"}]}
    rows: list[tuple[str, str, bool, str, Any, Any]] = [
        ("r1", "changed", True, packages["opens"], level, {"owner": people["organization"]}),
        ("r/2=ä", "changed", False, packages["conflict"], edited, {"owner": people["organization"]}),
        ("r3", "added", False, "new-id", [], {"owner": people["organization"], "entry": entry}),
        ("r4", "removed", False, packages["gone"], [], {}),
    ]
    for remote_id, kind, opens, package, fields, planned in rows:
        execute(
            "INSERT INTO govcn_harvest_change (run_id, remote_id, kind, state, opens, package_id, fields, planned) "
            "VALUES (:run, :id, :kind, 'planned', :opens, :package, :fields, :planned)",
            run=number, id=remote_id, kind=kind, opens=opens, package=package, fields=json.dumps(fields),
            planned=json.dumps(planned),
        )  # fmt: skip
    return number


def ask(user: str, action: str, **data: Any) -> Any:
    from ckan.tests.helpers import call_action

    return call_action(f"govcn_harvest_{action}", {"user": user, "ignore_auth": False}, **data)


def headers(user: str) -> dict[str, str]:
    from ckan.tests import factories

    return {"Authorization": factories.APIToken(user=user)["token"]}


def test_what_has_to_be_looked_at_comes_first(people: dict[str, str], run: int) -> None:
    plan = ask(people["editor"], "plan_show", run=run)
    assert [each["remote_id"] for each in plan["results"]] == ["r1", "r4", "r3", "r/2=ä"]
    assert plan["counts"] == {
        "every": 4, "opens": 1, "move": 0, "conflict": 1, "removed": 1, "changed": 2, "added": 1, "waiting": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("only", "ids"), [("opens", ["r1"]), ("conflict", ["r/2=ä"]), ("removed", ["r4"]), ("added", ["r3"]), ("move", [])]
)
def test_filters(people: dict[str, str], run: int, only: str, ids: list[str]) -> None:
    plan = ask(people["editor"], "plan_show", run=run, show=only)
    assert [each["remote_id"] for each in plan["results"]] == ids
    assert plan["count"] == len(ids)


def test_addresses_are_for_members_and_not_for_the_bureau(people: dict[str, str], run: int) -> None:
    assert ADDRESS in json.dumps(ask(people["editor"], "plan_show", run=run))
    seen = ask(people["bureau"], "plan_show", run=run)
    assert ADDRESS not in json.dumps(seen)
    assert {each["title"] for each in seen["results"]} == {"条目opens", "条目conflict", "条目gone", "新条目"}


def test_the_page_escapes_and_says_who_may(app: Any, people: dict[str, str], run: int) -> None:
    body = app.get(f"/harvest/run/{run}/plan", headers=headers(people["editor"])).body
    assert MARKUP not in body
    assert "人工摘要" in body
    assert "开放程度提高的条目须由部门管理员或数据主管部门执行" in body
    assert "开放程度提高的条目须由部门管理员" not in app.get(
        f"/harvest/run/{run}/plan", headers=headers(people["bureau"])
    ).body
    app.get(f"/harvest/run/{run}/plan", headers=headers(people["stranger"]), status=404)


def decide(app: Any, user: str, run: int, **form: Any) -> list[dict[str, Any]]:
    app.post(f"/harvest/run/{run}/plan", data=form, headers=headers(user), follow_redirects=False)
    return ask(user, "job_list")


def test_selected_changes_and_choices_become_a_job(app: Any, people: dict[str, str], run: int) -> None:
    form = {"what": "selected", "entry": ["r3", "r/2=ä"], "choice/notes/r/2=ä": "theirs"}
    (job,) = decide(app, people["editor"], run, **form)
    assert job["kind"] == "apply"
    assert job["arguments"] == {"run": run, "only": ["r3", "r/2=ä"], "fields": [["r/2=ä", "notes", "theirs"]]}


def test_nothing_selected_is_no_job(app: Any, people: dict[str, str], run: int) -> None:
    assert decide(app, people["editor"], run, what="selected") == []


def test_rejecting_needs_a_reason(app: Any, people: dict[str, str], run: int) -> None:
    assert decide(app, people["editor"], run, what="reject") == []
    (job,) = decide(app, people["editor"], run, what="reject", reason="目录有误")
    assert (job["kind"], job["arguments"]) == ("reject", {"run": run, "reason": "目录有误"})


def test_many_selected_changes_are_one_job(app: Any, people: dict[str, str], run: int) -> None:
    """More than an index of the table could hold."""
    many = [f"{number:06d}" * 20 for number in range(100)]
    for _ in range(2):
        jobs = decide(app, people["editor"], run, what="selected", entry=many)
    assert len(jobs) == 1


def test_what_undoing_would_do(app: Any, people: dict[str, str], run: int) -> None:
    execute("UPDATE govcn_harvest_change SET state = 'applied', before = '{}' WHERE run_id = :run", run=run)
    assert ask(people["editor"], "undo_show", run=run) == {
        "withdraws": 1, "restores": 3, "later": None, "undo": None, "redo": None,
    }  # fmt: skip
    body = app.get(f"/harvest/run/{run}/undo", headers=headers(people["editor"])).body
    assert "确认撤回" in body
    app.post(f"/harvest/run/{run}/undo", headers=headers(people["editor"]), follow_redirects=False)
    assert [job["kind"] for job in ask(people["editor"], "job_list")] == ["undo"]
