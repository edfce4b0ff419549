"""三权分立 on the real database and portal: who reads the log, who narrows, and that no account combines roles."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

pytestmark = [pytest.mark.access, pytest.mark.usefixtures("clean")]


@pytest.fixture
def people(app: Any) -> dict[str, Any]:
    """One account of each role and a stranger."""
    from ckan import model
    from ckan.tests import factories
    from ckanext.govcn.office import model as offices

    found = {name: factories.UserWithToken() for name in ("security", "auditor", "stranger")}
    for office in ("security", "auditor"):
        offices.give(found[office]["name"], offices.Office(office))
    model.Session.commit()
    return {**found, "admin": factories.SysadminWithToken()}


def ask(app: Any, person: dict[str, Any], action: str, **body: Any) -> Any:
    return app.post(f"/api/3/action/{action}", json=body, headers={"Authorization": person["token"]})


def execute(statement: str, **values: Any) -> None:
    from ckan import model

    with model.ensure_engine().begin() as connection:
        connection.execute(sa.text(statement), values)


# the log is the auditor's ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_auditor_reads_the_log_and_nobody_else(app, people):
    assert ask(app, people["auditor"], "govcn_audit_list").status_code == 200
    for name in ("admin", "security", "stranger"):
        assert ask(app, people[name], "govcn_audit_list").status_code == 403
        headers = {"Authorization": people[name]["token"]}
        assert app.get("/govcn/audit", headers=headers).status_code == 403
        assert app.post("/govcn/audit/export", headers=headers).status_code == 403
    assert app.post("/api/3/action/govcn_audit_list", json={}).status_code == 403
    assert app.get("/govcn/audit", follow_redirects=False).status_code == 302


def test_an_account_not_in_use_reads_nothing(app, people):
    execute("UPDATE \"user\" SET state = 'deleted' WHERE id = :id", id=people["auditor"]["id"])
    assert ask(app, people["auditor"], "govcn_audit_list").status_code == 403


def test_lines_are_found_by_what_they_say_and_paged_by_number(app, people):
    from ckanext.govcn.audit import log
    from ckanext.govcn.audit.chain import Event

    who = people["stranger"]["id"]
    for n in range(5):
        log.write(Event("data.download", "conditional", who=who, subject=f"r{n % 2}", grant="g1"))
    log.write(Event("data.downloaded"))

    def found(**wanted: Any) -> list[dict[str, Any]]:
        answer = ask(app, people["auditor"], "govcn_audit_list", **wanted)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()["result"]["results"]

    assert len(found(event="data.download", grant="g1", who=people["stranger"]["name"])) == 5
    assert len(found(event="data", grant="g1")) == 5
    assert len(found(who=who, subject="r1")) == 2
    assert found(event="data_download") == found(event="%") == found(since="2999-01-01") == []
    assert found(who=who)[0]["user"] == people["stranger"]["name"]
    first = ask(app, people["auditor"], "govcn_audit_list", who=who, limit=3).get_json()["result"]
    second = found(who=who, limit=3, before=first["next"])
    numbers = [line["number"] for line in first["results"] + second]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 5
    assert ask(app, people["auditor"], "govcn_audit_list", since="yesterday").status_code == 409


def test_the_page_shows_lines_and_exports_them(app, people):
    headers = {"Authorization": people["auditor"]["token"]}
    page = app.get("/govcn/audit?event=office", headers=headers).get_data(as_text=True)
    assert "office.give" in page
    assert "审计日志" in page
    answer = app.post("/govcn/audit/export", data={"format": "json", "event": "office"}, headers=headers)
    lines = [json.loads(text) for text in answer.get_data(as_text=True).splitlines()]
    assert {line["event"]["event"] for line in lines} <= {"office.give", "office.take"}
    last = ask(app, people["auditor"], "govcn_audit_list", event="audit.export").get_json()["result"]["results"][0]
    assert (last["who"], last["detail"]["event"]) == (people["auditor"]["id"], "office")


# no account combines two of the three ────────────────────────────────────────────────────────────────────────────────


def test_the_database_keeps_the_roles_apart_whoever_writes(people):
    ids = {"admin": people["admin"]["id"], "auditor": people["auditor"]["id"]}
    for statement in (
        "INSERT INTO govcn_office (user_id, office) VALUES (:admin, 'auditor')",
        "UPDATE govcn_office SET user_id = :admin WHERE user_id = :auditor",
        'UPDATE "user" SET sysadmin = true WHERE id = :auditor',
        "INSERT INTO govcn_office (user_id, office) VALUES (:auditor, 'security')",
        "INSERT INTO govcn_office (user_id, office) VALUES ('nobody', 'auditor')",
        "UPDATE govcn_office SET office = 'king' WHERE user_id = :auditor",
    ):
        with pytest.raises(DBAPIError):
            execute(statement, **ids)


def test_of_two_at_once_one_is_refused(people):
    """One connection makes the account an auditor, another one a system administrator: one of them fails."""
    from ckan import model

    account = people["stranger"]["id"]
    first = model.ensure_engine().connect()
    first.execute(sa.text("INSERT INTO govcn_office (user_id, office) VALUES (:id, 'auditor')"), {"id": account})
    errors: list[Exception] = []

    def second() -> None:
        try:
            execute('UPDATE "user" SET sysadmin = true WHERE id = :id', id=account)
        except DBAPIError as error:
            errors.append(error)

    thread = threading.Thread(target=second)
    thread.start()
    thread.join(0.5)
    assert thread.is_alive()
    first.commit()
    first.close()
    thread.join(20)
    assert "no system administrator" in str(errors[0])


def test_an_administrator_is_told_why_an_auditor_becomes_none(app, people):
    answer = ask(app, people["admin"], "user_patch", id=people["auditor"]["id"], sysadmin=True)
    assert answer.status_code == 409
    assert "审计员" in answer.get_json()["error"]["sysadmin"][0]


def test_a_command_makes_no_auditor_an_administrator_and_says_why(cli, people):
    from ckan import model
    from ckan.cli.cli import ckan

    name = people["auditor"]["name"]
    refused = cli.invoke(ckan, ["sysadmin", "add", name])
    assert refused.exit_code == 1
    assert "Traceback" not in refused.output
    assert "三种角色不能兼任" in refused.output
    assert "no account combines the roles" in refused.output
    assert isinstance(refused.exception, SystemExit)
    model.Session.expire_all()
    assert not model.User.get(name).sysadmin
    assert cli.invoke(ckan, ["sysadmin", "add", people["stranger"]["name"]]).exit_code == 0


def test_an_export_that_cannot_be_written_is_no_line(cli, people, tmp_path):
    from ckanext.govcn.audit.cli import audit
    from ckanext.govcn.audit.log import TABLE

    def exports() -> int:
        from ckan import model

        with model.ensure_engine().connect() as connection:
            exported = TABLE.c.event["event"].astext == "audit.export"
            return connection.scalar(sa.select(sa.func.count()).select_from(TABLE).where(exported))

    before, file = exports(), tmp_path / "audit.log"
    refused = cli.invoke(audit, ["export", str(tmp_path / "no-such-folder" / "audit.log")])
    assert refused.exit_code == 1
    assert "不能写入" in refused.output
    assert "cannot write there" in refused.output
    assert exports() == before
    assert cli.invoke(audit, ["export", "--json", str(file)]).exit_code == 0
    assert exports() == before + 1
    assert file.read_text("utf-8").count("\n") > 0


def test_the_operator_gives_and_takes_and_is_written_down(cli, people):
    from ckanext.govcn.audit import reading
    from ckanext.govcn.audit.log import operator
    from ckanext.govcn.office.cli import office

    name = people["stranger"]["name"]
    given = cli.invoke(office, ["give", name, "auditor", "--json"])
    assert json.loads(given.stdout) == {"user": name, "office": "auditor", "changed": True}
    assert json.loads(cli.invoke(office, ["give", name, "auditor", "--json"]).stdout)["changed"] is False
    assert {each["user"] for each in json.loads(cli.invoke(office, ["list", "--json"]).stdout)["offices"]} == {
        name, people["security"]["name"], people["auditor"]["name"],
    }  # fmt: skip
    assert cli.invoke(office, ["give", name, "security"]).exit_code == 1
    assert "系统管理员" in cli.invoke(office, ["give", people["admin"]["name"], "auditor"]).output
    assert cli.invoke(office, ["take", name, "--json"]).exit_code == 0
    newest = reading.page(reading.Wanted(event="office"), None, 2)
    assert [(line.event.event, line.event.who, line.event.subject) for line in newest] == [
        ("office.take", operator(), people["stranger"]["id"]),
        ("office.give", operator(), people["stranger"]["id"]),
    ]


# the security officer narrows ────────────────────────────────────────────────────────────────────────────────────────


def test_the_security_officer_narrows_and_never_opens(app, people):
    from integration.grant.test_grants import Desk

    desk = Desk(app)
    desk.people |= {"security": people["security"], "auditor": people["auditor"]}
    desk.give("security", status=403)
    grant = desk.give()
    key = desk.ask("grantee", "govcn_grant_key_create", id=grant["id"])
    desk.ask("auditor", "govcn_grant_suspend", status=403, id=grant["id"], reason="发现异常下载")
    assert [each["id"] for each in desk.ask("security", "govcn_grant_list", of="department")["results"]] == [
        grant["id"]
    ]
    assert desk.get("grantee").status_code == 200
    for office in ("security", "auditor"):
        desk.ask(office, "govcn_grant_receipt_show", status=403, id=grant["id"])
    desk.ask("security", "govcn_grant_key_revoke", id=key["id"])
    assert desk.get(key=key["key"]).status_code == 403
    desk.ask("security", "govcn_grant_suspend", id=grant["id"], reason="发现异常下载")
    assert desk.get("grantee").status_code == 403
    desk.ask("security", "govcn_grant_resume", status=403, id=grant["id"], reason="已排除")
    desk.ask("security", "govcn_grant_end", id=grant["id"], reason="确认泄露")
    assert desk.get("security").status_code == 403
