"""From the application to the data and back, through plugin `govcn_grant` and the download route. Everything is made up."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from freezegun import freeze_time
from integration.application.applying import ANSWERS, World
from integration.making import call

CONTENT = "名称,车位\n示例广场,120\n".encode()
OTHERS = ("stranger", "other", "bureau", "sysadmin", "")
Get = Callable[[str], Any]


@pytest.fixture
def get(world: World, app: Any) -> Get:
    """The answer of the download route to a person of the world; "" is the public."""
    from ckanext.govcn.access import files

    resource = call(
        "resource_create", package_id=world.dataset["id"], name="文件", url="https://data.example/x.csv", format="CSV"
    )
    stored = files.store(io.BytesIO(CONTENT), 1024)
    files.attach(resource["id"], stored.sha256, "停车场.csv")
    model.Session.commit()
    tokens = {
        who: call("api_token_create", user=user["name"], name="t")["token"] for who, user in world.people.items()
    }

    def download(who: str) -> Any:
        headers = {"Authorization": tokens[who]} if who else {}
        path = f"/dataset/{world.dataset['id']}/resource/{resource['id']}/download"
        return app.client.open(path, headers=headers, follow_redirects=False)

    return download


def sign(world: World, application: dict[str, Any]) -> dict[str, Any]:
    return world.act("applicant", application, "sign", agreement=application["agreement_sha256"])


def granted(world: World) -> list[dict[str, Any]]:
    return world.as_("applicant", "govcn_grant_list")["results"]


def seen(world: World, application: dict[str, Any]) -> dict[str, Any]:
    return world.as_("applicant", "govcn_application_show", id=application["id"])


def lines(application: dict[str, Any]) -> list[tuple[str, str]]:
    query = sa.text("SELECT event FROM govcn_audit WHERE event->>'subject' = :id ORDER BY number")
    found = model.Session.execute(query, {"id": application["id"]}).scalars()
    return [(line["event"], line["outcome"]) for line in found]


def test_what_the_department_sets_when_it_agrees_is_in_the_agreement_and_holds(world: World, get: Get) -> None:
    application = world.act("owner", world.until("owner_review"), "approve", quota="1", quota_period="day", rate="9")
    assert application["limits"] == {"quota": 1, "quota_period": "day", "rate": 9}
    assert "每日不超过 1 次，每分钟不超过 9 次" in application["texts"]["agreement"]["text"]
    sign(world, application)
    assert [get("applicant").status_code for _ in range(2)] == [200, 429]
    grant = granted(world)[0]
    assert (grant["quota"], grant["quota_period"], grant["rate"], grant["usage"]["remaining"]) == (1, "day", 9, 0)


def test_the_columns_the_department_chooses_are_in_the_agreement_and_in_the_grant(world: World, get: Get) -> None:
    application = world.until("owner_review")
    for wrong in ([], ["名称", ""], ["名称\n车位"], [1], {"名称": 1}):
        if wrong:
            with pytest.raises(tk.ValidationError):
                world.act("owner", application, "approve", fields=wrong)
    application = world.act("owner", application, "approve", fields=["车位"], deliveries=["download", "interface"])
    assert application["limits"]["fields"] == ["车位"]
    text = application["texts"]["agreement"]["text"]
    assert "提供的信息项：车位。提供方式：平台下载、平台接口。" in text
    sign(world, application)
    [grant] = granted(world)
    assert (grant["fields"], grant["deliveries"]) == (["车位"], ["download", "interface"])
    assert get("applicant").get_data().decode("utf-8-sig").split() == ["车位", "120"]


def test_a_limit_that_is_not_understood_is_never_left_out(world: World) -> None:
    application = world.until("owner_review")
    for wrong in ({"quota": "0"}, {"rate": "x"}, {"quota_period": "week"}, {"quota": 1.5}, {"quota": [1]}):
        with pytest.raises(tk.ValidationError) as refused:
            world.act("owner", application, "approve", **wrong)
        assert set(wrong) <= refused.value.error_dict.keys()
    assert seen(world, application)["state"] == "owner_review"


def test_whoever_accepts_the_agreement_gets_the_data_and_nobody_else(world: World, get: Get) -> None:
    application = world.until("agreement")
    assert granted(world) == []
    assert get("applicant").status_code == 403
    before = datetime.now(UTC)
    used = sign(world, application)
    [grant] = granted(world)
    assert (grant["id"], grant["reference"]) == (used["grant_id"], application["id"])
    assert (grant["channel"], grant["purpose"], grant["versions"]) == ("opening", ANSWERS["purpose"], [])
    assert before <= datetime.fromisoformat(grant["begins"]) <= datetime.now(UTC)
    over = date.fromisoformat(application["use_until"]) + timedelta(days=1)  # at midnight in Beijing
    assert datetime.fromisoformat(grant["until"]) == datetime.fromisoformat(f"{over}T00:00:00+08:00")
    given = world.as_("owner", "govcn_grant_show", id=grant["id"])
    assert (given["user"], given["given_by"]) == (world.people["applicant"]["name"], world.people["owner"]["name"])
    answer = get("applicant")
    assert (answer.status_code, answer.get_data()) == (200, CONTENT)
    for who in OTHERS:
        refused = get(who)
        assert refused.status_code == 403
        assert "示例广场" not in refused.get_data(as_text=True)


def test_what_happens_to_the_application_happens_to_the_grant_at_once(world: World, get: Get) -> None:
    application = world.until("in_use")
    world.act("applicant", application, "report", reason="上线了停车应用")
    assert get("applicant").status_code == 200
    world.act("bureau", application, "suspend", reason="权利人通知")
    assert (granted(world)[0]["state"], granted(world)[0]["suspend_reason"]) == ("suspended", "权利人通知")
    assert get("applicant").status_code == 403
    world.act("owner", application, "resume", reason="核实无碍")
    assert get("applicant").status_code == 200
    world.act("owner", application, "terminate", reason="违反协议")
    assert [(grant["state"], grant["end_reason"]) for grant in granted(world)] == [("ended", "违反协议")]
    assert get("applicant").status_code == 403
    kinds = "SELECT count(*) FROM govcn_notice WHERE kind LIKE 'grant%'"
    assert model.Session.execute(sa.text(kinds)).scalar() == 0, "the application tells of each step, once"


@pytest.mark.parametrize("suspended", [False, True])
def test_withdrawing_ends_it(world: World, get: Get, suspended: bool) -> None:
    application = world.until("in_use")
    if suspended:
        world.act("owner", application, "suspend", reason="核查")
    world.act("applicant", application, "withdraw")
    assert [grant["state"] for grant in granted(world)] == ["ended"]
    assert get("applicant").status_code == 403


def test_both_are_over_with_the_same_day(world: World) -> None:
    from ckanext.govcn.application import steps

    application = world.until("in_use")
    last = application["use_until"]
    with freeze_time(f"{last} 15:59:59"):
        assert (steps.expire_due(), granted(world)[0]["state"]) == (0, "in_force")
    with freeze_time(f"{last} 16:00:00"):  # midnight in Beijing
        assert granted(world)[0]["state"] == "expired"
        assert steps.expire_due() == 1
        assert (seen(world, application)["state"], granted(world)[0]["state"]) == ("expired", "expired")


def test_what_is_over_is_downloaded_no_more(world: World, get: Get) -> None:
    from ckanext.govcn.grant.model import Grant

    world.until("in_use")
    assert get("applicant").status_code == 200
    model.Session.execute(sa.update(Grant).values(until=datetime.now(UTC)))
    model.Session.commit()
    assert get("applicant").status_code == 403


def test_signing_again_gives_no_second_grant(world: World) -> None:
    application = world.until("in_use")
    for _ in range(2):
        with pytest.raises(tk.ValidationError):
            sign(world, application)
    world.act("bureau", application, "suspend", reason="核查")
    world.act("owner", application, "resume", reason="无碍")
    assert len(granted(world)) == 1


def test_signing_twice_at_once_gives_one_grant(world: World, app: Any) -> None:
    application, outcomes = world.until("agreement"), list[str]()
    ready = threading.Barrier(2)

    def signing() -> None:
        with app.flask_app.app_context():
            ready.wait(60)
            try:
                outcomes.append(sign(world, application)["state"])
            except tk.ValidationError:
                outcomes.append("refused")
            finally:
                model.Session.remove()

    threads = [threading.Thread(target=signing) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(120)
    assert sorted(outcomes) == ["in_use", "refused"]
    assert len(granted(world)) == 1


def test_without_a_grant_the_step_is_not_taken(world: World) -> None:
    """The period is longer than a grant may last: nothing of the step stays but its line."""
    application = world.until("agreement")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tk.config, "ckanext.govcn.grant.longest_days", 30)
        with pytest.raises(tk.ValidationError) as refused:
            sign(world, application)
    assert "until" in refused.value.error_dict
    left = seen(world, application)
    assert (left["state"], left["agreement_at"], left["grant_id"]) == ("agreement", None, "")
    assert [step["event"] for step in left["steps"]] == ["submit", "pass", "approve"]
    assert granted(world) == []
    assert lines(application)[-1] == ("application.sign", "refused")
    assert sign(world, application)["state"] == "in_use"


def test_without_its_line_the_step_is_not_taken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from ckanext.govcn.application import telling

    def broken(*_given: Any, **_said: Any) -> None:
        raise OSError("disk full")

    application = world.until("agreement")
    with monkeypatch.context() as patch:
        patch.setattr(telling, "record", broken)
        with pytest.raises(OSError, match="disk full"):
            sign(world, application)
    model.Session.commit()
    assert (seen(world, application)["state"], granted(world)) == ("agreement", [])


def test_the_decision_stands_when_whoever_agreed_has_left(world: World, get: Get) -> None:
    application = world.until("agreement")
    call("user_delete", id=world.people["owner"]["id"])
    assert sign(world, application)["state"] == "in_use"
    assert get("applicant").status_code == 200


def test_what_was_ended_or_suspended_on_its_own_page_stays_so(world: World, get: Get) -> None:
    application = world.until("in_use")
    grant = granted(world)[0]["id"]
    world.as_("owner", "govcn_grant_suspend", id=grant, reason="核查")
    world.act("applicant", application, "report", reason="上线")
    assert get("applicant").status_code == 403
    world.as_("applicant", "govcn_grant_end", id=grant, reason="不再需要")
    world.act("bureau", application, "suspend", reason="核查")
    world.act("owner", application, "resume", reason="无碍")
    assert granted(world)[0]["state"] == "ended"
    assert get("applicant").status_code == 403
    assert world.act("owner", application, "terminate", reason="已归还")["state"] == "terminated"


def test_the_line_names_the_visitor_behind_a_proxy(world: World, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tk.config, "ckanext.govcn.audit.proxies", "127.0.0.0/8")
    application = world.until("formal_review")
    token = call("api_token_create", user=world.people["bureau"]["name"], name="t")["token"]
    headers = {"Authorization": token, "X-Forwarded-For": "203.0.113.9"}
    asked = {"id": application["id"], "event": "pass"}
    app.post(
        "/api/3/action/govcn_application_act", json=asked, headers=headers,
        environ_overrides={"REMOTE_ADDR": "127.0.0.1"}, status=200,
    )  # fmt: skip
    query = sa.text("SELECT event->>'ip' FROM govcn_audit WHERE event->>'event' = 'application.pass' ORDER BY number")
    assert list(model.Session.execute(query).scalars())[-1] == "203.0.113.9"


def test_a_receipt_names_the_agreement_and_its_clauses(world: World, get: Get) -> None:
    application = world.until("in_use")
    assert get("applicant").status_code == 200
    [grant] = granted(world)
    receipt = world.as_("applicant", "govcn_grant_receipt_show", id=grant["id"])["receipt"]
    assert receipt["agreement"] == {
        "application": application["id"],
        "version": application["agreement_version"],
        "sha256": application["agreement_sha256"],
        "purpose": "第三条",
        "period": "第五条",
    }
    assert receipt["grant"]["purpose"] == ANSWERS["purpose"]
    assert receipt["delivered"]["bytes"] == len(CONTENT)
