"""Receipts of use on the real portal, in both suites: what was delivered, to whom they are given, and that they hold."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from integration.grant.test_grants import CONTENT, Desk, noted

pytestmark = pytest.mark.access


@pytest.fixture(params=["international", "sm"])
def desk(request, clean, app, tmp_path, monkeypatch):
    from ckan.plugins import toolkit as tk

    monkeypatch.setitem(tk.config, "ckanext.govcn.signing.suite", request.param)
    monkeypatch.setitem(tk.config, "ckanext.govcn.signing.folder", str(tmp_path / "keys"))
    monkeypatch.setitem(tk.config, "ckanext.govcn.audit.folder", str(tmp_path / "heads"))
    return Desk(app)


def opened(envelope: str) -> Any:
    from ckanext.govcn.grant.receipts import Receipt
    from ckanext.govcn.signing import site

    return Receipt.opened(envelope.encode(), site.key_folder().public_keys())


def last_number() -> int:
    from ckan import model

    return model.Session.scalar(sa.text("SELECT max(number) FROM govcn_audit"))


def test_a_receipt_says_what_the_audit_log_says(desk):
    grant = desk.give(fields=["车位"])
    desk.ask("grantee", "govcn_grant_receipt_show", 404, id=grant["id"])
    with noted() as events:
        sent = desk.get("grantee").get_data()
    number = last_number()
    desk.get("stranger")
    desk.get("grantee", method="HEAD")
    with noted() as told:
        shown = desk.ask("grantee", "govcn_grant_receipt_show", id=grant["id"])
    receipt, [event] = opened(shown["envelope"]), events
    assert json.loads(json.dumps(receipt.to_json())) == shown["receipt"]
    assert (shown["number"], receipt.number) == (number, number)
    assert (receipt.version, receipt.resource) == ("", desk.file["id"])
    assert desk.sha256 not in str(shown["receipt"])
    assert receipt.fetched_at.endswith("+08:00")
    assert (receipt.dataset.id, receipt.dataset.title) == (desk.dataset["id"], "停车场")
    delivered = receipt.delivered
    assert (delivered.bytes, delivered.rows, delivered.fields) == (len(sent), 1, ("车位",))
    assert delivered.sha256 == event["detail"]["sha256"]
    assert (receipt.grant.id, receipt.grant.purpose) == (grant["id"], "停车诱导服务")
    assert datetime.fromisoformat(receipt.grant.until) == datetime.fromisoformat(grant["until"])
    assert receipt.at.endswith("+08:00")
    assert set(shown["receipt"]["agreement"].values()) == {""}
    assert receipt.grantee == receipt.asked_by == desk.people["grantee"]["id"]
    assert desk.people["grantee"]["name"] not in str(shown["receipt"])
    assert [(e["event"], e["grant"], e["detail"]["number"]) for e in told] == [
        ("grant.receipt", grant["id"], str(number))
    ]


def test_each_download_has_its_own(desk):
    grant, other = desk.give(), desk.give(purpose="研究")
    desk.get("grantee", query="?purpose=停车诱导服务")
    first = last_number()
    desk.get("grantee", query="?purpose=停车诱导服务")
    second = last_number()
    desk.get("grantee", query="?purpose=研究")
    third = last_number()

    def number(**asked: Any) -> int:
        return opened(desk.ask("grantee", "govcn_grant_receipt_show", **asked)["envelope"]).number

    assert number(id=grant["id"]) == second
    assert number(id=grant["id"], number=first) == first
    assert number(id=other["id"]) == third
    for wrong in (third, third + 1000):
        desk.ask("grantee", "govcn_grant_receipt_show", 404, id=grant["id"], number=wrong)
    desk.ask("grantee", "govcn_grant_receipt_show", 409, id=grant["id"], number="x")
    receipt = opened(desk.ask("grantee", "govcn_grant_receipt_show", id=grant["id"])["envelope"])
    assert receipt.version == desk.sha256
    whole = receipt.delivered
    assert (whole.bytes, whole.sha256, whole.rows, whole.fields) == (len(CONTENT), desk.sha256, None, ())


def test_part_of_a_file_has_no_digest(desk):
    grant = desk.give()
    path = f"/dataset/{desk.dataset['id']}/resource/{desk.file['id']}/download"
    headers = {"Authorization": desk.people["grantee"]["token"], "Range": "bytes=0-4"}
    assert desk.app.client.get(path, headers=headers).status_code == 206
    delivered = opened(desk.ask("grantee", "govcn_grant_receipt_show", id=grant["id"])["envelope"]).delivered
    assert (delivered.bytes, delivered.sha256) == (5, "")


def test_it_is_given_to_the_grantee_and_those_who_decide(desk):
    grant = desk.give()
    desk.get("grantee")
    for who in ("grantee", "editor", "colleague", "bureau"):
        said = opened(desk.ask(who, "govcn_grant_receipt_show", id=grant["id"])["envelope"])
        assert (said.grantee, said.asked_by) == (desk.people["grantee"]["id"], desk.people[who]["id"])
    for who in ("admin", "stranger", "outsider"):
        desk.ask(who, "govcn_grant_receipt_show", 403, id=grant["id"])
        desk.ask(who, "govcn_grant_receipt_show", 403, id="no-such-grant")


def test_the_title_of_a_dataset_that_was_closed_is_not_told(desk):
    from ckan.tests.helpers import call_action

    grant = desk.give()
    desk.get("grantee")
    call_action("package_patch", context=desk.context, id=desk.dataset["id"], open_type="none", title="停车场新名")
    for who, title in (("grantee", ""), ("editor", "停车场新名")):
        said = opened(desk.ask(who, "govcn_grant_receipt_show", id=grant["id"])["envelope"])
        assert said.dataset.title == title


def test_an_altered_line_proves_nothing(desk):
    from ckan import model

    grant = desk.give()
    desk.get("grantee")
    number = last_number()
    alter = sa.text("UPDATE govcn_audit SET event = jsonb_set(event, '{bytes}', :bytes) WHERE number = :number")
    with model.ensure_engine().begin() as connection:
        was = connection.scalar(sa.text("SELECT event->>'bytes' FROM govcn_audit WHERE number = :n"), {"n": number})
        connection.execute(sa.text("ALTER TABLE govcn_audit DISABLE TRIGGER ALL"))
        connection.execute(alter, {"bytes": "999", "number": number})
    try:
        desk.ask("grantee", "govcn_grant_receipt_show", 404, id=grant["id"])
    finally:
        with model.ensure_engine().begin() as connection:
            connection.execute(alter, {"bytes": was, "number": number})
            connection.execute(sa.text("ALTER TABLE govcn_audit ENABLE TRIGGER ALL"))


def test_the_page_gives_the_signed_file_and_the_command_believes_it(desk, tmp_path):
    from ckanext.govcn.grant.cli import receipt as command
    from click.testing import CliRunner

    grant = desk.give()
    headers = {"Authorization": desk.people["grantee"]["token"]}
    path = f"/govcn/grants/{grant['id']}/receipt"
    assert desk.app.get(path, headers=headers, follow_redirects=False).status_code == 404
    desk.get("grantee")
    assert path in desk.app.get("/govcn/grants", headers=headers).get_data(as_text=True)
    answer = desk.app.get(f"{path}?number={last_number()}", headers=headers)
    assert answer.mimetype == "application/json"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "no-store" in answer.headers["Cache-Control"]
    file = tmp_path / "receipt.json"
    file.write_bytes(answer.get_data())
    told = CliRunner().invoke(command, ["verify", str(file), "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.output)["grant"]["id"] == grant["id"]
    file.write_bytes(answer.get_data().replace(b"payload", b"Payload", 1))
    assert CliRunner().invoke(command, ["verify", str(file)]).exit_code == 1
    anonymous = desk.app.get(path, follow_redirects=False)
    assert anonymous.status_code == 302
    stranger = {"Authorization": desk.people["stranger"]["token"]}
    assert desk.app.get(path, headers=stranger, follow_redirects=False).status_code == 403
