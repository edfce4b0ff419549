"""Papers, attachments and stamped scans on the real database and disk: who gets them, what is refused. Made up."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from integration.application.applying import REFUSAL, World
from integration.making import call
from sqlalchemy.exc import DBAPIError
from werkzeug.datastructures import FileStorage

pytestmark = pytest.mark.usefixtures("clean")
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\n%%EOF\n"
OTHERS = ("stranger", "other", "sysadmin", "viewer")


def upload(content: bytes = PDF, name: str = "材料.exe") -> FileStorage:
    return FileStorage(io.BytesIO(content), filename=name)


def add(world: World, who: str, application: dict[str, Any], paper: str = "", **file: Any) -> dict[str, Any]:
    return world.as_(who, "govcn_application_file_create", id=application["id"], paper=paper, upload=upload(**file))


def kept(application: dict[str, Any]) -> int:
    """How many files of the application are on the disk."""
    from ckanext.govcn.application import files

    return sum(path.is_file() for path in (files.folder() / application["id"]).rglob("*"))


def test_files_and_papers(world: World, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One world for all of it: making one takes longer than what is done in it."""
    attachments_from_the_draft_to_the_department(world, app)
    what_is_no_file_of_ours_is_refused_and_nothing_is_kept(world, monkeypatch)
    there_is_room_for_so_many(world, monkeypatch)
    papers_are_printed_and_come_back_stamped(world)
    files_go_with_a_draft_and_with_time_but_never_their_lines(world)


def attachments_from_the_draft_to_the_department(world: World, app: Any) -> None:
    draft = world.apply()
    added = add(world, "applicant", draft, name="../../etc/证明.html")["files"]
    [file] = added
    assert (file["filename"], file["media_type"], file["size"], file["removable"]) == (
        "证明.pdf", "application/pdf", len(PDF), True,
    )  # fmt: skip
    out = add(world, "applicant", draft)["files"][1]["id"]
    seen = world.as_("applicant", "govcn_application_file_delete", id=draft["id"], file=out)
    assert [each["id"] for each in seen["files"]] == [file["id"]]
    submitted = world.submit(draft)
    assert (submitted["uploads"], submitted["files"][0]["removable"]) == (["form", "commitment"], False)
    for refused in (lambda: add(world, "applicant", draft),
                    lambda: world.as_("applicant", "govcn_application_file_delete", id=draft["id"], file=file["id"])):  # fmt: skip
        with pytest.raises(tk.ValidationError):
            refused()
    tokens = {
        who: {"Authorization": call("api_token_create", user=user["name"], name="t")["token"]}
        for who, user in world.people.items()
    }
    address = f"/govcn/applications/{draft['id']}/files/{file['id']}"
    for who in ("applicant", "owner", "bureau"):
        answer = app.get(address, headers=tokens[who])
        assert answer.data == PDF
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-store"
    paper = f"/govcn/applications/{draft['id']}/papers/form.pdf"
    assert app.get(paper, headers=tokens["owner"]).headers["Cache-Control"] == "private, no-store"
    for who in OTHERS:
        for hidden in (address, paper):
            assert app.get(hidden, headers=tokens[who], status=404)
    assert "/user/login" in app.get(address, follow_redirects=False).headers["Location"]
    another = world.apply("stranger")
    assert app.get(f"/govcn/applications/{another['id']}/files/{file['id']}", headers=tokens["stranger"], status=404)
    page = app.get(f"/govcn/applications/{draft['id']}", headers=tokens["owner"]).body
    assert file["sha256"] in page
    assert "证明.pdf" in page


