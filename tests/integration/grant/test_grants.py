"""Grants on the real portal: who gives, who downloads, what stops at once, and what the audit log says of it."""

from __future__ import annotations

import io
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

pytestmark = pytest.mark.access

CONTENT = "名称,车位\n人民广场,120\n".encode()
UNTIL = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
TERMS = {"purpose": "停车诱导服务", "reason": "符合开放条件", "until": UNTIL}


class Desk:
    """One conditional dataset with a file and a link, its department, the bureau, an applicant and others."""

    def __init__(self, app: Any) -> None:
        from ckan import model
        from ckan.tests import factories
        from ckan.tests.helpers import call_action
        from integration.access import access_canary as canary

        self.app = app
        self.admin = factories.SysadminWithToken()
        self.people = {
            name: factories.UserWithToken()
            for name in ("editor", "colleague", "bureau", "grantee", "stranger", "outsider")
        }
        self.people["admin"] = self.admin
        names = {name: person["name"] for name, person in self.people.items()}
        clerks = {names["editor"]: "editor", names["colleague"]: "admin"}
        owner = canary.organization(names["admin"], "owner", "示例市交通运输局", clerks, confirmed=True)
        canary.organization(names["admin"], "data-bureau", "示例市数据局", {names["bureau"]: "editor"}, confirmed=True)
        canary.organization(names["admin"], "other", "示例市统计局", {names["outsider"]: "admin"}, confirmed=True)
        self.context = canary.internal(names["admin"])
        self.dataset = call_action(
            "package_create", context=self.context, title="停车场", owner_org=owner, open_condition="说明用途",
            notes="为检验而造的数据集，不含任何真实数据", open_type="conditional", share_type="1",
            catalog_status="published",
            resources=[
                {"name": "文件", "url": "https://data.example/canaryfile.csv", "format": "CSV"},
                {"name": "链接", "url": "https://data.example/canarylink.csv", "format": "CSV"},
            ],
        )  # fmt: skip
        self.file, self.link = self.dataset["resources"]
        self.sha256 = self.replace_file(CONTENT)
        model.Session.commit()

    def replace_file(self, content: bytes) -> str:
        from ckan import model
        from ckanext.govcn.access import files

        stored = files.store(io.BytesIO(content), 1024)
        files.attach(self.file["id"], stored.sha256, "停车场.csv")
        model.Session.commit()
        return stored.sha256

    def ask(self, who: str, action: str, status: int = 200, **body: Any) -> Any:
        answer = self.app.post(
            f"/api/3/action/{action}", json=body, headers={"Authorization": self.people[who]["token"]}
        )
        assert answer.status_code == status, answer.get_data(as_text=True)[:2000]
        return answer.get_json()["result"] if status == 200 else answer.get_json()["error"]

    def give(self, who: str = "editor", status: int = 200, **changed: Any) -> Any:
        body = {"package_id": self.dataset["id"], "user": self.people["grantee"]["name"], **TERMS, **changed}
        return self.ask(who, "govcn_grant_give", status, **body)

    def get(self, who: str = "", *, resource: Any = None, key: str = "", query: str = "", method: str = "GET") -> Any:
        headers = {"Authorization": f"Bearer {key}" if key else self.people[who]["token"]} if key or who else {}
        path = f"/dataset/{self.dataset['id']}/resource/{(resource or self.file)['id']}/download{query}"
        return self.app.client.open(path, method=method, headers=headers, follow_redirects=False)

    def alter(self, **values: Any) -> None:
        """Change the stored grants behind the actions, as time does."""
        from ckan import model
        from ckanext.govcn.grant.model import Grant

        model.Session.execute(sa.update(Grant).values(**values))
        model.Session.commit()


@pytest.fixture
def desk(clean, app):
    return Desk(app)


@contextmanager
def noted():
    """The events that are written to the audit log meanwhile."""
    from ckan import model
    from ckanext.govcn.audit.log import TABLE

    engine, events = model.ensure_engine(), []
    last = sa.select(sa.func.coalesce(sa.func.max(TABLE.c.number), 0))
    with engine.connect() as connection:
        before = connection.scalar(last)
    yield events
    with engine.connect() as connection:
        query = sa.select(TABLE.c.event).where(TABLE.c.number > before).order_by(TABLE.c.number)
        events.extend(connection.scalars(query))


