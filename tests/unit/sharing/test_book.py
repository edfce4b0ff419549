"""The ledger's workbook: out and in again, whatever it holds; and what is never opened or taken. All made up."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from ckanext.govcn.sharing import book
from ckanext.govcn.sharing.book import layout
from ckanext.govcn.sharing.exceptions import BookRefused
from ckanext.govcn.spreadsheet.exceptions import SpreadsheetError, TooLarge, Unreadable
from hypothesis import given, settings
from hypothesis import strategies as st

REQUESTS = [column.key for column in layout().requests.columns]
STEPS = [column.key for column in layout().steps.columns]
# what the form and the steps let through: no control characters but line ends, no blanks around
TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.just("\n"), max_size=60
).map(str.strip)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "0012", "1e5", "_x0041_", "'甲", "2026-01-02"]


def row(keys: list[str], **said: str) -> dict[str, str]:
    return {key: said.get(key, "") for key in keys}


def cells(lines: list[book.Line]) -> list[dict[str, str]]:
    return [dict(line.cells) for line in lines]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.fixed_dictionaries({key: TEXTS | st.sampled_from(FORMULAS) for key in ("title", "basis", "scope")})))
def test_out_and_in_is_the_same(rows: list[dict[str, str]]) -> None:
    requests = [row(REQUESTS, id=f"n{number}", **said) for number, said in enumerate(rows)]
    steps = [row(STEPS, id=f"n{number}", reason=said["basis"]) for number, said in enumerate(rows)]
    found = book.read(book.written(requests, steps))
    assert cells(found.requests) == requests
    assert [each for number in range(len(rows)) for each in cells(found.steps[f"n{number}"])] == steps


def test_texts_are_never_formulas() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(book.written([row(REQUESTS, title="=1+1")], [])))[layout().requests.name]
    cell = sheet.cell(2, REQUESTS.index("title") + 1)
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=1+1", "s", True)


def edited(change) -> bytes:
    opened = openpyxl.load_workbook(io.BytesIO(book.written([row(REQUESTS, id="n", title="甲")], [row(STEPS, id="n")])))
    change(opened)
    out = io.BytesIO()
    opened.save(out)
    return out.getvalue()


def test_what_a_clerk_writes_is_understood() -> None:
    def write(opened) -> None:
        sheet = opened[layout().requests.name]
        sheet.cell(3, REQUESTS.index("use_until") + 1).value = date(2027, 6, 30)
        sheet.cell(4, REQUESTS.index("use_until") + 1).value = datetime(2027, 6, 30, 12)  # noqa: DTZ001
        sheet.cell(4, len(REQUESTS) + 1).value = "备注"
        opened[layout().steps.name].cell(3, STEPS.index("days") + 1).value = 5.0

    found = book.read(edited(write))
    assert [line.cells["use_until"] for line in found.requests] == ["", "2027-06-30", "2027-06-30 12:00:00"]
    assert found.steps[""][0].cells["days"] == "5"
    assert [line.row for line in found.requests] == [2, 3, 4]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda b: setattr(b[layout().requests.name].cell(2, 2), "value", "=1+1"), "公式"),
        (lambda b: setattr(b[layout().requests.name].cell(1, 1), "value", "序号"), "缺少列：编号"),
        (lambda b: b.remove(b[layout().requests.name]), "没有工作表"),
        (lambda b: b[layout().requests.name].delete_rows(1, 5), "缺少列"),
        (lambda b: setattr(b[layout().requests.name].cell(2, 2), "value", "x" * 6001), "超过 6000 字"),
    ],
)
def test_what_is_no_ledger_is_refused_with_the_place(change, why: str) -> None:
    with pytest.raises(BookRefused, match=why) as refused:
        book.read(edited(change))
    assert "Not a ledger" in refused.value.message_en


def test_too_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    data = book.written([row(REQUESTS, id=str(number)) for number in range(4)], [])
    monkeypatch.setitem(layout().limits, "rows", 3)
    with pytest.raises(BookRefused, match="超过 3 行"):
        book.read(data)


def test_rows_that_are_only_numbered_are_never_made() -> None:
    with zipfile.ZipFile(io.BytesIO(book.written([row(REQUESTS, id="n")], []))) as made:
        sheet = made.read("xl/worksheets/sheet1.xml")
    for far in (b'<row r="99999999999999"/>', b'<row r="10001"/>'):
        with pytest.raises(BookRefused, match="第 10000 行以后"):
            book.read(rebuilt("xl/worksheets/sheet1.xml", sheet.replace(b"</sheetData>", far + b"</sheetData>")))
    near = sheet.replace(b"</sheetData>", b'<row r="10000"><c r="ZZZ10000"/></row></sheetData>')
    assert len(book.read(rebuilt("xl/worksheets/sheet1.xml", near)).requests) == 1


def rebuilt(part: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book.written([], []))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for each in old.namelist():
            new.writestr(each, content if each == part else old.read(each))
        if part not in old.namelist():
            new.writestr(part, content)
    return out.getvalue()


def test_what_is_never_opened() -> None:
    for wrong, error in (
        (b"PK\x03\x04 and nothing", Unreadable),
        (b"", Unreadable),
        (rebuilt("xl/media/bomb.bin", b"\0" * (40 << 20)), TooLarge),
        (rebuilt("xl/worksheets/sheet1.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'), Unreadable),
        (rebuilt("xl/worksheets/sheet1.xml", b"<worksheet>"), Unreadable),
        (rebuilt("xl/worksheets/sheet1.xml", b"<x>" + b"<c/>" * 1_000_001 + b"</x>"), TooLarge),
    ):
        with pytest.raises(error) as refused:
            book.read(wrong)
        assert isinstance(refused.value, SpreadsheetError)
        assert refused.value.message_en.isascii()
