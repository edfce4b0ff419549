"""Grants of single columns on the download route: what is not granted appears in nothing that the grantee gets."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from typing import Any

import pytest
from integration.grant.test_grants import Desk, noted

pytestmark = pytest.mark.access

CANARY = "canary-column"
ROWS = [["名称", "联系电话", "车位"], ["人民广场, 东", f"{CANARY}-1", "120"], ["东站\n二层", f'"{CANARY}-2", 3', ""]]
GRANTED = [[row[0], row[2]] for row in ROWS]
FIELDS = ["名称", "车位"]


def written(rows: list[list[str]], encoding: str = "utf-8") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


@pytest.fixture
def desk(clean, app):
    made = Desk(app)
    deliver(made, written(ROWS))
    return made


def deliver(desk: Desk, content: bytes, filename: str = "停车场.csv") -> str:
    from ckan import model
    from ckanext.govcn.access import files

    stored = files.store(io.BytesIO(content), 10_000_000)
    files.attach(desk.file["id"], stored.sha256, filename)
    model.Session.commit()
    return stored.sha256


def ask(desk: Desk, method: str = "GET", **headers: str) -> Any:
    path = f"/dataset/{desk.dataset['id']}/resource/{desk.file['id']}/download"
    headers = {"Authorization": desk.people["grantee"]["token"], **headers}
    return desk.app.client.open(path, method=method, headers=headers, follow_redirects=False)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_grantee_gets_the_granted_columns_and_the_owner_all(desk, encoding):
    deliver(desk, written(ROWS, encoding))
    grant = desk.give(fields=FIELDS)
    assert grant["fields"] == FIELDS
    answer = ask(desk)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert read(answer.get_data()) == GRANTED
    assert "filename" in answer.headers["Content-Disposition"]
    assert desk.get("editor").get_data() == written(ROWS, encoding)
    key = desk.ask("grantee", "govcn_grant_key_create", id=grant["id"])["key"]
    assert read(desk.get(key=key).get_data()) == GRANTED


def test_json_is_cut_too(desk):
    rows = [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]
    deliver(desk, json.dumps({"total": 2, "data": rows}, ensure_ascii=False).encode(), "停车场.JSON")
    desk.give(fields=FIELDS)
    answer = ask(desk)
    assert answer.mimetype == "application/json"
    assert [list(row.values()) for row in json.loads(answer.get_data())] == GRANTED[1:]


def test_nothing_of_the_whole_file_is_told(desk):
    whole = written(ROWS)
    sha256 = hashlib.sha256(whole).hexdigest()
    desk.give(fields=FIELDS)
    for method in ("GET", "HEAD"):
        for headers in (
            {},
            {"Range": "bytes=0-10"},
            {"Range": f"bytes=-{len(whole)}"},
            {"If-None-Match": f'"{sha256}"'},
            {"If-Range": f'"{sha256}"', "Range": "bytes=5-"},
            {"If-Modified-Since": "Wed, 21 Oct 2099 07:28:00 GMT"},
            {"Accept-Encoding": "gzip"},
        ):
            answer = ask(desk, method, **headers)
            body = answer.get_data()
            told = str(answer.headers) + body.decode()
            assert answer.status_code == 200
            assert CANARY not in told
            assert "联系电话" not in told
            assert sha256 not in told
            assert not {"ETag", "Last-Modified", "Content-Range"} & set(answer.headers.keys())
            assert answer.headers["Accept-Ranges"] == "none"
            assert answer.headers["Cache-Control"] == "private, no-store"
            told_size = answer.headers.get("Content-Length")
            assert told_size == (str(len(body)) if method == "GET" else None), "HEAD does not cut the file"
            assert len(body) < len(whole)
            assert bool(body) == (method == "GET")


def test_the_digest_of_the_whole_file_is_told_to_whoever_gets_it(desk):
    sha256 = hashlib.sha256(written(ROWS)).hexdigest()
    grant = desk.give(fields=FIELDS, versions="current")
    assert grant["versions"] == [sha256]
    page = f"/dataset/{desk.dataset['name']}/resource/{desk.file['id']}"
    paths = (page, "/govcn/grants", "/govcn/grants/department", f"/api/3/action/govcn_grant_show?id={grant['id']}")
    for who, tells in (("grantee", False), ("editor", True)):
        headers = {"Authorization": desk.people[who]["token"]}
        told = "".join(desk.app.get(path, headers=headers).get_data(as_text=True) for path in paths)
        assert (sha256 in told) == tells
        assert told.count("下载") > 0
    assert len(desk.ask("grantee", "govcn_grant_show", id=grant["id"])["versions"]) == 1
    assert read(ask(desk).get_data()) == GRANTED


def test_what_is_sent_by_its_descriptor_begins_at_the_beginning(desk, app):
    from ckanext.govcn.access import files
    from ckanext.govcn.grant import delivery

    with app.flask_app.app_context():
        cut = delivery.cut(*files.delivered_by(desk.file["id"]), FIELDS)
    with cut.stream as stream:
        assert os.lseek(stream.fileno(), 0, os.SEEK_CUR) == 0
        assert os.fstat(stream.fileno()).st_size == cut.size
        assert read(stream.read()) == GRANTED


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (written(ROWS), "停车场.xlsx"),
        (written(ROWS), "停车场"),
        (written([["说明", CANARY]]) + written(ROWS), "停车场.csv"),
        (written([[*ROWS[0][:2], "名称"], *ROWS[1:]]), "停车场.csv"),
        (written(ROWS) + f"东站,二层,{CANARY},1\n".encode(), "停车场.csv"),
        (written(ROWS) + f'"东站,{CANARY}'.encode(), "停车场.csv"),
        (written(ROWS) + b"\xff\xfe\xff", "停车场.csv"),
        (json.dumps([{"名称": {"x": CANARY}, "车位": 1}]).encode(), "停车场.json"),
        (json.dumps([{"名称": "x", "b": CANARY}]).encode(), "停车场.json"),
    ],
)
def test_what_cannot_be_cut_is_not_delivered_at_all(desk, content, filename):
    deliver(desk, content, filename)
    grant = desk.give(fields=FIELDS)
    with noted() as events:
        answer = ask(desk)
    told = str(answer.headers) + answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert CANARY not in told
    assert "请与提供部门联系" in told
    assert "please ask the department" in told
    assert [(e["event"], e["outcome"], e["grant"], e["bytes"], e["rows"]) for e in events] == [
        ("data.download", "not_delivered", grant["id"], 0, None)
    ]


def test_the_quota_is_asked_before_a_file_is_cut(desk, monkeypatch):
    from ckanext.govcn.grant import delivery

    desk.give(fields=FIELDS, quota=1)
    assert ask(desk).status_code == 200
    monkeypatch.setattr(delivery, "cut", lambda *_: pytest.fail("cut"))
    with noted() as events:
        assert ask(desk).status_code == 429
    assert [(e["outcome"], e["bytes"]) for e in events] == [("quota", 0)]


def test_a_file_over_the_limit_is_not_delivered(desk, monkeypatch):
    from ckan.plugins import toolkit as tk

    monkeypatch.setitem(tk.config, "ckanext.govcn.grant.columns_megabytes", 1)
    deliver(desk, written([ROWS[0], *ROWS[1:] * 30_000]))
    desk.give(fields=FIELDS)
    assert ask(desk).status_code == 409


def test_a_large_file_goes_through_a_file_that_is_gone_afterwards(desk):
    from ckanext.govcn.access import files

    before = sorted(files.folder().rglob("*"))
    deliver(desk, written([ROWS[0], *ROWS[1:] * 50_000]))
    desk.give(fields=FIELDS)
    assert read(ask(desk).get_data()) == [GRANTED[0], *GRANTED[1:] * 50_000]
    made = [path for path in files.folder().rglob("*") if path.is_file() and path not in before]
    assert len([path for path in made if path.suffix != ".lock" or path.stat().st_size]) == 1


def test_the_audit_line_tells_rows_bytes_and_the_digest_of_what_was_sent(desk):
    desk.give(fields=FIELDS)
    with noted() as events:
        content = ask(desk).get_data()
        ask(desk, "HEAD")
        desk.get("editor")
    assert [(e["rows"], e["bytes"], e["detail"].get("sha256")) for e in events] == [
        (2, len(content), hashlib.sha256(content).hexdigest()),
        (None, 0, None),
        (None, len(written(ROWS)), None),
    ]
    assert CANARY not in str(events)


def test_of_two_grants_the_one_that_gives_most_decides(desk):
    some = desk.give(fields=["名称"])
    assert read(ask(desk).get_data()) == [row[:1] for row in ROWS]
    more = desk.give(fields=FIELDS)
    assert read(ask(desk).get_data()) == GRANTED
    desk.ask("editor", "govcn_grant_end", id=more["id"], reason="不再需要")
    assert read(ask(desk).get_data()) == [row[:1] for row in ROWS]
    desk.give()
    assert ask(desk).get_data() == written(ROWS)
    assert desk.ask("grantee", "govcn_grant_show", id=some["id"])["fields"] == ["名称"]


def test_a_file_that_is_replaced_meanwhile_is_not_delivered_as_another_version(desk, monkeypatch):
    from ckanext.govcn.access import files

    desk.give()
    monkeypatch.setattr(files, "sha256_of", lambda _resource: "a" * 64)
    with noted() as events:
        answer = ask(desk)
    assert answer.status_code == 503
    assert CANARY not in answer.get_data(as_text=True)
    assert [(e["outcome"], e["version"], e["bytes"]) for e in events] == [("not_delivered", "a" * 64, 0)]


def test_fields_that_are_no_list_of_names_are_refused(desk):
    for wrong in ("名称", ["名称", "名称"], [""], [1], {"名称": True}, ["x" * 101]):
        assert "fields" in desk.give(status=409, fields=wrong)
    assert desk.give(fields=[])["fields"] == []


def test_the_pages_name_the_columns(desk):
    desk.give(fields=FIELDS)
    for who, path in (("grantee", "/govcn/grants"), ("editor", "/govcn/grants/department")):
        page = desk.app.get(path, headers={"Authorization": desk.people[who]["token"]}).get_data(as_text=True)
        assert "名称、车位" in page