def test_the_grantee_downloads_and_nobody_else_does(desk):
    desk.give()
    answer = desk.get("grantee")
    assert answer.status_code == 200
    assert answer.get_data() == CONTENT
    assert answer.headers["Cache-Control"] == "private, no-store"
    for other in ("", "stranger", "outsider", "bureau", "admin"):
        refused = desk.get(other)
        assert refused.status_code == 403
        assert "人民广场" not in refused.get_data(as_text=True)
    assert desk.get("editor").status_code == 200


def test_a_link_is_never_given_away_not_even_to_the_grantee(desk):
    desk.give()
    for who, said in (("grantee", "请其将文件存入平台"), ("editor", "请在资源编辑页上传文件")):
        answer = desk.get(who, resource=desk.link)
        assert answer.status_code == 404
        assert said in answer.get_data(as_text=True)
        assert "canarylink" not in str(answer.headers) + answer.get_data(as_text=True)
    desk.ask("grantee", "govcn_resource_source_show", 403, id=desk.link["id"])


def test_the_page_offers_the_download_to_the_grantee(desk):
    page = f"/dataset/{desk.dataset['name']}"
    desk.give()
    offered = f"/resource/{desk.file['id']}/download"
    token = desk.people["grantee"]["token"]
    assert offered in desk.app.get(page, headers={"Authorization": token}).get_data(as_text=True)
    token = desk.people["stranger"]["token"]
    assert offered not in desk.app.get(page, headers={"Authorization": token}).get_data(as_text=True)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"until": datetime.now(UTC) - timedelta(seconds=1)}, "expired"),
        ({"begins": datetime.now(UTC) + timedelta(days=1)}, "not_begun"),
        ({"channel": "sharing"}, "other_channel"),
        ({"suspended_at": datetime.now(UTC)}, "suspended"),
        ({"ended_at": datetime.now(UTC) - timedelta(seconds=1)}, "expired"),
        ({"versions": ["b" * 64]}, "other_version"),
    ],
)
def test_a_grant_that_does_not_fit_refuses_and_is_accounted_for(desk, changed, code):
    grant = desk.give(begins=(datetime.now(UTC) - timedelta(days=2)).date().isoformat())
    desk.alter(**changed)
    with noted() as events:
        assert desk.get("grantee").status_code == 403
    assert [(e["event"], e["outcome"], e["grant"], e["bytes"]) for e in events] == [
        ("data.download", code, grant["id"], 0)
    ]


def test_a_grant_of_named_versions_ends_with_the_next_one(desk):
    grant = desk.give(versions="current")
    assert grant["versions"] == [desk.sha256]
    assert desk.get("grantee").status_code == 200
    desk.replace_file(b"new")
    assert desk.get("grantee").status_code == 403
    desk.give(status=409, versions=["c" * 64])


def test_with_two_purposes_one_has_to_be_named(desk):
    first, second = desk.give(), desk.give(purpose="研究")
    assert desk.get("grantee").status_code == 403
    with noted() as events:
        assert desk.get("grantee", query="?purpose=%E7%A0%94%E7%A9%B6").status_code == 200
        assert desk.get("grantee", query="?purpose=%E5%B9%BF%E5%91%8A").status_code == 403
    assert [event["outcome"] for event in events] == ["granted", "other_purpose"]
    assert events[0]["grant"] == second["id"] != first["id"]


def test_every_answer_about_conditional_data_is_one_line_without_the_data(desk):
    grant = desk.give()
    with noted() as events:
        desk.get("grantee")
        desk.get("grantee", method="HEAD")
        desk.get("stranger")
        desk.get("")
        desk.get("editor")
        desk.get("grantee", resource=desk.link)
        desk.get(key="govcn-key-0000000000-" + "x" * 43)
    ids = {name: person["id"] for name, person in desk.people.items()}
    assert [(e["event"], e["outcome"], e["who"], e["bytes"]) for e in events] == [
        ("data.download", "granted", ids["grantee"], len(CONTENT)),
        ("data.download", "granted", ids["grantee"], 0),
        ("data.download", "conditional", ids["stranger"], 0),
        ("data.download", "conditional", "", 0),
        ("data.download", "owner", ids["editor"], len(CONTENT)),
        ("data.download", "not_delivered", ids["grantee"], 0),
        ("data.download", "bad_key", "", 0),
    ]
    assert events[0]["subject"] == desk.file["id"]
    assert events[0]["version"] == desk.sha256
    assert events[0]["grant"] == grant["id"]
    assert "人民广场" not in str(events)
    assert "canary" not in str(events)


