"""The ledger on the real database: the whole way, who sees what, what never gets through. Names and codes are made up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from freezegun import freeze_time
from integration.sharing.asking import ANSWERS, REFUSAL, World
from sqlalchemy.exc import DBAPIError

pytestmark = [pytest.mark.usefixtures("clean"), pytest.mark.ckan_config("ckanext.govcn.sharing", "true")]


def rows_of(where: str) -> list[str]:
    """Everything a table holds, as text."""
    return list(model.Session.execute(sa.text(f"SELECT t::text FROM {where} t")).scalars())  # noqa: S608


def audited(request: dict[str, Any]) -> list[tuple[str, str]]:
    query = sa.text("SELECT event FROM govcn_audit WHERE event->>'subject' = :id ORDER BY number")
    return [
        (line["event"].removeprefix("sharing."), line["outcome"])
        for line in model.Session.execute(query, {"id": request["id"]}).scalars()
    ]


def test_the_straight_way_and_what_is_told_of_it(world: World) -> None:
    request = world.ask()
    assert (request["state"], request["share_type"], request["editable"]) == ("draft", "2", True)
    assert request["title"] == world.conditional["title"]
    world.act("asking", request, "submit")
    world.act("providing", request, "ask_correction", reason="请写明条款")
    world.as_("asking", "govcn_sharing_update", id=request["id"], basis="《示例条例》第三条第二款")
    world.act("asking", request, "submit")
    longer = world.act("bureau", request, "extend", reason="数据量大", days=10)
    assert (longer["state"], longer["deadline"]["days"], longer["deadline"]["verified"]) == ("completed", 20, False)
    with pytest.raises(tk.ValidationError):
        world.act("bureau", request, "extend", reason="再延长", days=1)
    world.act("providing", request, "approve")
    given = world.act("providing", request, "provide", delivered_on="2026-01-05", way="共享平台接口")
    assert (given["state"], given["steps"][-1]["delivered_on"]) == ("provided", "2026-01-05")
    world.act("asking", request, "confirm")
    done = world.act("asking", request, "end", reason="业务结束，数据已删除")
    assert (done["state"], done["events"], done["deadline"]) == ("ended", [], None)
    events = ["submit", "ask_correction", "submit", "extend", "approve", "provide", "confirm", "end"]
    assert [step["event"] for step in done["steps"]] == events
    assert [each for each in audited(request) if each[1] == "done"] == [(each, "done") for each in ["create", *events]]
    told = "\n".join(rows_of("govcn_notice") + rows_of("govcn_audit"))
    assert f"/govcn/sharing/{request['id']}" in told
    assert all(
        text not in told for text in ("金丝雀", "请写明条款", "数据量大", "共享平台接口", world.conditional["title"])
    )
    _a_refusal_and_its_three_levels(world)


def _a_refusal_and_its_three_levels(world: World) -> None:
    request = world.act("asking", world.ask(), "submit")
    for wrong in ({}, {"reason": "x"}, REFUSAL | {"basis": " "}, {"reason": "x", "reason_class": "material"}):
        with pytest.raises(tk.ValidationError):
            world.act("providing", request, "refuse", **wrong)
    world.act("providing", request, "refuse", **REFUSAL)
    with pytest.raises(tk.ValidationError):
        world.act("asking", request, "dispute", reason="应当共享")
    opened = world.act("asking", request, "dispute", reason="应当共享", days=5)
    assert (opened["state"], opened["deadline"]["days"]) == ("negotiation", 5)
    world.act("providing", request, "coordinate", reason="各执一词", days="10")
    assert world.show("bureau", request)["events"] == ["appeal", "settle", "uphold"]
    world.act("bureau", request, "uphold", reason="不提供", basis="《示例法》第五条")
    world.act("asking", request, "appeal", reason="不服协调", days=20)
    settled = world.act("bureau", request, "settle", reason="示例市政府〔2026〕1号：应当提供")
    assert (settled["state"], settled["deadline"]["days"]) == ("agreed", 20)


def test_nobody_else_sees_it_and_nothing_gives_data(world: World) -> None:
    from ckanext.govcn.access import rules

    draft = world.ask()
    request = world.act("asking", world.ask(scope="窗口二"), "submit")
    for who in ("providing", "bureau"):
        with pytest.raises(tk.ObjectNotFound):
            world.show(who, draft)
        assert world.as_(who, "govcn_sharing_list", which="all")["count"] == 1
    for action, data in (
        ("govcn_sharing_show", {}), ("govcn_sharing_update", {"scope": "x"}),
        ("govcn_sharing_act", {"event": "approve"}), ("govcn_sharing_act", {"event": "withdraw"}),
    ):  # fmt: skip
        for who in ("other", "unconfirmed"):
            with pytest.raises(tk.ObjectNotFound):
                world.as_(who, action, id=request["id"], **data)
        for who in ("stranger", "viewer", "sysadmin", "anonymous"):
            with pytest.raises(tk.NotAuthorized):
                world.as_(who, action, id=request["id"], **data)
    assert world.as_("other", "govcn_sharing_list", which="all") == {"count": 0, "results": []}
    # who asks never decides; nor does a clerk of both, nor one department for the other
    for who in ("asking", "both", "bureau"):
        with pytest.raises(tk.NotAuthorized):
            world.act(who, request, "approve")
    with pytest.raises(tk.NotAuthorized):
        world.act("providing", request, "withdraw")
    assert world.as_("both", "govcn_sharing_list", which="waiting")["count"] == 1  # the draft, not the answer
    world.act("providing", request, "approve")
    given = world.act("providing", request, "provide", delivered_on="2026-01-05", way="接口")
    assert [step["user_id"] for step in given["steps"]] == [None, world.people["providing"]["id"]] + [
        world.people["providing"]["id"]
    ]
    assert rows_of("govcn_grant") == []
    what = rules.What(owner="o", open_type="none", share_type="2", status="published", dataset="d")
    assert rules.may_get_data(rules.Who("u"), what, channel=rules.SHARING).code == "not_open"
    _what_may_be_asked_for_and_by_whom(world)


def _what_may_be_asked_for_and_by_whom(world: World) -> None:
    with pytest.raises(tk.NotAuthorized):
        world.ask("unconfirmed")
    with pytest.raises(tk.ObjectNotFound):  # the catalogue does not show it: the same as one that does not exist
        world.ask(dataset_id=world.closed["name"])
    with pytest.raises(tk.ValidationError):
        world.ask("providing")  # of oneself
    with pytest.raises(tk.ValidationError):
        world.ask("both")  # for which of the two departments?
    with pytest.raises(tk.ValidationError):
        world.ask(dataset_id="", title="甲", provider=world.departments["unconfirmed"]["name"])
    request = world.in_words()
    assert (request["share_type"], request["dataset_id"]) == (None, None)
    given = {"reason": "不予共享", "reason_class": "purpose"}
    with pytest.raises(tk.ValidationError) as refused:
        world.act("providing", request, "refuse", **given)
    assert list(refused.value.error_dict) == ["basis"]
    step = sa.text(
        "INSERT INTO govcn_sharing_step (request_id, event, from_state, to_state, role, reason, reason_class) "
        "VALUES (:id, 'refuse', 'submitted', 'refused', 'provider', 'x', 'purpose')"
    )
    changes = [
        "UPDATE govcn_sharing_step SET reason = 'x'",
        "DELETE FROM govcn_sharing_step",
        "TRUNCATE govcn_sharing_step",
    ]
    for change in (step, *map(sa.text, changes)):
        with pytest.raises(DBAPIError):
            model.Session.execute(change, {"id": request["id"]} if change is step else {})
        model.Session.rollback()
    assert world.act("providing", request, "refuse", **given, basis="《示例法》第五条")["state"] == "refused"


def test_time_runs_out(world: World) -> None:
    from ckanext.govcn.sharing import deadlines, steps

    with freeze_time("2026-09-25 02:00:00") as clock:  # a Friday
        request = world.act("asking", world.ask(use_until="2026-12-31"), "submit")
        assert deadlines.remind() == 0
        due = world.show("asking", request)["deadline"]["due"]
        clock.move_to(f"{due} 02:00:00")
        assert [deadlines.remind(), deadlines.remind()] == [1, 0]
        assert world.as_("bureau", "govcn_sharing_list", which="overdue")["count"] == 0
        clock.tick(timedelta(days=4))
        assert deadlines.remind() == 1
        for who in ("bureau", "providing", "asking"):
            [late] = world.as_(who, "govcn_sharing_list", which="overdue")["results"]
            assert late["deadline"]["state"] == "overdue"
        assert world.as_("other", "govcn_sharing_list", which="overdue")["count"] == 0
        world.act("providing", request, "approve")
        world.act("providing", request, "provide", delivered_on="2026-09-26", way="接口")
        clock.move_to("2026-12-31 15:59:59")
        assert steps.expire_due() == 0
        clock.tick(timedelta(seconds=1))  # midnight in Beijing
        assert [steps.expire_due(), steps.expire_due()] == [1, 0]
        assert world.show("asking", request)["steps"][-1]["role"] == "clock"


def test_pages_carry_the_steps_out(world: World, app: Any) -> None:
    tokens = {who: world.token(who) for who in ("asking", "providing", "bureau", "other", "sysadmin", "stranger")}
    name = world.conditional["name"]
    page = app.get(f"/dataset/{name}", headers=tokens["asking"]).body
    assert f"/govcn/sharing/new?dataset={name}" in page
    assert "/govcn/sharing" not in app.get(f"/dataset/{name}", headers=tokens["sysadmin"]).body
    new = f"/govcn/sharing/new?dataset={name}"
    assert all(f'name="{field}"' in app.get(new, headers=tokens["asking"]).body for field in ANSWERS)
    wrong = app.post(new, headers=tokens["asking"], data=ANSWERS | {"use_until": "明年", "submit": "1"}).body
    assert "error-block" in wrong
    app.post(new, headers=tokens["asking"], data=ANSWERS | {"submit": "1"})
    [row] = world.as_("providing", "govcn_sharing_list", which="waiting")["results"]
    address = f"/govcn/sharing/{row['id']}"
    assert world.conditional["title"] in app.get("/govcn/sharing", headers=tokens["providing"]).body
    answer = app.post(
        f"{address}/act", headers=tokens["providing"], data={"event": "refuse", "reason": "留下的理由"}
    ).body
    assert "error-block" in answer
    assert "留下的理由" in answer
    app.post(f"{address}/act", headers=tokens["providing"], data={"event": "approve"})
    assert app.post(f"{address}/act", headers=tokens["asking"], data={"event": "provide"}, status=403)
    for who in ("asking", "providing", "bureau"):
        shown = app.get(address, headers=tokens[who], status=200)
        assert "no-store" in shown.headers["Cache-Control"]
        assert ANSWERS["basis"] in shown.body
    assert "Agreed, to be provided" in app.get(f"/en{address}", headers=tokens["bureau"]).body
    assert app.get(address, headers=tokens["other"], status=404)
    for who in ("sysadmin", "stranger"):
        assert app.get(address, headers=tokens[who], status=403)
    assert "/user/login" in app.get(address, follow_redirects=False).headers["Location"]
    listed = app.get("/api/3/action/govcn_sharing_list?which=received", headers=tokens["providing"]).json
    assert listed["result"]["count"] == 1
    _every_surface_is_registered(app)


def _every_surface_is_registered(app: Any) -> None:
    """Those of the ledger are there while it is switched on."""
    from ckan import logic
    from ckanext.govcn.access import surfaces

    logic.get_action("package_show")
    assert [name for name in logic._actions if name.startswith("govcn_sharing_")]
    assert not [name for name in logic._actions if not surfaces.find("action", name)]
    endpoints = {rule.endpoint for rule in app.flask_app.url_map.iter_rules()}
    assert {each for each in endpoints if each.startswith("govcn_sharing.")}
    assert not [name for name in endpoints if name.startswith("govcn_sharing.") and not surfaces.find("route", name)]
