"""接口: rows through a key, page by page; only what is granted, counted, accounted for, and stopped at once."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from uuid import uuid4

import pytest
from integration.grant.test_columns import CANARY, FIELDS, GRANTED, ROWS, deliver, written
from integration.grant.test_grants import Desk, noted

pytestmark = pytest.mark.access

OBJECTS = [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]
CUT = [dict(zip(GRANTED[0], row, strict=True)) for row in GRANTED[1:]]
BY_ROWS = {"deliveries": ["interface"]}


@pytest.fixture
def desk(clean, app):
    made = Desk(app)
    deliver(made, written(ROWS, "gb18030"))
    return made


_OWN = re.compile(r"(?:/|%2F)api(?:/|%2F)govcn(?:/|%2F)rows(?:/|%2F)[^\"'&?\s<]*|content=\"Im[\w.-]+\"")


def _told(answer: Any) -> tuple[str, set[str]]:
    """An answer without what is its own: the address that was asked for, and the session's token and cookie."""
    return _OWN.sub("", answer.get_data(as_text=True)), {*answer.headers.keys()} - {"Set-Cookie"}


def rows(
    desk: Desk, query: str = "", *, key: str = "", who: str = "", resource: Any = None, method: str = "GET"
) -> Any:
    headers = {"Authorization": f"Bearer {key}" if key else desk.people[who]["token"]} if key or who else {}
    path = f"/api/govcn/rows/{(resource or desk.file)['id']}{query}"
    return desk.app.client.open(path, method=method, headers=headers, follow_redirects=False)


def new_key(desk: Desk, grant: dict[str, Any]) -> str:
    return desk.ask("grantee", "govcn_grant_key_create", id=grant["id"])["key"]


def test_a_key_reads_the_granted_columns_page_by_page_and_the_receipt_says_so(desk):
    grant = desk.give(fields=FIELDS, quota=3, **BY_ROWS)
    key = new_key(desk, grant)
    with noted() as events:
        first = rows(desk, "?limit=1", key=key)
        second = desk.app.client.get(first.get_json()["result"]["next"], headers={"Authorization": f"Bearer {key}"})
        whole = rows(desk, key=key)
        over = rows(desk, key=key)
    found = [answer.get_json()["result"] for answer in (first, second, whole)]
    assert found[0]["rows"] + found[1]["rows"] == found[2]["rows"] == CUT
    assert [(each["total"], each["offset"], each["count"]) for each in found] == [(2, 0, 1), (2, 1, 1), (2, 0, 2)]
    assert found[1]["next"] is found[2]["next"] is found[2]["version"] is None
    assert [answer.headers["RateLimit-Remaining"] for answer in (first, second, whole, over)] == ["2", "1", "0", "0"]
    assert (over.status_code, over.headers["Retry-After"]) == (429, over.headers["RateLimit-Reset"])
    assert over.get_json()["error"]["__type"] == "Rate Limit Error"
    for answer in (first, second, whole, over):
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert CANARY not in str(answer.headers) + answer.get_data(as_text=True)
    content = whole.get_data()
    told = [(e["event"], e["outcome"], e["grant"], e["rows"], e["bytes"]) for e in events]
    assert told[2] == ("data.interface", "granted", grant["id"], 2, len(content))
    assert told[3] == ("data.interface", "quota", grant["id"], None, 0)
    assert events[2]["detail"]["key"] in key
    assert CANARY not in str(events)
    receipt = desk.ask("grantee", "govcn_grant_receipt_show", id=grant["id"])["receipt"]["delivered"]
    sha256 = hashlib.sha256(content).hexdigest()
    assert receipt == {"bytes": len(content), "rows": 2, "sha256": sha256, "fields": FIELDS}
    assert desk.ask("grantee", "govcn_grant_show", id=grant["id"])["usage"]["remaining"] == 0


