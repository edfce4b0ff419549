"""What is written down by itself: logins, changes of levels, settings and administrators, whoever makes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

pytestmark = [pytest.mark.access, pytest.mark.usefixtures("clean")]

OPEN = {"open_type": "unconditional", "access_mode": "anonymous", "catalog_status": "published"}


@contextmanager
def noted() -> Iterator[list[dict[str, Any]]]:
    """The events that become lines meanwhile."""
    from ckan import model
    from ckanext.govcn.audit import notes
    from ckanext.govcn.audit.log import TABLE

    notes.take_over()
    events: list[dict[str, Any]] = []
    with model.ensure_engine().connect() as connection:
        before = connection.scalar(sa.select(sa.func.coalesce(sa.func.max(TABLE.c.number), 0)))
    yield events
    with model.ensure_engine().connect() as connection:
        query = sa.select(TABLE.c.event).where(TABLE.c.number > before).order_by(TABLE.c.number)
        events.extend(connection.scalars(query))


def plain(event: dict[str, Any]) -> tuple[str, str, dict[str, str]]:
    """Event, subject, and what was changed."""
    return event["event"], event["subject"], {k: v for k, v in event["detail"].items() if k != "happened"}


@pytest.fixture
def dataset(app: Any) -> dict[str, Any]:
    """An open dataset of a department with an editor."""
    from ckan.tests import factories
    from ckan.tests.helpers import call_action
    from integration.access import access_canary as canary

    admin, editor = factories.SysadminWithToken(), factories.UserWithToken()
    members = {editor["name"]: "editor"}
    owner = canary.organization(admin["name"], "owner", "示例市交通运输局", members, confirmed=True)
    with noted() as events:
        made = call_action(
            "package_create", context=canary.internal(admin["name"]), title="停车场", owner_org=owner,
            notes="为检验而造的数据集，不含任何真实数据", **OPEN,
        )  # fmt: skip
    assert [e for e in events if e["event"] == "dataset.level"] == []  # made, not changed
    return {**made, "admin": admin, "editor": editor}


def test_a_level_changed_through_the_api_is_the_persons(app, dataset):
    token = dataset["editor"]["token"]
    body = {"id": dataset["id"], "open_type": "none", "access_mode": "", "share_type": "3"}
    body |= {"share_basis": "《数据安全法》第二十一条", "open_reason": "涉及重要数据"}
    with noted() as events:
        answer = app.post("/api/3/action/package_patch", json=body, headers={"Authorization": token})
    assert answer.status_code == 200, answer.get_data(as_text=True)[:1000]
    (event,) = [e for e in events if e["event"] == "dataset.level"]
    assert (event["who"], event["ip"], event["subject"]) == (dataset["editor"]["id"], "127.0.0.1", dataset["id"])
    assert event["detail"]["open_type"] == "unconditional → none"
    assert event["detail"]["access_mode"] == "anonymous → "
    assert "停车场" not in str(event)


def test_an_edit_that_changes_no_level_leaves_no_line(dataset):
    from ckan.tests.helpers import call_action
    from integration.access import access_canary as canary

    with noted() as events:
        call_action(
            "package_patch", context=canary.internal(dataset["admin"]["name"]), id=dataset["id"], notes="第二版"
        )
    assert events == []


def test_many_datasets_at_once_are_a_line_each_with_the_run_they_belong_to(dataset):
    from ckan import model
    from ckanext.govcn.audit.acting import on_behalf

    from harvesters import bulk
    from harvesters.portal import internal_context

    with noted() as events, on_behalf(dataset["editor"]["name"], source="示例", run="7"):
        bulk.withdraw_all([dataset["id"]], internal_context())
        model.Session.commit()
    (event,) = events
    changed = {"catalog_status": "published → withdrawn", "source": "示例", "run": "7"}
    assert plain(event) == ("dataset.level", dataset["id"], changed)
    assert event["who"] == dataset["editor"]["id"]


def test_a_change_past_the_platform_names_the_databases_account(dataset):
    from ckan import model
    from ckanext.govcn.audit import notes

    statement = 'UPDATE package SET extras = extras || \'{"open_type": "conditional"}\' WHERE id = :id'
    with noted() as events:
        with model.ensure_engine().begin() as connection:
            connection.execute(sa.text(statement), {"id": dataset["id"]})
        assert notes.take_over() == 1
    (event,) = events
    assert event["who"].startswith("database:")
    assert event["detail"]["open_type"] == "unconditional → conditional"


def test_what_is_undone_leaves_no_line(dataset):
    from ckan import model

    with noted() as events:
        model.Package.get(dataset["id"]).state = "deleted"
        model.Session.flush()
        model.Session.rollback()
    assert events == []


def test_a_setting_is_written_down_with_what_it_was(app, dataset):
    body = {"ckan.site_title": "示例市开放数据"}
    path, headers = "/api/3/action/config_option_update", {"Authorization": dataset["admin"]["token"]}
    with noted() as events:
        assert app.post(path, json=body, headers=headers).status_code == 200
    (event,) = events
    assert plain(event) == ("setting.change", "ckan.site_title", {"before": "", "after": "示例市开放数据"})
    assert event["who"] == dataset["admin"]["id"]


def test_a_new_administrator_is_written_down(app, dataset):
    body = {"id": dataset["editor"]["id"], "sysadmin": True}
    path, headers = "/api/3/action/user_patch", {"Authorization": dataset["admin"]["token"]}
    with noted() as events:
        assert app.post(path, json=body, headers=headers).status_code == 200
    (event,) = events
    assert plain(event) == ("account.sysadmin", dataset["editor"]["id"], {"sysadmin": "false → true"})


def test_a_dataset_that_is_purged_is_written_down(app, dataset):
    body, headers = {"id": dataset["id"]}, {"Authorization": dataset["admin"]["token"]}
    with noted() as events:
        assert app.post("/api/3/action/dataset_purge", json=body, headers=headers).status_code == 200
    (event,) = [e for e in events if e["event"] == "dataset.purge"]
    assert (event["who"], event["subject"]) == (dataset["admin"]["id"], dataset["id"])
    assert event["detail"]["open_type"] == "unconditional"
    assert "停车场" not in str(events)


def test_a_token_is_written_down_when_it_is_made_and_when_it_is_revoked(app, dataset):
    editor, headers = dataset["editor"], {"Authorization": dataset["editor"]["token"]}
    with noted() as events:
        body = {"user": editor["name"], "name": "示例令牌"}
        made = app.post("/api/3/action/api_token_create", json=body, headers=headers).get_json()["result"]["token"]
        app.get("/api/3/action/package_list", headers={"Authorization": made})  # using one is no line
        assert app.post("/api/3/action/api_token_revoke", json={"token": made}, headers=headers).status_code == 200
    assert [(e["event"], e["who"], e["subject"]) for e in events] == [
        ("account.token_create", editor["id"], editor["id"]),
        ("account.token_revoke", editor["id"], editor["id"]),
    ]
    assert len(events[0]["detail"]["token"]) == 8
    assert made not in str(events)


def test_logins_and_logouts(app):
    from ckan.tests import factories

    user = factories.User(password="Correct-2026")
    with noted() as events:
        app.post("/user/login", data={"login": user["name"], "password": "Correct-2026"})
        app.post("/user/_logout")
    assert [(e["event"], e["outcome"], e["who"], e["ip"]) for e in events] == [
        ("account.login", "done", user["id"], "127.0.0.1"),
        ("account.logout", "done", user["id"], "127.0.0.1"),
    ]


def test_a_failed_login_names_nobody(app):
    """The same line for an account that exists and for one that does not; neither name nor password is in it."""
    from ckan.tests import factories
    from ckanext.govcn.audit.logins import attempted

    user = factories.User(password="Correct-2026")
    with noted() as events:
        for name in (user["name"], "nobody-of-this-name"):
            app.post("/user/login", data={"login": name, "password": "Wrong-2026"})
    known, unknown = events
    assert known["subject"] == attempted(user["name"].upper())
    assert unknown["subject"] == attempted("nobody-of-this-name")
    for event in events:
        assert (event["event"], event["outcome"], event["who"]) == ("account.login", "refused", "")
        assert not {user["id"], user["name"], "nobody-of-this-name", "Wrong-2026"} & set(map(str, event.values()))
        assert event["detail"] == {}