def test_nothing_is_delivered_that_cannot_be_accounted_for(desk, monkeypatch):
    from ckanext.govcn.audit import log

    def broken(_event: Any) -> None:
        raise OSError("disk full")

    desk.give()
    monkeypatch.setattr(log, "write", broken)
    try:
        answer = desk.get("grantee")
    except OSError:
        return
    assert answer.status_code >= 500
    assert "人民广场" not in answer.get_data(as_text=True)


def test_suspending_acts_at_the_next_request_and_is_undone_by_somebody_else(desk):
    grant = desk.give()
    assert desk.get("grantee").status_code == 200
    desk.ask("editor", "govcn_grant_suspend", 409, id=grant["id"], reason=" ")
    suspended = desk.ask("editor", "govcn_grant_suspend", id=grant["id"], reason="权利人通知")
    assert (suspended["state"], suspended["suspend_reason"]) == ("suspended", "权利人通知")
    assert desk.get("grantee").status_code == 403
    desk.ask("editor", "govcn_grant_resume", 409, id=grant["id"], reason="已查清")
    desk.ask("admin", "govcn_grant_resume", 403, id=grant["id"], reason="已查清")
    desk.ask("grantee", "govcn_grant_resume", 403, id=grant["id"], reason="已查清")
    assert desk.get("grantee").status_code == 403
    assert desk.ask("colleague", "govcn_grant_resume", id=grant["id"], reason="已查清")["state"] == "in_force"
    assert desk.get("grantee").status_code == 200


def test_people_are_told_of_each_step(desk):
    def titles(who: str) -> list[str]:
        return [each["title"] for each in desk.ask(who, "govcn_notice_list")["results"]]

    grant = desk.give()
    assert titles("grantee") == ["您获得一项数据授权"]
    desk.ask("editor", "govcn_grant_suspend", id=grant["id"], reason="权利人通知")
    assert titles("grantee")[0] == "您的一项数据授权已中止"
    for reviewer in ("colleague", "bureau"):
        assert titles(reviewer) == ["一项数据授权已中止，请复核"]
    assert titles("outsider") == []
    desk.ask("bureau", "govcn_grant_resume", id=grant["id"], reason="已查清")
    desk.ask("editor", "govcn_grant_end", id=grant["id"], reason="协议终止")
    assert titles("grantee")[:2] == ["您的一项数据授权已终止", "您的一项数据授权已恢复"]


def test_ending_is_for_good(desk):
    grant = desk.give()
    assert desk.ask("grantee", "govcn_grant_end", id=grant["id"], reason="不再需要")["state"] == "ended"
    assert desk.get("grantee").status_code == 403
    desk.ask("colleague", "govcn_grant_resume", 409, id=grant["id"], reason="恢复")


@pytest.mark.parametrize("who", ["admin", "grantee", "stranger", "outsider"])
def test_others_give_nothing_and_stop_nothing_of_others(desk, who):
    desk.give(who, status=403)
    grant = desk.give()
    if who in ("stranger", "outsider"):
        for action in ("show", "suspend", "resume", "end", "key_create"):
            desk.ask(who, f"govcn_grant_{action}", 403, id=grant["id"], reason="理由")
            desk.ask(who, f"govcn_grant_{action}", 403, id="no-such-grant", reason="理由")


def test_the_bureau_gives_and_nobody_gives_to_himself(desk):
    assert desk.give("bureau")["state"] == "in_force"
    desk.give("editor", status=403, user=desk.people["editor"]["name"])
    desk.give("bureau", status=403, user=desk.people["bureau"]["id"])


@pytest.mark.parametrize("field", ["purpose", "reason", "until"])
def test_a_grant_without_purpose_reason_or_end_is_refused(desk, field):
    assert field in desk.give(status=409, **{field: ""})


def test_only_published_conditional_data_is_given(desk):
    from ckan.tests.helpers import call_action

    grant = desk.give()
    for fields in ({"open_type": "none"}, {"open_type": "conditional", "catalog_status": "draft"}):
        call_action("package_patch", context=desk.context, id=desk.dataset["id"], **fields)
        desk.give(status=409)
        assert desk.get("grantee").status_code == 404
        told = desk.ask("grantee", "govcn_grant_show", id=grant["id"])
        assert told["dataset"] is None
        assert "停车场" not in str(told)


