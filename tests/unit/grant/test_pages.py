"""Pages of rows: every row once, whatever the file is written like; nothing that was not granted; the same files refused."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from typing import Any

import pytest
from ckanext.govcn.grant import columns, pages
from ckanext.govcn.grant.exceptions import ColumnsRefused, PageRefused
from ckanext.govcn.grant.pages import Asked, Lines
from hypothesis import given
from hypothesis import strategies as st

LARGEST = 64 * 1024 * 1024
HEADER = ["甲", "乙", "丙", "丁"]
SECRET = "禁"
CELLS = st.text(st.sampled_from("ab,\"\\\r\n \t;|\u3000停'1\ufeff\u2028\x1e\x85"), max_size=8)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"])
ROWS = st.lists(st.lists(CELLS.filter(lambda text: "\\" not in text), min_size=4, max_size=4), max_size=30)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)


def lines_of(content: bytes, kind: str, fields: list[str] | None) -> tuple[io.BytesIO, Lines]:
    output = io.BytesIO()
    written = columns.lines(io.BytesIO(content), output, kind, fields, LARGEST)
    found = pages.survey(output, written.header)
    assert found.rows == written.rows
    assert Lines.from_json(json.loads(json.dumps(found.to_json()))) == found
    return output, found


def all_pages(content: bytes, kind: str, fields: list[str] | None, limit: int, largest: int = 10**6) -> list[Any]:
    """Every page, one after the other, as somebody reads them who follows `next`."""
    stream, lines = lines_of(content, kind, fields)
    rows, offset = list[Any](), 0
    while offset is not None:
        found = pages.page(stream, lines, Asked(limit, offset), largest)
        assert len(found.rows) <= limit
        answer = json.loads("".join(pages.body({"total": lines.rows}, found)))
        assert answer["total"] == lines.rows
        rows += answer["rows"]
        assert found.next is None or found.next > offset
        offset = found.next
    return rows


def csv_of(rows: list[list[str]], encoding: str, ending: str = "\r\n") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=ending).writerows([HEADER, *rows])
    return text.getvalue().encode(encoding)


@given(rows=ROWS, granted=st.sets(st.integers(0, 3), min_size=1), encoding=ENCODINGS, limit=st.integers(1, 12),
       ending=st.sampled_from(["\n", "\r\n", "\r"]))  # fmt: skip
def test_every_row_of_a_csv_comes_once_in_order_with_the_granted_columns(rows, granted, encoding, limit, ending):
    wanted = sorted(granted)
    marked = [[cell if place in granted else f"{SECRET}{cell}" for place, cell in enumerate(row)] for row in rows]
    found = all_pages(csv_of(marked, encoding, ending), "csv", [HEADER[place] for place in wanted], limit)
    assert found == [{HEADER[place]: row[place] for place in wanted} for row in rows]
    assert SECRET not in str(found)


@given(rows=ROWS, encoding=ENCODINGS, largest=st.integers(1, 200))
def test_a_page_that_grows_too_large_ends_earlier_and_the_next_goes_on(rows, encoding, largest):
    found = all_pages(csv_of(rows, encoding), "csv", None, 1000, largest)
    assert found == [dict(zip(HEADER, row, strict=True)) for row in rows]


@given(rows=st.lists(st.fixed_dictionaries({"a": SCALARS, "c": SCALARS}), min_size=1, max_size=12),
       encoding=ENCODINGS, ascii_only=st.booleans(), within=st.booleans(), limit=st.integers(1, 5))  # fmt: skip
def test_every_object_of_a_json_comes_once(rows, encoding, ascii_only, within, limit):
    document = (
        {"n": 1, "data": [{**row, "b": SECRET} for row in rows]} if within else [{**row, "b": SECRET} for row in rows]
    )
    content = json.dumps(document, ensure_ascii=ascii_only).encode(encoding, "surrogatepass")
    with suppress(ColumnsRefused):  # half a character is none
        assert all_pages(content, "json", ["a", "c"], limit) == rows
        assert all_pages(content, "json", None, limit) == [{**row, "b": SECRET} for row in rows]


def refusal_of(read: Any, content: bytes, kind: str, fields: list[str] | None) -> str:
    """Why it is refused; empty when it is not."""
    try:
        read(io.BytesIO(content), io.BytesIO(), kind, fields, LARGEST)
    except ColumnsRefused as refused:
        return refused.why
    return ""


@given(content=st.binary(max_size=200), kind=st.sampled_from(["csv", "json"]), whole=st.booleans())
def test_what_is_not_cut_is_not_read_row_by_row_either(content, kind, whole):
    for wild in (content, b"a,b\n" + content, b'[{"a": 1, "b": ' + content, b'[{"a": 1}, ' + content):
        cut, read = refusal_of(columns.cut, wild, kind, ["a"]), refusal_of(columns.lines, wild, kind, ["a"])
        assert cut == read
        if not refusal_of(columns.lines, wild, kind, None if whole else ["a"]):
            stream, lines = lines_of(wild, kind, None if whole else ["a"])
            pages.page(stream, lines, Asked(100, 0), 1000)


@pytest.mark.parametrize(
    ("why", "kind", "content"),
    [
        ("format", "xlsx", b""),
        ("twice", "csv", b"a,a\n1,2\n"),
        ("columns", "csv", b"a,\n1,2\n"),
        ("columns", "csv", b""),
        ("width", "csv", b"a,b\n1\n"),
        ("quoting", "csv", b'a,b\n1"x,2\n'),
        ("nested", "json", b'[{"a": {"b": 1}}]'),
        ("shape", "json", b"1"),
    ],
)
def test_all_columns_are_read_only_where_there_is_one_way_to(why, kind, content):
    with pytest.raises(ColumnsRefused) as refused:
        columns.lines(io.BytesIO(content), io.BytesIO(), kind, None, LARGEST)
    assert refused.value.why == why


def test_a_far_page_is_found_by_its_mark():
    rows = [[str(number), "x" * (number % 50), "", "停"] for number in range(5000)]
    stream, lines = lines_of(csv_of(rows, "gb18030"), "csv", None)
    assert len(lines.marks) == 51
    for offset in (0, 99, 100, 101, 2999, 4999):
        found = pages.page(stream, lines, Asked(1, offset), 10**6)
        assert json.loads(found.rows[0])["甲"] == str(offset)
        assert found.next == (offset + 1 if offset < 4999 else None)
    assert pages.page(stream, lines, Asked(5, 5000), 10**6) == pages.Page((), None)
    assert pages.page(stream, lines, Asked(5, 10**11), 10**6).rows == ()


def test_what_is_asked_for():
    assert pages.asked({}, 1000) == Asked(100, 0)
    assert pages.asked({}, 10) == Asked(10, 0)
    assert pages.asked({"limit": "1000", "offset": "20"}, 1000) == Asked(1000, 20)
    for wrong in ({"limit": "0"}, {"limit": "1001"}, {"offset": "-1"}, {"offset": "1.5"}, {"limit": "x"},
                  {"offset": "9" * 13}, {"offset": "１"}):  # fmt: skip
        with pytest.raises(PageRefused) as refused:
            pages.asked(wrong, 1000)
        assert refused.value.field in wrong


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_header_is_told_without_the_rows(encoding):
    assert columns.header(io.BytesIO("名称,联系电话\n东站,1\n".encode(encoding)), "csv") == ("名称", "联系电话")
    content = json.dumps({"n": 1, "data": [{"名称": "东站", "位置": {"x": 1}}]}, ensure_ascii=False).encode(encoding)
    assert columns.header(io.BytesIO(content), "json") == ("名称", "位置")


@given(content=st.binary(max_size=100), kind=st.sampled_from(["csv", "json", "xlsx"]))
def test_a_header_is_told_or_none(content, kind):
    assert all(isinstance(name, str) for name in columns.header(io.BytesIO(content), kind))
