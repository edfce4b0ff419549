"""Renewal, extension and stops of the period, suspension on a right holder's notice: on the real database, with the grant.
Everything is made up."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from freezegun import freeze_time
from integration.application.applying import REFUSAL, World
from integration.making import call
from sqlalchemy.exc import DBAPIError

pytestmark = pytest.mark.usefixtures("clean")
NOTICE = {
    "reason": "称停车场坐标含商业秘密，附有合同", "notice_on": "2026-01-05", "notice_by": "一家停车企业", "basis": "示例办法第十条",
}  # fmt: skip


def test_renewals(world: World, app: Any) -> None:
    """One world for all of it: making one takes longer than what is done in it."""
    a_renewal_moves_the_end_by_a_supplement_that_is_accepted(world)
    what_does_not_become_a_renewal_leaves_everything_as_it_was(world)
    the_page_of_a_renewal(world, app)


def test_suspensions_and_periods(world: World) -> None:
    a_grant_that_was_suspended_on_its_own_page_is_not_extended_and_not_resumed(world)
    a_right_holders_notice_suspends_at_once_and_says_so(world)
    the_period_is_extended_once_and_stands_still_while_others_are_asked(world)


def grant(world: World, application: dict[str, Any]) -> dict[str, Any]:
    return world.as_("owner", "govcn_grant_show", id=application["grant_id"])


def later(application: dict[str, Any], days: int) -> str:
    from ckanext.govcn.application.dates import day_of

    end = day_of(application["use_until"])
    assert end is not None
    return (end + timedelta(days=days)).isoformat()


def a_renewal_moves_the_end_by_a_supplement_that_is_accepted(world: World) -> None:
    used = world.until("in_use")
    before = grant(world, used)["until"]
    for wrong in (used["use_until"], "2000-01-01", "", "明年", later(used, 4000)):
        with pytest.raises(tk.ValidationError):
            world.act("applicant", used, "renew", reason="应用仍在运行", until=wrong)
    until = later(used, 90)
    asked = world.act("applicant", used, "renew", reason="应用仍在运行", until=until)
    assert (asked["state"], asked["renew_until"], asked["use_until"]) == ("renewal_check", until, used["use_until"])
    assert grant(world, used)["state"] == "in_force"
    with pytest.raises(tk.NotAuthorized):
        world.act("owner", asked, "pass")
    assert world.act("bureau", asked, "pass")["deadline"]["days"] == 15
    agreed = world.act("owner", asked, "approve_renewal")
    [supplement] = world.as_("applicant", "govcn_application_show", id=used["id"])["supplements"]
    assert (agreed["state"], supplement["use_until"], supplement["accepted_at"]) == ("renewal_agreement", until, None)
    assert until in supplement["text"]
    assert used["agreement_sha256"] in supplement["text"]
    assert grant(world, used)["until"] == before
    with pytest.raises(tk.ValidationError):  # the agreement that was accepted before is not the supplement
        world.act("applicant", used, "sign", agreement=used["agreement_sha256"])
    signed = world.act("applicant", used, "sign", agreement=supplement["sha256"])
    assert (signed["state"], signed["use_until"], signed["renew_until"]) == ("in_use", until, None)
    assert signed["agreement_sha256"] == used["agreement_sha256"]
    assert grant(world, used)["until"] > before
    # the form is what was applied for: a scan of it still says the same
    assert [each for each in signed["papers"] if each["paper"] == "form"] == [used["papers"][0]]
    printed = world.as_("owner", "govcn_application_paper_show", id=used["id"], paper="supplement", format="pdf")
    assert (printed["sha256"], base64.b64decode(printed["content"])[:4]) == (supplement["sha256"], b"%PDF")
    outcomes = {row["outcome"] for row in world.as_("anonymous", "govcn_application_decision_list")["results"]}
    assert {"approve", "approve_renewal"} <= outcomes
    with pytest.raises(DBAPIError):
        model.Session.execute(sa.text("UPDATE govcn_application_supplement SET use_until = '2099-01-01'"))
    model.Session.rollback()


def what_does_not_become_a_renewal_leaves_everything_as_it_was(world: World) -> None:
    used = world.until("in_use")
    before, until = grant(world, used)["until"], later(used, 30)
    world.act("applicant", used, "renew", reason="继续", until=until)
    assert world.act("applicant", used, "drop_renewal")["renew_until"] is None
    world.act("applicant", used, "renew", reason="继续", until=until)
    world.act("bureau", used, "pass")
    for given in ({}, {"reason": "理由"}, REFUSAL | {"basis": ""}):
        with pytest.raises(tk.ValidationError):
            world.act("owner", used, "refuse_renewal", **given)
    assert world.act("owner", used, "refuse_renewal", **REFUSAL)["state"] == "in_use"
    world.act("applicant", used, "renew", reason="继续", until=until)
    world.act("bureau", used, "pass")
    world.act("owner", used, "approve_renewal")
    seen = world.act("owner", used, "suspend", reason="核查")  # in the middle of it
    assert (seen["state"], seen["supplements"], grant(world, used)["until"]) == ("suspended", [], before)
    assert world.act("second", used, "resume", reason="无碍")["use_until"] == used["use_until"]


def a_grant_that_was_suspended_on_its_own_page_is_not_extended_and_not_resumed(world: World) -> None:
    used = world.until("in_use")
    given = grant(world, used)
    world.act("applicant", used, "renew", reason="继续", until=later(used, 30))
    world.act("bureau", used, "pass")
    world.act("owner", used, "approve_renewal")
    world.as_("owner", "govcn_grant_suspend", id=given["id"], reason="授权页面的中止")
    waiting = world.as_("applicant", "govcn_application_show", id=used["id"])
    with pytest.raises(tk.ValidationError):
        world.act("applicant", used, "sign", agreement=waiting["to_accept"])
    world.act("bureau", used, "suspend", reason="申请页面的中止")
    resumed = world.act("colleague", used, "resume", reason="核实无碍")
    assert (resumed["state"], resumed["grant_state"]) == ("in_use", "suspended")
    world.as_("second", "govcn_grant_resume", id=given["id"], reason="核实无碍")
    # and its own suspension the application lifts
    world.act("bureau", used, "suspend", reason="申请页面的中止")
    assert grant(world, used)["state"] == "suspended"
    assert world.act("colleague", used, "resume", reason="核实无碍")["grant_state"] == "in_force"
    # which the grant's page never lifts: the application has a rule of its own for who may
    world.act("bureau", used, "suspend", reason="申请页面的中止")
    with pytest.raises(tk.ValidationError):
        world.as_("second", "govcn_grant_resume", id=given["id"], reason="核实无碍")
    assert grant(world, used)["state"] == "suspended"
    assert world.act("colleague", used, "resume", reason="核实无碍")["grant_state"] == "in_force"


def a_right_holders_notice_suspends_at_once_and_says_so(world: World) -> None:
    used = world.until("in_use")
    for missing in NOTICE:
        with pytest.raises(tk.ValidationError):
            world.act("owner", used, "suspend_on_notice", **{**NOTICE, missing: " "})
    with pytest.raises(tk.ValidationError):
        world.act("owner", used, "suspend_on_notice", **NOTICE | {"notice_on": "2999-01-01"})
    stopped = world.act("owner", used, "suspend_on_notice", **NOTICE)
    assert (stopped["state"], grant(world, used)["state"]) == ("suspended", "suspended")
    assert stopped["steps"][-1]["detail"] == {"notice_on": "2026-01-05", "notice_by": "一家停车企业"}
    told = world.as_("applicant", "govcn_application_show", id=used["id"])["steps"][-1]
    assert (told["detail"], told["basis"], told["reason"]) == (
        {"notice_on": "2026-01-05"},
        NOTICE["basis"],
        NOTICE["reason"],
    )
    with pytest.raises(tk.NotAuthorized):
        world.act("owner", used, "resume", reason="自己恢复")
    assert world.act("bureau", used, "resume", reason="核实无碍")["grant_state"] == "in_force"


def the_period_is_extended_once_and_stands_still_while_others_are_asked(world: World) -> None:
    with freeze_time("2026-09-01 02:00:00"):  # a Tuesday: 15 working days end on the 21st, the 20th is one
        deciding = world.until("owner_review")
        assert (deciding["deadline"]["due"], deciding["deadline"]["extended"]) == ("2026-09-21", 0)
    with freeze_time("2026-09-02 02:00:00"):
        for wrong in ({"days": "16"}, {"days": "0"}, {"days": "5", "consent": ""}, {"days": "5", "reason": " "}):
            with pytest.raises(tk.ValidationError):
                world.act("owner", deciding, "extend", **{"reason": "情况复杂", "consent": "局长"} | wrong)
        extended = world.act("owner", deciding, "extend", reason="情况复杂", days="5", consent="局长")
        assert (extended["deadline"]["due"], extended["deadline"]["extended"]) == ("2026-09-29", 5)
        assert "extend" not in extended["events"]
        with pytest.raises(tk.ValidationError):
            world.act("owner", deciding, "extend", reason="还要延长", days="1", consent="局长")
        asked = world.act("owner", deciding, "ask_right_holder", reason="是否涉及商业秘密")
        assert (asked["state"], asked["deadline"]["state"]) == ("right_holder", "stopped")
    with freeze_time("2026-09-08 02:00:00"):
        assert (
            "征求权利人意见"
            in world.as_("applicant", "govcn_application_show", id=deciding["id"])["deadline"]["stopped"]
        )
        with pytest.raises(tk.ValidationError):
            world.act("owner", deciding, "approve")
        heard = world.act("owner", deciding, "continue_review", reason="没有异议")
        # five working days, from the 2nd to the 8th, were not counted
        assert (heard["state"], heard["deadline"]["due"]) == ("owner_review", "2026-10-12")
        assert world.act("owner", deciding, "ask_experts", reason="脱敏是否充分")["state"] == "expert_review"
    told = [notice["title"] for notice in world.as_("applicant", "govcn_notice_list")["results"]]
    assert sum("延长办理期限" in title for title in told) == 1


def the_page_of_a_renewal(world: World, app: Any) -> None:
    used = world.until("in_use")
    headers = {"Authorization": call("api_token_create", user=world.people["applicant"]["name"], name="t")["token"]}
    address = f"/govcn/applications/{used['id']}"
    page = app.get(address, headers=headers).body
    assert 'name="until"' in page
    wrong = app.post(
        f"{address}/act", headers=headers, data={"event": "renew", "reason": "留下的理由", "until": "2000-01-01"}
    )
    assert "应晚于现在的期限" in wrong.body
    assert "留下的理由" in wrong.body
    app.post(f"{address}/act", headers=headers, data={"event": "renew", "reason": "继续", "until": later(used, 30)})
    world.act("bureau", used, "pass")
    world.act("owner", used, "approve_renewal")
    shown = world.as_("applicant", "govcn_application_show", id=used["id"])
    page = app.get(address, headers=headers).body
    assert f'value="{shown["to_accept"]}"' in page
    assert "补充协议（续期至" in page
    assert app.get(f"/en{address}", headers=headers, status=200)