def test_the_database_itself_refuses_a_grant_to_oneself(desk):
    from ckan import model
    from ckanext.govcn.grant.model import Grant
    from sqlalchemy.exc import IntegrityError

    now = datetime.now(UTC)
    said = {"package_id": desk.dataset["id"], "user_id": "u", "given_by": "u", "channel": "opening", "purpose": "x"}
    model.Session.add(Grant(**said, reason="x", begins=now, until=now + timedelta(1)))
    with pytest.raises(IntegrityError, match="govcn_grant_not_to_oneself"):
        model.Session.flush()
    model.Session.rollback()


def test_a_key_speaks_for_its_grant_until_it_is_revoked(desk):
    grant = desk.give()
    desk.ask("editor", "govcn_grant_key_create", 403, id=grant["id"])
    made = desk.ask("grantee", "govcn_grant_key_create", id=grant["id"])
    assert made["key"].startswith(f"govcn-key-{made['prefix']}-")
    assert desk.get(key=made["key"]).get_data() == CONTENT
    shown = desk.ask("grantee", "govcn_grant_show", id=grant["id"])
    assert [key["prefix"] for key in shown["keys"]] == [made["prefix"]]
    assert made["key"] not in str(shown)
    assert desk.get(key=made["key"][:-1] + ("a" if made["key"][-1] != "a" else "b")).status_code == 403
    desk.ask("editor", "govcn_grant_key_revoke", id=made["id"])
    assert desk.get(key=made["key"]).status_code == 403
    assert desk.get("grantee").status_code == 200


def test_a_key_is_looked_up_once_a_request_and_again_in_the_next(desk, monkeypatch):
    from ckan.plugins import toolkit as tk
    from ckanext.govcn.grant import keys

    looked, holder = [], keys.holder
    monkeypatch.setattr(keys, "holder", lambda *given: looked.append(given) or holder(*given))
    monkeypatch.setitem(tk.config, "ckanext.govcn.limit.exempt", "")
    made = desk.ask("grantee", "govcn_grant_key_create", id=desk.give()["id"])
    assert desk.get(key=made["key"]).status_code == 200
    assert len(looked) == 1
    desk.ask("grantee", "govcn_grant_key_revoke", id=made["id"])
    assert desk.get(key=made["key"]).status_code == 403
    assert len(looked) == 2


def test_a_key_follows_its_grant_and_its_account(desk):
    from ckan import model

    grant = desk.give()
    key = desk.ask("grantee", "govcn_grant_key_create", id=grant["id"])["key"]
    desk.ask("bureau", "govcn_grant_suspend", id=grant["id"], reason="核查")
    assert desk.get(key=key).status_code == 403
    desk.ask("editor", "govcn_grant_resume", id=grant["id"], reason="查清")
    assert desk.get(key=key).status_code == 200
    model.User.get(desk.people["grantee"]["id"]).state = "deleted"
    model.Session.commit()
    assert desk.get(key=key).status_code == 403


def test_a_key_expires_and_is_no_token_of_the_api(desk):
    from ckan import model
    from ckanext.govcn.grant.model import GrantKey

    grant = desk.give()
    key = desk.ask("grantee", "govcn_grant_key_create", id=grant["id"], expires_at="2999-01-01")
    assert key["expires_at"] == grant["until"]
    headers = {"Authorization": f"Bearer {key['key']}"}
    answer = desk.app.post("/api/3/action/govcn_grant_list", json={}, headers=headers)
    assert answer.status_code == 403
    model.Session.execute(sa.update(GrantKey).values(expires_at=datetime.now(UTC)))
    model.Session.commit()
    assert desk.get(key=key["key"]).status_code == 403


def test_a_key_opens_no_other_dataset(desk):
    from ckan.tests.helpers import call_action

    grant = desk.give()
    key = desk.ask("grantee", "govcn_grant_key_create", id=grant["id"])["key"]
    other = call_action(
        "package_create", context=desk.context, title="另一份", owner_org="owner", open_type="unconditional",
        access_mode="login", catalog_status="published", notes="为检验而造的数据集，不含任何真实数据",
        resources=[{"name": "链接", "url": "https://data.example/x.csv", "format": "CSV"}],
    )  # fmt: skip
    path = f"/dataset/{other['id']}/resource/{other['resources'][0]['id']}/download"
    get = desk.app.get
    assert get(path, headers={"Authorization": f"Bearer {key}"}, follow_redirects=False).status_code == 403
    token = desk.people["grantee"]["token"]
    assert get(path, headers={"Authorization": token}, follow_redirects=False).status_code == 302


