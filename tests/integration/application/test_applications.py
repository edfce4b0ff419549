"""Applications on the real database: the whole way, who sees what, what never gets through. Names and codes are made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from ckan.tests.helpers import call_action
from freezegun import freeze_time
from integration.application.applying import ANSWERS, REFUSAL, World
from integration.making import COMPLETE, call, create, internal, publish
from sqlalchemy.exc import DBAPIError

pytestmark = pytest.mark.usefixtures("clean")


def texts_of(where: str) -> list[str]:
    """Everything a table holds, as text."""
    return list(model.Session.execute(sa.text(f"SELECT t::text FROM {where} t")).scalars())  # noqa: S608


def test_the_straight_way(world: World) -> None:
    draft = world.apply()
    assert (draft["state"], draft["events"], draft["editable"]) == ("draft", ["submit", "withdraw"], True)
    application = world.submit(draft)
    assert application["state"] == "formal_review"
    assert application["commitment_sha256"] == draft["texts"]["commitment"]["sha256"]
    assert world.act("bureau", application, "pass")["state"] == "owner_review"
    agreed = world.act("owner", application, "approve")
    assert agreed["state"] == "agreement"
    text = agreed["texts"]["agreement"]["text"]
    assert f"（{world.dataset['codes'][0]}）" in text
    assert all(value in text for name, value in ANSWERS.items() if name != "subject_kind")
    used = world.act("applicant", application, "sign", agreement=agreed["agreement_sha256"])
    assert (used["state"], bool(used["agreement_at"])) == ("in_use", True)
    assert world.act("applicant", application, "report", reason="上线了停车应用")["state"] == "reported"
    stopped = world.act("bureau", application, "suspend", reason="权利人通知")
    assert stopped["state"] == "suspended"
    assert world.act("colleague", application, "resume", reason="核实无碍")["state"] == "in_use"
    ended = world.act("owner", application, "terminate", reason="违反协议")
    assert (ended["state"], ended["events"]) == ("terminated", [])
    steps = [(step["event"], step["role"]) for step in ended["steps"]]
    assert steps == [
        ("submit", "applicant"), ("pass", "bureau"), ("approve", "owner"), ("sign", "applicant"),
        ("report", "applicant"), ("suspend", "bureau"), ("resume", "bureau"), ("terminate", "owner"),
    ]  # fmt: skip


def test_what_is_to_be_completed_is_told_once(world: World) -> None:
    application = world.until("formal_review")
    told = world.act("bureau", application, "ask_correction", reason="补充安全保障措施")
    assert told["state"] == "correction"
    world.as_("applicant", "govcn_application_update", id=application["id"], safeguards="加密、留痕、销毁")
    again = world.submit(world.as_("applicant", "govcn_application_show", id=application["id"]))
    assert (again["state"], again["safeguards"]) == ("second_review", "加密、留痕、销毁")
    with pytest.raises(tk.ValidationError):
        world.act("bureau", application, "ask_correction", reason="还要补充")
    assert world.act("bureau", application, "refuse", reason="仍不符合", reason_class="material")["state"] == "refused"


@pytest.mark.parametrize("missing", [*REFUSAL, "everything"])
def test_no_refusal_without_reason_or_basis(world: World, missing: str) -> None:
    application = world.until("owner_review")
    given = {} if missing == "everything" else {k: v for k, v in REFUSAL.items() if k != missing} | {missing: " "}
    with pytest.raises(tk.ValidationError):
        world.act("owner", application, "refuse", **given)
    assert world.act("owner", application, "refuse", **REFUSAL)["state"] == "refused"


def test_the_database_itself_takes_no_refusal_without_reason_and_no_second_correction(world: World) -> None:
    application = world.until("formal_review")
    insert = (
        "INSERT INTO govcn_application_step (application_id, event, from_state, to_state, role, reason, reason_class) "
    )
    values = "VALUES (:id, :event, 'owner_review', 'refused', 'owner', :reason, :class)"
    world.act("bureau", application, "ask_correction", reason="补充")
    for event, reason, class_ in (("refuse", " ", "law"), ("refuse", "理由", ""), ("ask_correction", "再补", "")):
        with pytest.raises(DBAPIError):
            model.Session.execute(
                sa.text(insert + values), {"id": application["id"], "event": event, "reason": reason, "class": class_}
            )
        model.Session.rollback()


def test_the_history_only_grows(world: World) -> None:
    application = world.until("formal_review")
    for change in ("UPDATE govcn_application_step SET reason = 'x'", "DELETE FROM govcn_application_step",
                   "TRUNCATE govcn_application_step"):  # fmt: skip
        with pytest.raises(DBAPIError):
            model.Session.execute(sa.text(change))
        model.Session.rollback()
    model.Session.execute(sa.text("DELETE FROM govcn_application WHERE id = :id"), {"id": application["id"]})
    left = sa.text("SELECT count(*) FROM govcn_application_step WHERE application_id = :id")
    assert model.Session.execute(left, {"id": application["id"]}).scalar() == 0
    model.Session.rollback()


def test_who_asks_never_decides(world: World) -> None:
    """An applicant who is of the bureau and of the department as well."""
    both = world.people["applicant"]
    for organization in (world.dataset["owner_org"], call("organization_show", id="data-bureau")["id"]):
        call("organization_member_create", id=organization, username=both["name"], role="admin")
    application = world.until("formal_review")
    for event, given in (("pass", {}), ("ask_correction", {"reason": "补充"})):
        with pytest.raises(tk.NotAuthorized):
            world.act("applicant", application, event, **given)
    world.act("bureau", application, "pass")
    for event, given in (("approve", {}), ("refuse", REFUSAL)):
        with pytest.raises(tk.NotAuthorized):
            world.act("applicant", application, event, **given)
    assert world.as_("applicant", "govcn_application_list", which="waiting")["count"] == 0


def test_one_person_does_not_review_and_decide_nor_stop_and_resume(world: World) -> None:
    clerk = world.people["bureau"]
    call("organization_member_create", id=world.dataset["owner_org"], username=clerk["name"], role="editor")
    application = world.until("owner_review")
    with pytest.raises(tk.NotAuthorized):
        world.act("bureau", application, "approve")
    agreed = world.act("owner", application, "approve")
    world.act("applicant", application, "sign", agreement=agreed["agreement_sha256"])
    world.act("owner", application, "suspend", reason="核查")
    with pytest.raises(tk.NotAuthorized):
        world.act("owner", application, "resume", reason="无碍")
    assert world.act("second", application, "resume", reason="无碍")["state"] == "in_use"


OUTSIDERS = ("anonymous", "stranger", "other", "viewer", "sysadmin")


def test_others_get_nothing_of_an_application(world: World) -> None:
    application = world.until("agreement")
    for who in OUTSIDERS:
        for action, data in (
            ("govcn_application_show", {}),
            ("govcn_application_update", {"purpose": "x"}),
            ("govcn_application_submit", {"commitment": "x"}),
            ("govcn_application_act", {"event": "pass"}),
            ("govcn_application_act", {"event": "terminate", "reason": "x"}),
            ("govcn_application_act", {"event": "sign", "agreement": application["agreement_sha256"]}),
        ):
            with pytest.raises((tk.ObjectNotFound, tk.NotAuthorized)) as refused:
                world.as_(who, action, id=application["id"], **data)
            assert "金丝雀" not in str(refused.value)
        if who == "anonymous":
            with pytest.raises(tk.NotAuthorized):
                world.as_(who, "govcn_application_list")
            continue
        for which in ("mine", "waiting", "all"):
            assert world.as_(who, "govcn_application_list", which=which) == {"count": 0, "results": []}
    for who in ("applicant", "owner", "second", "bureau", "colleague"):
        assert world.as_(who, "govcn_application_show", id=application["id"])["scenario"] == ANSWERS["scenario"]
    assert world.as_("stranger", "govcn_application_decision_list")["count"] == 1


def test_a_draft_is_the_applicants_alone_and_so_is_one_withdrawn_before_it_was_submitted(world: World) -> None:
    draft = world.apply()
    gone = world.act("applicant", world.apply(), "withdraw")
    for application in (draft, gone):
        for who in ("owner", "bureau", *OUTSIDERS):
            with pytest.raises((tk.ObjectNotFound, tk.NotAuthorized)):
                world.as_(who, "govcn_application_show", id=application["id"])
    assert world.as_("bureau", "govcn_application_list", which="all")["count"] == 0
    assert world.as_("applicant", "govcn_application_list")["count"] == 2


def test_the_applicant_reads_which_authority_acted_and_never_who(world: World) -> None:
    application = world.until("agreement")
    seen = world.as_("applicant", "govcn_application_show", id=application["id"])["steps"]
    assert [(step["role"], bool(step["user_id"])) for step in seen] == [
        ("applicant", True), ("bureau", False), ("owner", False)
    ]  # fmt: skip
    steps = world.as_("bureau", "govcn_application_show", id=application["id"])["steps"]
    assert all(step["user_id"] for step in steps)


def test_only_for_datasets_that_are_conditional_and_published(world: World) -> None:
    owner = world.dataset["owner_org"]
    for level in ("unconditional", "none"):
        dataset = publish(create(internal(), **COMPLETE | {"owner_org": owner, "open_type": level}), level)
        with pytest.raises((tk.ValidationError, tk.ObjectNotFound)):
            world.apply(dataset_id=dataset["id"])
    unpublished = create(internal(), **COMPLETE | {"owner_org": owner, "open_type": "conditional"})
    with pytest.raises(tk.ObjectNotFound):
        world.apply(dataset_id=unpublished["id"])
    with pytest.raises(tk.ObjectNotFound):
        world.apply(dataset_id="no-such-dataset")


def test_when_the_dataset_is_closed_nothing_leads_to_data_and_its_new_title_stays_hidden(world: World) -> None:
    application = world.until("agreement")
    call_action("package_patch", internal(), id=world.dataset["id"], open_type="none", title="新的标题金丝雀")
    with pytest.raises(tk.ValidationError):
        world.act("applicant", application, "sign", agreement=application["agreement_sha256"])
    seen = world.as_("applicant", "govcn_application_show", id=application["id"])
    assert "新的标题金丝雀" not in json.dumps(seen, ensure_ascii=False)
    assert "sign" not in seen["events"]
    assert world.as_("anonymous", "govcn_application_decision_list")["count"] == 0
    assert world.act("owner", application, "terminate", reason="不再开放")["state"] == "terminated"


def test_what_is_accepted_is_what_is_there(world: World) -> None:
    draft = world.apply()
    for commitment in ("", "0" * 64, "true"):
        with pytest.raises(tk.ValidationError):
            world.as_("applicant", "govcn_application_submit", id=draft["id"], commitment=commitment)
    application = world.until("agreement")
    for agreement in ("", "0" * 64, application["commitment_sha256"]):
        with pytest.raises(tk.ValidationError):
            world.act("applicant", application, "sign", agreement=agreement)


def test_a_draft_may_lack_much_and_a_submission_nothing(world: World) -> None:
    draft = world.as_("applicant", "govcn_application_create", dataset_id=world.dataset["name"])
    with pytest.raises(tk.ValidationError) as refused:
        world.submit(draft)
    assert {"subject_kind", "scenario", "purpose", "use_until"} <= set(refused.value.error_dict)
    for wrong in ({"purpose": "x" * 1001}, {"subject_uscc": "123"}, {"scope": "号码 11010519491231002X"}):
        with pytest.raises(tk.ValidationError):
            world.as_("applicant", "govcn_application_update", id=draft["id"], **wrong)


def test_steps_have_limits_and_take_no_identity_numbers(world: World) -> None:
    application = world.until("formal_review")
    for reason in ("字" * 2001, "号码 11010519491231002X"):
        with pytest.raises(tk.ValidationError):
            world.act("bureau", application, "ask_correction", reason=reason)
    for event in ("no_such_event", "expire", "", ["pass"]):
        with pytest.raises((tk.ValidationError, tk.NotAuthorized)):
            world.act("bureau", application, event)  # type: ignore[arg-type]


def test_one_person_has_a_limited_number_of_applications(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from ckanext.govcn.application import form

    few = replace(form.form(), open_applications=2)
    monkeypatch.setattr(form, "form", lambda: few)
    first = world.apply()
    world.apply()
    with pytest.raises(tk.ValidationError):
        world.apply()
    world.act("applicant", first, "withdraw")
    assert world.apply()


def test_what_has_lasted_its_time_expires(world: World) -> None:
    from ckanext.govcn.application import steps

    used, agreed, waiting = world.until("in_use"), world.until("agreement"), world.until("owner_review")
    assert steps.expire_due() == 0
    last = steps.today() + timedelta(days=365)
    with freeze_time(f"{last.isoformat()} 12:00:00"):
        assert steps.expire_due() == 0
    with freeze_time(f"{last.isoformat()} 16:00:01"):  # midnight in Beijing
        assert steps.expire_due() == 2
        assert steps.expire_due() == 0
    for application, state in ((used, "expired"), (agreed, "expired"), (waiting, "owner_review")):
        seen = world.as_("applicant", "govcn_application_show", id=application["id"])
        assert seen["state"] == state
    assert world.as_("applicant", "govcn_application_show", id=used["id"])["steps"][-1]["role"] == "clock"


def test_the_public_list_names_nobody(world: World) -> None:
    agreed, refused = world.until("in_use"), world.until("owner_review")
    world.act("owner", refused, "refuse", **REFUSAL)
    world.until("owner_review")
    listed = world.as_("anonymous", "govcn_application_decision_list")
    assert listed["count"] == 2
    assert [(row["outcome"], row["reason_class"], row["subject_kind"]) for row in listed["results"]] == [
        ("approve", "", "legal_entity"), ("refuse", "law", "legal_entity")
    ]  # fmt: skip
    for row in listed["results"]:
        assert set(row) == {
            "dataset_id", "dataset_name", "dataset_title", "month", "subject_kind", "outcome", "reason_class"
        }  # fmt: skip
        assert len(row["month"]) == len("2026-11")
    said = json.dumps(listed, ensure_ascii=False)
    for hidden in (
        *ANSWERS.values(),
        REFUSAL["reason"],
        REFUSAL["basis"],
        agreed["id"],
        world.people["applicant"]["id"],
    ):
        assert hidden == "legal_entity" or hidden not in said


def test_queues(world: World) -> None:
    formal, deciding = world.until("formal_review"), world.until("owner_review")

    def waiting(who: str) -> set[str]:
        return {row["id"] for row in world.as_(who, "govcn_application_list", which="waiting")["results"]}

    assert waiting("bureau") == {formal["id"]}
    assert waiting("owner") == {deciding["id"]}
    assert waiting("applicant") == set()
    assert world.as_("bureau", "govcn_application_list", which="all", state="owner_review")["count"] == 1
    for wrong in ({"which": "theirs"}, {"state": "nowhere"}, {"limit": "-1"}):
        with pytest.raises(tk.ValidationError):
            world.as_("bureau", "govcn_application_list", **wrong)


def test_deadlines_are_shown_and_reminded_of(world: World) -> None:
    from ckanext.govcn.application import deadlines

    with freeze_time("2026-09-01 02:00:00"):  # a Tuesday: 5 working days end on the 8th
        application = world.until("formal_review")
    with freeze_time("2026-09-02 02:00:00"):
        assert deadlines.remind() == 0
        [row] = world.as_("bureau", "govcn_application_list", which="waiting")["results"]
        assert (row["deadline"]["due"], row["deadline"]["state"], row["deadline"]["left"]) == (
            "2026-09-08",
            "running",
            4,
        )
    with freeze_time("2026-09-04 02:00:00"):
        assert deadlines.remind() == 1
        assert deadlines.remind() == 0
    with freeze_time("2026-09-10 02:00:00"):
        assert deadlines.remind() == 1
        seen = world.as_("applicant", "govcn_application_show", id=application["id"])["deadline"]
        assert (seen["state"], seen["overdue"]) == ("overdue", 2)
    assert len(texts_of("govcn_notice")) == 3


def test_time_stands_still_while_papers_are_completed(world: World) -> None:
    from ckanext.govcn.application import deadlines

    with freeze_time("2026-09-01 02:00:00"):
        application = world.until("formal_review")
        world.act("bureau", application, "ask_correction", reason="补充安全保障措施")
    with freeze_time("2026-09-21 02:00:00"):
        told = world.as_("applicant", "govcn_application_show", id=application["id"])
        assert told["deadline"]["state"] == "stopped"
        assert deadlines.remind() == 0
        again = world.submit(told)["deadline"]
        # 5 working days from the 22nd; 25 to 27 September are 中秋, the 20th before it was a working day
        assert (again["state"], again["due"]) == ("running", "2026-09-29")


def test_people_are_told_without_anything_of_the_application(world: World) -> None:
    def told(who: str) -> list[str]:
        return [notice["title"] for notice in world.as_(who, "govcn_notice_list")["results"]]

    world.act("applicant", world.apply(), "withdraw")
    assert told("bureau") == told("owner") == []
    application = world.until("formal_review")
    assert len(told("bureau")) == 1
    assert told("owner") == told("applicant") == []
    world.act("bureau", application, "pass")
    assert len(told("owner")) == len(told("applicant")) == 1
    world.act("owner", application, "refuse", **REFUSAL)
    assert len(told("applicant")) == 2
    assert told("stranger") == told("other") == []
    said = "".join(texts_of("govcn_notice"))
    for hidden in (*ANSWERS.values(), world.dataset["title"], REFUSAL["reason"]):
        assert hidden not in said


def test_every_step_and_every_refused_step_is_in_the_audit_log(world: World) -> None:
    def lines() -> list[dict[str, Any]]:
        query = sa.text("SELECT event FROM govcn_audit WHERE event->>'subject' = :id ORDER BY number")
        return list(model.Session.execute(query, {"id": application["id"]}).scalars())

    application = world.until("owner_review")
    with pytest.raises(tk.NotAuthorized):
        world.act("bureau", application, "approve")
    world.act("owner", application, "refuse", **REFUSAL)
    assert [(line["event"], line["outcome"]) for line in lines()] == [
        ("application.submit", "done"),
        ("application.pass", "done"),
        ("application.approve", "refused"),
        ("application.refuse", "done"),
    ]
    assert all(line["who"] for line in lines())
    said = json.dumps(lines(), ensure_ascii=False)
    for hidden in (*ANSWERS.values(), *REFUSAL.values()):
        assert hidden == "law" or hidden not in said


def test_tokens_and_pages(world: World, app: Any) -> None:
    tokens = {
        who: {"Authorization": call("api_token_create", user=user["name"], name="t")["token"]}
        for who, user in world.people.items()
    }
    asked = {"dataset_id": world.dataset["id"], **ANSWERS}
    made = app.post("/api/3/action/govcn_application_create", json=asked, headers=tokens["applicant"]).json["result"]
    address = f"/govcn/applications/{made['id']}"
    assert app.get("/govcn/applications", headers=tokens["applicant"]).body.count(made["id"])
    assert "停车诱导场景金丝雀" in app.get(f"{address}/edit", headers=tokens["applicant"]).body
    for who in OUTSIDERS[1:]:
        assert app.get(address, headers=tokens[who], status=404)
        assert app.get(f"{address}/edit", headers=tokens[who], status=404)
        assert made["id"] not in app.get("/govcn/applications?which=all", headers=tokens[who]).body
    assert "/user/login" in app.get(address, follow_redirects=False).headers["Location"]
    assert "/user/login" in app.get("/govcn/applications", follow_redirects=False).headers["Location"]
    assert app.get("/govcn/decisions", status=200)
    page = app.get(f"/dataset/{world.dataset['name']}").body
    assert f"/govcn/applications/new?dataset={world.dataset['name']}" in page
    form = app.get(f"/govcn/applications/new?dataset={world.dataset['name']}", headers=tokens["stranger"]).body
    assert all(f'name="{name}"' in form for name in (*ANSWERS, "use_until", "commitment"))
    assert app.get("/govcn/applications/new?dataset=nothing", headers=tokens["stranger"], status=404)


def test_pages_carry_the_steps_out(world: World, app: Any) -> None:
    from ckanext.govcn.application import steps

    tokens = {
        who: {"Authorization": call("api_token_create", user=world.people[who]["name"], name="t")["token"]}
        for who in ("applicant", "bureau", "owner")
    }
    post: Callable[..., Any] = app.post
    until = (steps.today() + timedelta(days=30)).isoformat()
    fields = ANSWERS | {"use_until": until, "dataset": world.dataset["name"], "submit": "1"}
    new = f"/govcn/applications/new?dataset={world.dataset['name']}"
    incomplete = post(new, headers=tokens["applicant"], data=fields | {"subject_uscc": "123"}).body
    assert "error-block" in incomplete
    assert ANSWERS["scenario"] in incomplete
    unaccepted = post(new, headers=tokens["applicant"], data=fields).body
    assert "error-block" in unaccepted
    [row] = world.as_("applicant", "govcn_application_list")["results"]
    assert row["state"] == "draft"
    address = f"/govcn/applications/{row['id']}"
    application = world.as_("applicant", "govcn_application_show", id=row["id"])
    accepted = {"commitment": application["texts"]["commitment"]["sha256"]}
    post(f"{address}/edit", headers=tokens["applicant"], data=fields | accepted)
    assert world.as_("bureau", "govcn_application_list", which="waiting")["count"] == 1
    post(f"{address}/act", headers=tokens["bureau"], data={"event": "pass"})
    refused = post(f"{address}/act", headers=tokens["owner"], data={"event": "refuse", "reason": "留下的理由"}).body
    assert "error-block" in refused
    assert "留下的理由" in refused
    assert post(f"{address}/act", headers=tokens["applicant"], data={"event": "approve"}, status=403)
    many = {"event": "approve", "quota": "许多", "rate": "5"}
    assert "应为正整数" in post(f"{address}/act", headers=tokens["owner"], data=many).body
    post(f"{address}/act", headers=tokens["owner"], data={"event": "approve", "quota": "500", "rate": "5"})
    page = app.get(address, headers=tokens["applicant"]).body
    assert "公共数据开放利用协议（第 3 版）" in page
    assert "使用期限内不超过 500 次，每分钟不超过 5 次" in page
    english = app.get(f"/en{address}", headers=tokens["applicant"]).body
    assert "Accept the agreement" in english