def test_of_a_whole_grant_all_columns_come_and_each_way_serves_its_own_grants(desk):
    grant = desk.give(**BY_ROWS)
    assert grant["deliveries"] == ["interface"]
    answer = rows(desk, who="grantee")
    assert answer.get_json()["result"]["rows"] == OBJECTS
    assert answer.get_json()["result"]["version"] == hashlib.sha256(written(ROWS, "gb18030")).hexdigest()
    refused = desk.get("grantee")
    assert refused.status_code == 403, "the interface is no download"
    assert "提供方式" in refused.get_data(as_text=True)
    desk.ask("editor", "govcn_grant_end", id=grant["id"], reason="改为下载")
    desk.give()
    assert desk.get("grantee").status_code == 200
    assert rows(desk, who="grantee").status_code == 403, "nor is a download the interface"
    for other in ("", "stranger", "outsider", "bureau", "admin"):
        answer = rows(desk, who=other)
        assert answer.status_code == 403
        assert CANARY not in answer.get_data(as_text=True)
    assert rows(desk, who="editor").get_json()["result"]["count"] == 2


def test_what_is_stopped_serves_no_further_page(desk):
    grant = desk.give(**BY_ROWS)
    key, other = new_key(desk, grant), new_key(desk, grant)
    assert rows(desk, key=key).status_code == 200
    made = desk.ask("grantee", "govcn_grant_show", id=grant["id"])["keys"][-1]
    desk.ask("editor", "govcn_grant_key_revoke", id=made["id"])
    assert rows(desk, key=key).status_code == 403
    assert rows(desk, key=other).status_code == 200
    desk.ask("editor", "govcn_grant_suspend", id=grant["id"], reason="权利人通知")
    assert rows(desk, key=other).status_code == 403
    desk.ask("bureau", "govcn_grant_resume", id=grant["id"], reason="查清")
    desk.alter(channel="sharing")
    assert rows(desk, key=other).status_code == 403, "a grant of sharing serves nothing of opening"


def test_what_is_stopped_while_the_answer_is_made_does_not_leave(desk, monkeypatch):
    import sqlalchemy as sa
    from ckan import model
    from ckanext.govcn.grant import rowstore
    from ckanext.govcn.grant.model import Grant

    grant, page = desk.give(**BY_ROWS), rowstore.page

    def slow(*given: Any) -> Any:
        with model.ensure_engine().begin() as connection:
            connection.execute(sa.update(Grant).values(suspended_at=sa.func.now()))
        return page(*given)

    monkeypatch.setattr(rowstore, "page", slow)
    with noted() as events:
        answer = rows(desk, who="grantee")
    assert answer.status_code == 403
    assert CANARY not in answer.get_data(as_text=True)
    assert [(e["outcome"], e["grant"], e["bytes"]) for e in events] == [("suspended", grant["id"], 0)]


@pytest.mark.parametrize(
    ("who", "closed"),
    [
        ("grantee", ("package", {"state": "deleted"}, 404)),
        ("key", ("package", {"private": True}, 404)),
        ("key", ("user", {"state": "deleted"}, 403)),
        ("editor", ("user", {"state": "deleted"}, 403)),
    ],
)
def test_what_is_closed_while_the_answer_is_made_does_not_leave(desk, monkeypatch, who, closed):
    import sqlalchemy as sa
    from ckan import model
    from ckanext.govcn.grant import rowstore

    table, values, status = closed
    grant, page = desk.give(quota=5, **BY_ROWS), rowstore.page
    shown = {"key": new_key(desk, grant)} if who == "key" else {"who": who}
    account = desk.people["grantee" if who == "key" else who]["id"]
    changed = model.Package.__table__ if table == "package" else model.User.__table__
    wanted = changed.c.id == (desk.dataset["id"] if table == "package" else account)

    def slow(*given: Any) -> Any:
        with model.ensure_engine().begin() as connection:
            connection.execute(sa.update(changed).where(wanted).values(values))
        return page(*given)

    monkeypatch.setattr(rowstore, "page", slow)
    answer = rows(desk, **shown)
    assert answer.status_code == status
    assert CANARY not in answer.get_data(as_text=True)
    assert not model.Session.scalar(sa.text("SELECT count(*) FROM govcn_grant_use"))