def test_there_are_not_too_many_keys(desk):
    grant = desk.give()
    for _ in range(5):
        made = desk.ask("grantee", "govcn_grant_key_create", id=grant["id"])
    desk.ask("grantee", "govcn_grant_key_create", 409, id=grant["id"])
    desk.ask("grantee", "govcn_grant_key_revoke", id=made["id"])
    desk.ask("grantee", "govcn_grant_key_create", id=grant["id"])


def test_each_step_of_a_grant_is_one_line(desk):
    with noted() as events:
        grant = desk.give()
        key = desk.ask("grantee", "govcn_grant_key_create", id=grant["id"])
        desk.ask("grantee", "govcn_grant_key_revoke", id=key["id"])
        desk.ask("editor", "govcn_grant_suspend", id=grant["id"], reason="核查")
        desk.ask("bureau", "govcn_grant_resume", id=grant["id"], reason="查清")
        desk.ask("editor", "govcn_grant_end", id=grant["id"], reason="协议终止")
    steps = ["give", "key_create", "key_revoke", "suspend", "resume", "end"]
    assert [event["event"] for event in events] == [f"grant.{step}" for step in steps]
    assert {event["grant"] for event in events} == {grant["id"]}
    assert {event["subject"] for event in events} == {desk.dataset["id"]}
    assert key["key"] not in str(events)


def test_lists_hold_what_concerns_the_reader(desk):
    grant = desk.give()

    def found(who: str, of: str) -> list[str]:
        return [each["id"] for each in desk.ask(who, "govcn_grant_list", of=of)["results"]]

    assert found("grantee", "mine") == found("editor", "department") == found("bureau", "department") == [grant["id"]]
    for who in ("stranger", "outsider", "grantee"):
        assert found(who, "department") == []
    assert found("editor", "mine") == found("stranger", "mine") == []
    mine = desk.ask("grantee", "govcn_grant_list")["results"][0]
    assert "given_by" not in mine
    assert mine["may"] == ["end", "key_create", "key_revoke"]


def test_the_pages_show_and_do_the_same(desk):
    grant = desk.give()
    grantee = {"Authorization": desk.people["grantee"]["token"]}
    editor = {"Authorization": desk.people["editor"]["token"]}
    page = desk.app.get("/govcn/grants", headers=grantee)
    assert "停车诱导服务" in page.get_data(as_text=True)
    assert "no-store" in page.headers["Cache-Control"]
    made = desk.app.post(f"/govcn/grants/{grant['id']}/key", headers=grantee, follow_redirects=False)
    assert "govcn-key-" in made.get_data(as_text=True)
    assert "no-store" in made.headers["Cache-Control"]
    assert "停车诱导服务" in desk.app.get("/govcn/grants/department", headers=editor).get_data(as_text=True)
    english = desk.app.get("/en/govcn/grants", headers=grantee).get_data(as_text=True)
    assert "In force" in english
    form = {"reason": "权利人通知", "of": "department"}
    path = f"/govcn/grants/{grant['id']}/suspend"
    assert desk.app.post(path, data=form, headers=editor, follow_redirects=False).status_code == 302
    assert desk.get("grantee").status_code == 403
    assert desk.app.post(path, data=form, headers=grantee, follow_redirects=False).status_code == 403
    anonymous = desk.app.get("/govcn/grants", follow_redirects=False)
    assert anonymous.status_code == 302
    assert "/user/login" in anonymous.headers["Location"]


def test_a_caller_that_defers_the_commit_takes_the_grant_back(desk):
    from ckan import model
    from ckan.tests.helpers import call_action

    context = {"user": desk.people["editor"]["name"], "ignore_auth": False, "defer_commit": True}
    body = {"package_id": desk.dataset["id"], "user": desk.people["grantee"]["name"], **TERMS}
    call_action("govcn_grant_give", context=context, **body)
    model.Session.rollback()
    assert desk.ask("grantee", "govcn_grant_list")["count"] == 0