def what_is_no_file_of_ours_is_refused_and_nothing_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = world.apply()
    with monkeypatch.context() as patched:
        patched.setitem(tk.config, "ckanext.govcn.application.file_size", 1000)
        for content in (b"", b"<html>", PDF + b"PK\x05\x06" + b"\0" * 18, PDF[:-3], PDF + b"\0" * 1000):
            with pytest.raises(tk.ValidationError):
                add(world, "applicant", draft, content=content, name="证明.pdf")
    for wrong in ({"upload": None}, {"upload": "text"}, {"paper": "no_such"}, {"paper": ["form"]}):
        with pytest.raises(tk.ValidationError):
            world.as_("applicant", "govcn_application_file_create", **{"id": draft["id"], "upload": upload()} | wrong)
    assert kept(draft) == 0
    for who in (*OTHERS, "owner", "bureau"):  # a draft is its applicant's alone
        with pytest.raises(tk.ObjectNotFound):
            add(world, who, draft)


def there_is_room_for_so_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = world.apply()
    with monkeypatch.context() as patched:
        patched.setitem(tk.config, "ckanext.govcn.application.attachments", 1)
        add(world, "applicant", draft)
        with pytest.raises(tk.ValidationError):
            add(world, "applicant", draft)
    assert add(world, "applicant", draft, "form")["files"][1]["paper"] == "form"


def papers_are_printed_and_come_back_stamped(world: World) -> None:
    agreed = world.until("agreement")
    text = agreed["texts"]["agreement"]
    for format_, start in (("docx", b"PK"), ("pdf", b"%PDF")):
        printed = world.as_("owner", "govcn_application_paper_show", id=agreed["id"], paper="agreement", format=format_)
        assert base64.b64decode(printed["content"]).startswith(start)
        assert (printed["sha256"], printed["version"]) == (text["sha256"], text["version"])
    for wrong in ({"paper": "supplement"}, {"paper": None}):
        with pytest.raises(tk.ObjectNotFound):
            world.as_("owner", "govcn_application_paper_show", id=agreed["id"], **wrong)
    for who in OTHERS:
        with pytest.raises(tk.ObjectNotFound):
            world.as_(who, "govcn_application_paper_show", id=agreed["id"], paper="form")
    add(world, "applicant", agreed, "agreement")
    add(world, "owner", agreed, "agreement")
    seen = add(world, "applicant", agreed, "agreement")
    assert [(file["role"], file["text_sha256"]) for file in seen["files"]] == [
        ("applicant", text["sha256"]), ("owner", text["sha256"]), ("applicant", text["sha256"]),
    ]  # fmt: skip
    assert seen["files"][1]["user_id"] is None  # the applicant reads which authority it was
    for who, paper in (("owner", "form"), ("bureau", "agreement"), ("owner", "")):
        with pytest.raises((tk.ValidationError, tk.NotAuthorized)):
            add(world, who, agreed, paper)
    with pytest.raises(DBAPIError):
        model.Session.execute(sa.text("UPDATE govcn_application_file SET sha256 = repeat('0', 64)"))
    model.Session.rollback()
    query = sa.text("SELECT event FROM govcn_audit WHERE event->>'subject' = :id ORDER BY number")
    lines = list(model.Session.execute(query, {"id": agreed["id"]}).scalars())
    assert {"application.print", "application.file_create"} <= {line["event"] for line in lines}
    assert "材料" not in json.dumps(lines, ensure_ascii=False)


def files_go_with_a_draft_and_with_time_but_never_their_lines(world: World) -> None:
    from datetime import UTC, datetime, timedelta

    from ckanext.govcn.application import files

    draft = world.apply()
    add(world, "applicant", draft)
    assert kept(draft) == 1
    assert world.act("applicant", draft, "withdraw")["files"] == []
    assert kept(draft) == 0
    refused = world.apply()
    add(world, "applicant", refused)
    world.act("bureau", world.submit(refused), "pass")
    assert world.act("owner", refused, "refuse", **REFUSAL)["files"][0]["removed_at"] is None
    assert files.thin(30) == 0
    assert files.thin(30, datetime.now(UTC) + timedelta(days=31)) == 1
    seen = world.as_("applicant", "govcn_application_show", id=refused["id"])["files"]
    assert [bool(file["removed_at"]) for file in seen] == [True]
    assert kept(refused) == 0
