"""Requests on the real database: the whole ways, who sees what, what never gets through. Names are made up."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from freezegun import freeze_time
from integration.making import call
from integration.request.asking import DEMAND, ERROR, PUBLIC_TITLE, REFUSAL, World
from sqlalchemy.exc import DBAPIError

pytestmark = pytest.mark.usefixtures("clean")
AUDITED = "SELECT event->>'event', event->>'outcome' FROM govcn_audit WHERE event->>'subject' = :id ORDER BY number"
CANARIES = (DEMAND["title"], DEMAND["scenario"], ERROR["text"], REFUSAL["reason"])


def texts_of(where: str) -> str:
    """Everything a table holds, as text."""
    return "\n".join(model.Session.execute(sa.text(f"SELECT t::text FROM {where} t")).scalars())  # noqa: S608


def public(world: World, who: str = "anonymous") -> list[dict[str, Any]]:
    return world.as_(who, "govcn_request_public_list")["results"]


def test_a_demand_goes_all_its_way_and_is_disputed_once(world: World) -> None:
    draft = world.draft()
    assert (draft["state"], draft["events"], draft["editable"]) == ("draft", ["submit", "withdraw"], True)
    request = world.act("asker", draft, "submit")
    world.act("bureau", request, "ask_completion", reason="请写明数据项")
    world.as_("asker", "govcn_request_update", id=request["id"], items="名称、地址、经纬度")
    assert world.act("asker", request, "submit")["state"] == "completed"
    assert public(world) == []
    given = {"department": world.other["id"], "public_title": PUBLIC_TITLE}
    assert world.act("bureau", request, "assign", **given)["state"] == "assigned"
    world.act("other", request, "hand_back", reason="不属于本部门职责")
    world.act("bureau", request, "assign", **given | {"department": world.owner["id"]})
    with pytest.raises(tk.ObjectNotFound):
        world.as_("other", "govcn_request_show", id=request["id"])
    for wrong in (REFUSAL | {"basis": " "}, REFUSAL | {"reason": ""}, REFUSAL | {"reason_class": "other"}):
        with pytest.raises(tk.ValidationError):
            world.act("owner", request, "refuse", **wrong)
    assert world.act("owner", request, "refuse", **REFUSAL)["state"] == "answered"
    world.act("asker", request, "dispute", reason="同类数据已在别处开放")
    world.act("bureau", request, "answer_again", reason="请重新研究", department=world.owner["id"])
    again = world.act("owner", request, "will_open", promised_on="2027-06-30", promised_level="conditional")
    assert (again["state"], again["events"]) == ("closed", [])
    with pytest.raises(tk.ValidationError):
        world.act("asker", request, "dispute", reason="仍不认可")
    [row] = public(world)
    assert (row["title"], row["outcome"], row["promised_on"]) == (PUBLIC_TITLE, "will_open", "2027-06-30")
    assert row["department"] == world.owner["title"]


def test_an_answer_names_a_public_dataset_of_its_level_and_a_closed_one_is_as_none(world: World) -> None:
    request = world.demand("assigned")
    said = set()
    for event, dataset in (
        ("opened", world.datasets["none"]["id"]),
        ("opened", world.datasets["none"]["name"]),
        ("opened", "no-such-dataset"),
        ("by_application", world.datasets["none"]["id"]),
        ("opened", world.datasets["conditional"]["id"]),
        ("by_application", world.datasets["unconditional"]["id"]),
    ):
        with pytest.raises(tk.ValidationError) as refused:
            world.act("owner", request, event, dataset=dataset)
        said.add(json.dumps(refused.value.error_dict, ensure_ascii=False))
    assert len(said) == 1
    address = f"https://example.org/dataset/{world.datasets['conditional']['name']}"
    answered = world.act("owner", request, "by_application", dataset=address)
    assert answered["steps"][-1]["dataset"]["name"] == world.datasets["conditional"]["name"]
    assert public(world)[0]["dataset"]["name"] == world.datasets["conditional"]["name"]
    model.Session.execute(
        sa.text('UPDATE package SET extras = extras || \'{"open_type": "none"}\', private = true WHERE id = :id'),
        {"id": world.datasets["conditional"]["id"]},
    )
    model.Session.commit()
    assert public(world)[0]["dataset"] is None
    assert world.as_("asker", "govcn_request_show", id=request["id"])["steps"][-1]["dataset"] is None


def test_a_closed_dataset_has_no_errors_to_report_for_anybody(world: World) -> None:
    for who in ("asker", "owner", "bureau", "sysadmin"):
        for dataset_id in (world.datasets["none"]["id"], world.datasets["none"]["name"], "no-such-dataset"):
            with pytest.raises(tk.ObjectNotFound, match="没有这个公开的数据集"):
                world.as_(who, "govcn_request_create", kind="correction", dataset_id=dataset_id, **ERROR)


def test_the_title_of_a_dataset_that_was_closed_is_for_its_department_and_the_bureau(world: World) -> None:
    report, title = world.report(), world.datasets["unconditional"]["title"]
    world.act("bureau", report, "assign", reason="请核实", department=world.other["id"])
    assert world.as_("asker", "govcn_request_show", id=report["id"])["title"] == title
    model.Session.execute(
        sa.text("UPDATE package SET private = true WHERE id = :id"), {"id": world.datasets["unconditional"]["id"]}
    )
    model.Session.commit()
    for who, read in (("asker", ""), ("other", ""), ("bureau", title)):
        assert world.as_(who, "govcn_request_show", id=report["id"])["title"] == read
        assert [row["title"] for row in world.as_(who, "govcn_request_list", which="all")["results"]] == [read]


def test_what_cannot_be_stored_or_understood_is_refused_and_fails_nowhere(world: World, app: Any) -> None:
    request = world.demand("answered")
    for wrong in ("\0", "\ud800", f"{request['id']}\ud800"):
        for action in ("govcn_request_show", "govcn_request_support", "govcn_request_act"):
            with pytest.raises(tk.ObjectNotFound):
                world.as_("stranger", action, id=wrong, event="withdraw")
        with pytest.raises(tk.ObjectNotFound):
            world.as_("stranger", "govcn_request_create", kind="correction", dataset_id=wrong, **ERROR)
    for state in (["received"], {"a": 1}, 7):
        with pytest.raises(tk.ValidationError):
            world.as_("stranger", "govcn_request_list", state=state)
    with pytest.raises(tk.ValidationError):
        world.as_("stranger", "govcn_request_support", id=request["id"], support="foo")
    token = call("api_token_create", user=world.people["stranger"]["name"], name="t")["token"]
    app.get("/govcn/requests/%00", headers={"Authorization": token}, status=404)
    long_title = {"title": "长" * 1200, "id": world.datasets["unconditional"]["id"]}
    model.Session.execute(sa.text("UPDATE package SET title = :title WHERE id = :id"), long_title)
    model.Session.commit()
    assert len(world.report()["title"]) == 1000


def test_an_error_is_checked_and_corrected_and_its_reporter_told(world: World) -> None:
    report = world.report()
    assert (report["state"], report["department"]) == ("received", world.owner["title"])
    world.act("bureau", report, "supervise", reason="请尽快核实")
    world.act("owner", report, "start")
    with pytest.raises(tk.ValidationError):
        world.act("owner", report, "confirm")
    assert world.act("owner", report, "refer", reason="涉及两个部门")["state"] == "with_bureau"
    world.act("bureau", report, "assign", reason="请核实", department=world.other["id"])
    assert world.act("other", report, "correct", reason="已改为 120")["state"] == "corrected"
    told = [each["title"] for each in world.as_("asker", "govcn_notice_list")["results"]]
    assert told == ["校核纠错：已更正", "校核纠错：转数据主管部门", "校核纠错：开始核实"]
    urged = [each["title"] for each in world.as_("owner", "govcn_notice_list")["results"]]
    assert urged == ["校核纠错：督办", "校核纠错：提交"]
    assert public(world) == []


def test_who_sees_one_and_nobody_reads_who_asked(world: World) -> None:
    request, draft = world.demand("assigned"), world.draft()
    for who in ("stranger", "viewer", "other", "sysadmin"):
        for action, data in (
            ("govcn_request_show", {}),
            ("govcn_request_update", {"title": "x"}),
            ("govcn_request_act", {"event": "refuse", **REFUSAL}),
        ):
            with pytest.raises(tk.ObjectNotFound):
                world.as_(who, action, id=request["id"], **data)
        assert world.as_(who, "govcn_request_list", which="all")["count"] == 0
    for who in ("bureau", "owner"):
        seen = world.as_(who, "govcn_request_show", id=request["id"])
        assert world.people["asker"]["id"] not in json.dumps(seen)
        assert world.people["asker"]["name"] not in json.dumps(seen)
        with pytest.raises(tk.ObjectNotFound):
            world.as_(who, "govcn_request_show", id=draft["id"])
    own = world.as_("asker", "govcn_request_show", id=request["id"])
    assert [step["user_id"] for step in own["steps"]] == [world.people["asker"]["id"], None]
    for action in ("govcn_request_create", "govcn_request_list", "govcn_request_support"):
        with pytest.raises(tk.NotAuthorized):
            world.as_("anonymous", action)


def test_who_asks_never_decides_over_the_api_either(world: World) -> None:
    report = world.report(who="owner")
    for event, given in (("start", {}), ("refer", {"reason": "x"})):
        with pytest.raises(tk.NotAuthorized):
            world.act("owner", report, event, **given)
    own = world.act("bureau", world.draft(who="bureau"), "submit")
    with pytest.raises(tk.NotAuthorized):
        world.act("bureau", own, "decline", reason="x")
    assert world.as_("bureau", "govcn_request_list", which="waiting")["count"] == 0


def test_the_public_list_says_nothing_of_persons_and_others_say_that_they_need_it(world: World) -> None:
    request, unread = world.demand("answered"), world.demand("received")
    for who in ("stranger", "other", "stranger"):
        world.as_(who, "govcn_request_support", id=request["id"])
    [row] = public(world, "stranger")
    assert (row["title"], row["outcome"], row["reason_class"]) == (PUBLIC_TITLE, "refuse", REFUSAL["reason_class"])
    assert row["basis"] == ""
    assert (row["supporters"], row["supported"], public(world)[0]["supported"]) == (2, True, False)
    assert set(row) == {
        "id", "title", "month", "department", "state", "outcome", "reason_class", "basis", "promised_on",
        "promised_level", "dataset", "supporters", "supported",
    }  # fmt: skip
    assert len(row["month"]) == len("2026-11")
    told = json.dumps(row, ensure_ascii=False)
    assert not any(secret in told for secret in (*CANARIES, world.people["asker"]["id"], world.people["asker"]["name"]))
    assert world.as_("stranger", "govcn_request_support", id=request["id"], support=False)["supporters"] == 1
    with pytest.raises(tk.ValidationError):
        world.as_("asker", "govcn_request_support", id=request["id"])
    with pytest.raises(tk.ObjectNotFound):
        world.as_("stranger", "govcn_request_support", id=unread["id"])
    # what the department wrote is public once the bureau has read it
    world.act("asker", request, "dispute", reason="不认可")
    assert public(world)[0]["basis"] == ""
    world.act("bureau", request, "uphold", reason="维持")
    assert public(world)[0]["basis"] == REFUSAL["basis"]


def test_every_step_and_refusal_is_a_line_of_the_log_without_what_was_written(world: World) -> None:
    request = world.demand("answered")
    with pytest.raises(tk.NotAuthorized):
        world.act("bureau", request, "accept")
    lines = model.Session.execute(sa.text(AUDITED), {"id": request["id"]}).all()
    assert [tuple(line) for line in lines] == [
        ("demand.submit", "done"), ("demand.assign", "done"), ("demand.refuse", "done"), ("demand.accept", "refused"),
    ]  # fmt: skip
    for where in ("govcn_audit", "govcn_notice"):
        assert not any(canary in texts_of(where) for canary in CANARIES)


def test_what_no_page_lets_through_the_database_refuses(world: World) -> None:
    request = world.demand("assigned")
    add = (
        "INSERT INTO govcn_request_step (request_id, event, from_state, to_state, role, reason, reason_class, basis) "
        "VALUES (:id, :event, 'a', 'b', 'department', :reason, :class, :basis)"
    )
    whole = {"id": request["id"], "event": "refuse", "reason": "x", "class": "law", "basis": "y"}
    statements = [(add, whole | {"basis": " "}), (add, whole | {"reason": ""}), (add, whole | {"class": ""})]
    statements += [(add, whole | {"event": "confirm", "reason": " "}), (add, whole | {"event": "will_open"})]
    statements += [("UPDATE govcn_request_step SET reason = 'x'", {}), ("DELETE FROM govcn_request_step", {})]
    statements += [("TRUNCATE govcn_request_step", {})]
    for statement, values in statements:
        with pytest.raises(DBAPIError):
            model.Session.execute(sa.text(statement), values)
        model.Session.rollback()


def test_how_many_and_how_often(world: World, monkeypatch: Any, ckan_config: Any) -> None:
    from ckanext.govcn.limit import counting
    from ckanext.govcn.limit.windows import Limit
    from ckanext.govcn.request import form

    whose = world.people["asker"]["id"]
    counting.forget(Limit("request_correction", 2, 60), whose)
    monkeypatch.setitem(ckan_config, "ckanext.govcn.request.limit", 2)
    monkeypatch.setitem(ckan_config, "ckanext.govcn.request.limit_seconds", 60)
    world.report()
    world.report()
    with pytest.raises(tk.ValidationError) as refused:
        world.report()
    assert list(refused.value.error_dict) == ["limit"]
    monkeypatch.setitem(ckan_config, "ckanext.govcn.request.limit", 0)
    world.report()
    for _ in range(form.forms().open_requests - 3):
        world.report()
    with pytest.raises(tk.ValidationError) as many:
        world.report()
    assert list(many.value.error_dict) == ["kind"]
    counting.forget(Limit("request_support", 1, 60), world.people["stranger"]["id"])
    monkeypatch.setitem(ckan_config, "ckanext.govcn.request.support_limit", 1)
    demand = world.demand("assigned")
    world.as_("stranger", "govcn_request_support", id=demand["id"])
    with pytest.raises(tk.ValidationError) as often:
        world.as_("stranger", "govcn_request_support", id=demand["id"], support=False)
    assert list(often.value.error_dict) == ["limit"]
    for wrong in ({"error_kind": "x"}, {"text": "身份证 11010519491231002X"}, {"text": ""}):
        with pytest.raises(tk.ValidationError):
            world.report(who="stranger", **wrong)


def test_the_unverified_draft_and_report_but_do_not_submit(world: World, monkeypatch: Any, ckan_config: Any) -> None:
    monkeypatch.setitem(ckan_config, "ckanext.govcn.application.identity", "required")
    with pytest.raises(tk.ValidationError) as refused:
        world.act("asker", world.draft(), "submit")
    assert list(refused.value.error_dict) == ["identity"]
    assert world.report()["state"] == "received"


def test_queues_reminders_and_the_end_of_the_time_to_dispute(world: World) -> None:
    from ckanext.govcn.request import deadlines, steps

    with freeze_time("2026-09-28 02:00:00"):
        report, request = world.report(), world.demand("answered")
        [row] = world.as_("owner", "govcn_request_list", which="waiting")["results"]
        assert (row["id"], row["deadline"]["due"], row["deadline"]["verified"]) == (report["id"], "2026-10-10", True)
        assert request["disputable_until"] == "2026-10-13"
    with freeze_time("2026-10-08 02:00:00"):
        assert deadlines.remind() == 1
        assert deadlines.remind() == 0
        assert world.as_("bureau", "govcn_notice_list")["results"][0]["title"] != "校核纠错办理期限：2026-10-10"
    with freeze_time("2026-10-12 02:00:00"):
        assert deadlines.remind() == 1
        assert world.as_("bureau", "govcn_notice_list")["results"][0]["title"] == "校核纠错办理期限：2026-10-10"
        late = world.as_("bureau", "govcn_request_show", id=report["id"])["deadline"]
        assert (late["state"], late["overdue"]) == ("overdue", 1)
    with freeze_time("2026-10-13 15:30:00"):
        assert steps.close_answered() == 0
    with freeze_time("2026-10-13 16:30:00"):
        assert "dispute" not in world.as_("asker", "govcn_request_show", id=request["id"])["events"]
        with pytest.raises(tk.ValidationError) as late_dispute:
            world.act("asker", request, "dispute", reason="不认可")
        assert list(late_dispute.value.error_dict) == ["time"]
        assert (steps.close_answered(), steps.close_answered()) == (1, 0)
    closed = world.as_("asker", "govcn_request_show", id=request["id"])
    assert (closed["state"], closed["steps"][-1]["role"]) == ("closed", "clock")


def test_the_pages(world: World, app: Any) -> None:
    tokens = {
        who: {"Authorization": call("api_token_create", user=world.people[who]["name"], name="t")["token"]}
        for who in ("asker", "stranger", "owner", "bureau")
    }
    dataset = world.datasets["unconditional"]["name"]
    assert f"/govcn/requests/correct?dataset={dataset}" in app.get(f"/dataset/{dataset}").body
    assert "/govcn/requests/new?q=" in app.get("/dataset/", query_string={"q": "停电申办金丝雀"}).body
    # what is not there and what is closed is the same page
    pages = [app.get(f"/dataset/{name}", status=404).body for name in (world.datasets["none"]["name"], "no-such")]
    assert ["/govcn/requests/new" in page for page in pages] == [True, True]
    for name in (world.datasets["none"]["name"], "no-such-dataset"):
        app.get(f"/govcn/requests/correct?dataset={name}", headers=tokens["owner"], status=404)
    for path in ("/govcn/requests", "/govcn/requests/new?q=a", f"/govcn/requests/correct?dataset={dataset}"):
        assert "/user/login" in app.get(path, follow_redirects=False).headers["Location"]
    request = world.draft(title="<script>alert(1)</script>")
    world.act("asker", request, "submit")
    page = app.get(f"/govcn/requests/{request['id']}", headers=tokens["asker"])
    assert "<script>alert(1)" not in page.body
    assert "&lt;script&gt;alert(1)" in page.body
    assert "no-store" in page.headers["Cache-Control"]
    assert app.get(f"/govcn/requests/{request['id']}", headers=tokens["stranger"], status=404)
    assert request["id"] in app.get("/govcn/requests", headers=tokens["bureau"]).body
    assert request["id"] not in app.get("/govcn/requests?which=all", headers=tokens["owner"]).body
    assert "公开的数据需求" in app.get("/govcn/demands").body
    made = {"Authorization": tokens["asker"]["Authorization"]}
    app.post(f"/govcn/requests/correct?dataset={dataset}", data=ERROR, headers=made)
    assert world.as_("owner", "govcn_request_list", which="waiting", kind="correction")["count"] == 1
    english = app.get(f"/en/govcn/requests/correct?dataset={dataset}", headers=tokens["asker"]).body
    assert "Report an error" in english
