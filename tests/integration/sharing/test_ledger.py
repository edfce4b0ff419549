"""The ledger as a workbook on the real database: out, in, by whom, and what an import never does. All made up."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from ckan import model
from integration.sharing.asking import REFUSAL, World

pytestmark = [pytest.mark.usefixtures("clean"), pytest.mark.ckan_config("ckanext.govcn.sharing", "true")]
OPERATOR = "account:example"
NEW = {
    "basis": "《示例条例》第三条", "scenario": "核验", "scope": "本部门", "method": "接口", "use_until": "2031-12-31", "title": "文字申请",
}  # fmt: skip


def exported() -> bytes:
    from ckanext.govcn.sharing import cases, ledger

    return ledger.export(cases.everything(), ledger.By(None, OPERATOR))


def bring_in(data: bytes, world: World, who: str = "") -> dict[str, Any]:
    from ckanext.govcn.sharing import cases, ledger

    reader = cases.reader_of(model.User.get(world.people[who]["id"])) if who else None
    return ledger.report(ledger.bring_in(data, ledger.By(reader, OPERATOR)))


def edited(data: bytes, change: Callable[[Any, Any], None]) -> bytes:
    """The workbook after `change(requests, steps)`."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(*book.worksheets)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def add(sheet: Any, **said: str) -> None:
    """One more row, by column key."""
    from ckanext.govcn.sharing.book import layout

    shape = next(each for each in (layout().requests, layout().steps) if each.name == sheet.title)
    row = sheet.max_row + 1
    for at, column in enumerate(shape.columns, 1):
        if column.key in said:
            sheet.cell(row, at).value = said[column.key]


def everything() -> tuple[list[str], list[str]]:
    tables = ("govcn_sharing_request", "govcn_sharing_step")
    return tuple(sorted(model.Session.execute(sa.text(f"SELECT t::text FROM {each} t")).scalars()) for each in tables)  # type: ignore[return-value]  # noqa: S608


def counts(report: dict[str, Any]) -> tuple[int, ...]:
    return tuple(report[each] for each in ("new", "changed", "unchanged", "refused"))


def reasons(report: dict[str, Any]) -> str:
    said = [reason for row in report["rows"] for reason in row["reasons"]]
    assert all(each["zh"] and each["en"] for each in said)
    return "\n".join(each["zh"] for each in said)


def some_history(world: World) -> list[dict[str, Any]]:
    """A draft, one that was refused and disputed, one that was provided."""
    draft = world.ask(scope='=HYPERLINK("http://example")')
    refused = world.in_words()
    world.act("providing", refused, "refuse", **REFUSAL | {"reason": "=1+1\r\n第二行"})
    world.act("asking", refused, "dispute", reason="应当共享", days=5)
    given = world.act("asking", world.ask(scope="窗口二"), "submit")
    world.act("providing", given, "approve")
    world.act("providing", given, "provide", delivered_on="2026-01-05", way="接口")
    return [draft, refused, given]


def test_a_round_trip_changes_nothing_and_a_lost_ledger_comes_back(world: World) -> None:
    _draft, refused, given = some_history(world)
    before, data = everything(), exported()
    assert counts(bring_in(data, world)) == (0, 0, 3, 0)
    for who, seen in (("asking", 3), ("providing", 2), ("bureau", 2)):
        report = bring_in(data, world, who)
        assert (report["unchanged"], report["refused"]) == (seen, 3 - seen)
    assert everything() == before
    model.Session.execute(sa.text("DELETE FROM govcn_sharing_request"))
    model.Session.commit()
    assert counts(bring_in(data, world)) == (3, 0, 0, 0)
    assert counts(bring_in(data, world)) == (0, 0, 3, 0)
    again = openpyxl.load_workbook(io.BytesIO(exported()))
    for sheet, known in zip(again.worksheets, openpyxl.load_workbook(io.BytesIO(data)).worksheets, strict=True):
        told = [[cell.value for cell in row] for row in sheet.iter_rows()]
        assert sorted(map(str, told)) == sorted(map(str, ([cell.value for cell in row] for row in known.iter_rows())))
    _nothing_that_was_recorded_is_rewritten(world, refused, given)