def test_a_hidden_entry_is_answered_as_one_that_does_not_exist(desk):
    from ckan.tests.helpers import call_action

    call_action("package_patch", context=desk.context, id=desk.dataset["id"], open_type="none")
    for who in ("", "stranger"):
        hidden = rows(desk, who=who)
        for other in (uuid4().hex, "%00", "a%00b"):
            answer = rows(desk, who=who, resource={"id": other})
            assert answer.status_code == hidden.status_code == 404
            assert _told(answer) == _told(hidden)
    assert desk.get(resource={"id": "%00"}).status_code == 404


def test_what_cannot_be_read_by_rows_is_told_and_not_counted(desk):
    from ckan.tests.helpers import call_action

    grant = desk.give(quota=5, **BY_ROWS)
    for query in ("?limit=0", "?limit=1001", "?offset=-1", "?offset=x"):
        assert rows(desk, query, who="grantee").status_code == 400
    assert rows(desk, who="grantee", method="HEAD").status_code == 404
    assert rows(desk, who="grantee", resource=desk.link).status_code == 404
    assert rows(desk, who="grantee", resource={"id": "no-such-resource"}).status_code == 404
    deliver(desk, b"PK\x03\x04", "停车场.xlsx")
    refused = rows(desk, who="grantee")
    assert refused.status_code == 409
    assert "csv" in refused.get_json()["error"]["message"]
    assert desk.ask("grantee", "govcn_grant_show", id=grant["id"])["usage"]["downloads"] == 0
    call_action(
        "package_patch", context=desk.context, id=desk.dataset["id"], open_type="unconditional", access_mode="anonymous"
    )
    assert rows(desk).status_code == 409, "open data is downloaded"


def test_rows_are_made_ready_once_and_their_room_is_bounded(desk, monkeypatch):
    from ckan.plugins import toolkit as tk
    from ckanext.govcn.access import files
    from ckanext.govcn.grant import columns

    desk.give(**BY_ROWS)
    new = uuid4().hex  # what is kept outlives a test
    many = [{"名称": f"停车场{number}-{new}", "车位": number} for number in range(3000)]
    deliver(desk, json.dumps(many, ensure_ascii=False).encode("gb18030"), "停车场.json")
    made, lines = [], columns.lines
    monkeypatch.setattr(columns, "lines", lambda *given: made.append(1) or lines(*given))
    assert rows(desk, "?limit=2&offset=2998", who="grantee").get_json()["result"]["rows"] == many[2998:]
    assert rows(desk, "?limit=1000", who="grantee").get_json()["result"]["rows"] == many[:1000]
    assert len(made) == 1
    monkeypatch.setitem(tk.config, "ckanext.govcn.grant.rows_megabytes", 0)
    deliver(desk, json.dumps(OBJECTS + [{"名称": new}], ensure_ascii=False).encode(), "停车场.json")
    assert rows(desk, who="grantee").get_json()["result"]["rows"] == [*OBJECTS, {"名称": new}]
    kept = sorted(path.suffix for path in (files.folder() / "rows").iterdir() if path.suffix != ".lock")
    assert kept == [".index", ".lines"], "the newest alone"


def test_a_dataset_tells_what_may_be_granted(desk):
    from ckan import model
    from ckanext.govcn.grant import offered

    package = model.Package.get(desk.dataset["id"])
    assert desk.give()["undelivered"] == ["链接"]
    found = offered.offered(package)
    assert found.undelivered == ["链接"]
    assert {"名称", "联系电话", "车位"} == {*found.unknown, *(choice.name for choice in found.choices if choice.there)}