def test_a_department_makes_drafts_and_takes_its_steps_by_workbook(
    world: World, app: Any, cli: Any, tmp_path: Path
) -> None:
    _by_page_action_and_command(world, app, cli, tmp_path)
    model.Session.execute(sa.text("DELETE FROM govcn_sharing_request"))
    model.Session.commit()
    parties = {each: world.departments[each]["title"] for each in ("asking", "providing", "other")}

    def fill(requests: Any, _steps: Any) -> None:
        own = NEW | {"requester": parties["asking"], "provider": parties["providing"]}
        for _ in range(2):
            add(requests, **own)
        add(requests, **own | {"dataset": world.conditional["name"], "title": ""})
        add(requests, **own | {"requester": parties["other"]})
        add(requests, **own | {"dataset": world.closed["name"]})
        add(requests, **own | {"provider": "没有这个局"})
        add(requests, **own | {"state": "同意，待提供", "scope": "另一个"})
        add(requests, **own | {"use_until": "明年"})
        add(requests, **own | {"id": "12345"})

    data = edited(exported(), fill)
    report = bring_in(data, world, "asking")
    assert [row["outcome"] for row in report["rows"]] == ["new", "unchanged", "new"] + ["refused"] * 6
    assert counts(bring_in(data, world, "asking")) == (0, 0, 3, 6)
    first, third = report["rows"][0]["id"], report["rows"][2]["id"]
    assert world.show("asking", {"id": third})["dataset_id"] == world.conditional["id"]

    def submit(requests: Any, steps: Any) -> None:
        for row in requests.iter_rows(min_row=2):
            if row[0].value == first:
                row[10].value = "改过的范围"
                row[13].value = "待答复"
        add(steps, id=first, event="提交", role="使用部门")

    step = edited(exported(), submit)
    assert counts(bring_in(step, world, "asking")) == (0, 1, 1, 0)
    shown = world.show("providing", {"id": first})
    assert (shown["state"], shown["scope"]) == ("submitted", "改过的范围")

    # the provider refuses in the workbook: without its legal basis it is refused, and never by who asks
    def refuse(basis: str) -> bytes:
        return edited(exported(), lambda _requests, steps: add(
            steps, id=first, event="不同意", reason="不予共享", reason_class="purpose", basis=basis))  # fmt: skip

    def answered(requests: Any, _steps: Any) -> None:
        for row in requests.iter_rows(min_row=2):
            row[13].value = ""

    assert "请填写：法律" in reasons(bring_in(edited(refuse(""), answered), world, "providing"))
    assert "没有这个编号" in reasons(bring_in(edited(refuse("某法"), answered), world, "other"))
    assert "不能办理自己的申请" in reasons(bring_in(edited(refuse("某法"), answered), world, "both"))
    assert world.show("providing", {"id": first})["state"] == "submitted"
    book = edited(refuse("《示例法》第五条"), answered)
    outcomes = [
        next(row["outcome"] for row in bring_in(book, world, who)["rows"] if row["id"] == first)
        for who in ("providing", "providing", "asking")
    ]
    assert outcomes == ["changed", "unchanged", "unchanged"]
    assert world.show("asking", {"id": first})["state"] == "refused"


def _nothing_that_was_recorded_is_rewritten(world: World, refused: dict[str, Any], given: dict[str, Any]) -> None:
    before, data = everything(), exported()

    def changed(sheet: int, column: int, value: str, request: dict[str, Any]) -> bytes:
        def change(*sheets: Any) -> None:
            for row in sheets[sheet].iter_rows(min_row=2):
                if row[0].value == request["id"]:
                    row[column].value = value
                    return

        return edited(data, change)

    for wrong, why in (
        (changed(1, 4, "另一个理由", refused), "与平台的记录不同"),
        (changed(1, 3, "2020-01-01 00:00:00", refused), "与平台的记录不同"),
        (changed(0, 3, "另一个局", given), "不能改：提供部门"),
        (changed(0, 8, "另一依据", given), "不能改：使用依据"),
        (changed(0, 13, "已确认收到", given), "状态由办理经过决定"),
        (
            edited(data, lambda _r, s: add(s, id=given["id"], event="同意", role="提供部门", at="2026-11-01 00:00:00")),
            "时间",
        ),
        (edited(data, lambda _r, s: add(s, id="无", event="同意")), "在“共享申请”里没有"),
    ):
        report = bring_in(wrong, world)
        assert report["refused"] == 1
        assert why in reasons(report)
    assert bring_in(wrong, world, "asking")["refused"] == 1
    assert everything() == before
    # an older export is still the same
    old = edited(data, lambda requests, steps: steps.delete_rows(steps.max_row))
    assert bring_in(edited(old, lambda r, _s: [setattr(row[13], "value", "") for row in r.iter_rows(min_row=2)]),
                    world)["refused"] == 0  # fmt: skip


def _by_page_action_and_command(world: World, app: Any, cli: Any, tmp_path: Path) -> None:
    from ckanext.govcn.sharing.cli import sharing

    request = world.act("asking", world.ask(), "submit")
    token = world.token("bureau")
    book = app.get("/govcn/sharing/export", headers=token, status=200)
    data = book.get_data()
    assert data[:2] == b"PK"
    page = app.post(
        "/govcn/sharing/import", headers=token, data={"upload": (io.BytesIO(data), "台账.xlsx")},
        content_type="multipart/form-data",
    )  # fmt: skip
    assert f"/govcn/sharing/{request['id']}" in page.body
    answer = app.post(
        "/api/3/action/govcn_sharing_import", headers=token, data={"upload": (io.BytesIO(b"no workbook"), "x.xlsx")},
        content_type="multipart/form-data", status=409,
    )  # fmt: skip
    assert "upload" in answer.json["error"]
    file = tmp_path / "台账.xlsx"
    out = cli.invoke(sharing, ["export", str(file), "--json"])
    assert json.loads(out.output) == {"rows": 1, "file": str(file)}
    back = cli.invoke(sharing, ["import", str(file), "--json"])
    assert (back.exit_code, counts(json.loads(back.output))) == (0, (0, 0, 1, 0))
    (tmp_path / "x.xlsx").write_bytes(b"nothing")
    wrong = cli.invoke(sharing, ["import", str(tmp_path / "x.xlsx"), "--json"])
    assert (wrong.exit_code, json.loads(wrong.output)["error"]["kind"]) == (1, "Unreadable")
    query = sa.text(
        "SELECT event->>'event' FROM govcn_audit WHERE event->>'event' IN ('sharing.export', 'sharing.import')"
    )
    assert sorted(set(model.Session.execute(query).scalars())) == ["sharing.export", "sharing.import"]
