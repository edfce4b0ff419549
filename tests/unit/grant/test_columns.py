"""Only what is granted comes out, however a file is written; what can be read in two ways comes out not at all."""

from __future__ import annotations

import codecs
import csv
import io
import json
from contextlib import suppress
from typing import Any

import pytest
from ckanext.govcn.grant.columns import LONGEST_ROW, REASONS, cut
from ckanext.govcn.grant.exceptions import ColumnsRefused
from hypothesis import given
from hypothesis import strategies as st

LARGEST = 64 * 1024 * 1024


def cut_csv(content: bytes, *fields: str, largest: int = LARGEST) -> list[list[str]]:
    output = io.BytesIO()
    count = cut(io.BytesIO(content), output, "csv", fields, largest)
    written = output.getvalue()
    assert written.startswith(codecs.BOM_UTF8)
    rows = list(csv.reader(io.StringIO(written.decode("utf-8-sig"), newline=""), strict=True))
    assert count == len(rows) - 1
    return rows


def cut_json(content: bytes, *fields: str) -> list[dict[str, Any]]:
    output = io.BytesIO()
    count = cut(io.BytesIO(content), output, "json", fields, LARGEST)
    found = json.loads(output.getvalue())
    assert count == len(found)
    return found


def why(kind: str, content: bytes, *fields: str, largest: int = LARGEST) -> str:
    with pytest.raises(ColumnsRefused) as refusal:
        cut(io.BytesIO(content), io.BytesIO(), kind, fields, largest)
    assert refusal.value.message
    assert refusal.value.message_en
    return refusal.value.why


# csv ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

PARKS = "名称,电话,车位\n人民广场,13800000000,120\n东站,13900000000,\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_the_granted_columns_in_the_order_of_the_file(encoding, ending):
    content = PARKS.replace("\n", ending).encode(encoding)
    assert cut_csv(content, "车位", "名称") == [["名称", "车位"], ["人民广场", "120"], ["东站", ""]]


def test_utf_16_of_either_order_needs_its_mark():
    for name, mark in (("utf-16-le", codecs.BOM_UTF16_LE), ("utf-16-be", codecs.BOM_UTF16_BE)):
        assert cut_csv(mark + PARKS.encode(name), "名称")[1] == ["人民广场"]
        assert why("csv", "a,b\n1,2\n".encode(name), "a") in {"columns", "quoting", "encoding"}


def test_an_encoding_is_found_where_the_header_does_not_tell():
    rows = "".join(f"{number},停车场{number}\n" for number in range(3000))
    assert cut_csv(f"id,name\n{rows}".encode("gb18030"), "name")[-1] == ["停车场2999"]


def test_quoted_cells_keep_commas_quotes_and_line_breaks():
    content = b'a,b,c\r\n"1,""x""","2\r\n3","4"\r\n'
    assert cut_csv(content, "b", "a") == [["a", "b"], ['1,"x"', "2\r\n3"]]


def test_empty_cells_beyond_the_header_and_blank_lines_are_dropped():
    assert cut_csv(b"a,b\n1,2,,\n\n3,4\n", "a") == [["a"], ["1"], ["3"]]


@pytest.mark.parametrize(
    ("reason", "content", "fields"),
    [
        ("columns", b"", ("a",)),
        ("columns", b"a,b\n1,2\n", ("a", "c")),
        ("columns", b"a;b\n1;2\n", ("a",)),
        ("columns", "说明\na,b\n1,2\n".encode(), ("a",)),
        ("twice", b"a,b,a\n1,2,3\n", ("b",)),
        ("twice", b"a, a\n1,2\n", ("a",)),
        ("encoding", b"a,b\n1,\xff\xff\n", ("a",)),
        ("encoding", codecs.BOM_UTF16_LE + b"a\0,\0b", ("a",)),
        ("quoting", b'a,b\n"1,2\n', ("a",)),
        ("quoting", b'a,b\n"1"x,2\n', ("a",)),
        ("quoting", b'a,b\n1"x,2\n', ("a",)),
        ("quoting", b'a,b,c\n1, "2,3"\n', ("b",)),
        ("quoting", b'a,b\n"1\\",2","3"\n', ("a",)),
        ("quoting", b"a,b\n1,2\0\n", ("a",)),
        ("quoting", b"a,b\r\n1,2\n3,4\r\n", ("a",)),
        ("quoting", b"a,b\n1,secret\rmore,2\n", ("a",)),
        ("width", b"a,b\n1\n", ("a",)),
        ("width", b"a,b\n1,2,3\n", ("a",)),
        ("quoting", b"a,b\n1\\,2\n", ("a",)),
        ("quoting", b"a,b\n1,2\\\n", ("a",)),
        ("width", b"a,b,c\n1,se\ncret,2\n", ("a",)),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(reason, content, fields):
    assert why("csv", content, *fields) == reason


def test_sizes_are_limited():
    assert why("csv", b"a,b\n1,2\n", "a", largest=7) == "size"
    assert why("csv", b"a,b\n1," + b"2," * LONGEST_ROW, "a") == "size"


@pytest.mark.parametrize("kind", ["", "xlsx", "xls", "zip", "txt", "geojson"])
def test_other_formats_are_refused(kind):
    assert why(kind, b"a,b\n1,2\n", "a") == "format"


def test_every_reason_says_what_is_wrong():
    for chinese, english in REASONS.values():
        assert chinese
        assert english


# json ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_members_that_are_granted_come_out_as_they_were_written():
    content = '\ufeff[{"名称": "东站\\u0000\\n", "x": {"y": [1, {"名称": 2}]}, "n": 1.10, "b": true, "z": null}, {"名称": "b"}]'
    output = io.BytesIO()
    assert cut(io.BytesIO(content.encode()), output, "json", ["名称", "n", "b", "z"], LARGEST) == 2
    assert json.loads(output.getvalue()) == [{"名称": "东站\0\n", "n": 1.1, "b": True, "z": None}, {"名称": "b"}]
    assert b"1.10" in output.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_one_list_within_an_object(encoding):
    content = '{"total": 1, "data": [{"名称": "东站", "电话": "13900000000"}], "note": "x"}'.encode(encoding)
    assert cut_json(content, "名称") == [{"名称": "东站"}]


@pytest.mark.parametrize(
    ("reason", "content"),
    [
        ("columns", b"[]"),
        ("columns", b'[{"b": 1}]'),
        ("columns", b'{"a": 1, "rows": [{"b": 1}]}'),
        ("twice", b'[{"a": 1, "a": 2}]'),
        ("twice", b'[{"a": 1, "b": 2, "b": 3}]'),
        ("twice", b'{"rows": [{"a": 1}], "x": 1, "x": 2}'),
        ("nested", b'[{"a": {"b": 1}}]'),
        ("nested", b'[{"a": [1]}]'),
        ("shape", b""),
        ("shape", b"1"),
        ("shape", b'"a"'),
        ("shape", b'{"a": 1}'),
        ("shape", b'[["a"]]'),
        ("shape", b'[{"a": 1}, 2]'),
        ("shape", b'[{"a": 1}'),
        ("shape", b'[{"a": 1}] [{"a": 2}]'),
        ("shape", b'[{"a": 1}]x'),
        ("shape", b'{"rows": [{"a": 1}], "more": [{"a": 1}]}'),
        ("shape", b'{"rows": [{"a": 1}], "page": {"a": 1}}'),
        ("shape", b'{"result": {"rows": [{"a": 1}]}}'),
        ("shape", b'[{"a": NaN}]'),
        ("shape", b'[{"a": 1e99999999999999999999}]'),
        ("encoding", b'[{"a": "\xff\xff"}]'),
    ],
)
def test_json_that_is_not_one_flat_list_is_refused(reason, content):
    assert why("json", content, "a") == reason


# wild files ──────────────────────────────────────────────────────────────────────────────────────────────────────────

CELLS = st.text(st.sampled_from("ab,\"\\\r\n \t\0;|\u3000停'1\ufeff\u2028"), max_size=8)
SECRET = "禁"  # in every value that is not granted, and in no other


@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=6).filter(lambda row: row != [""]), max_size=6),
    granted=st.sets(st.integers(0, 3), min_size=1, max_size=3),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONE]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
)
def test_no_value_of_another_column_is_in_a_csv(rows, granted, quoting, ending, encoding):
    """Rows of any length, and escapes in the place of quotes: each value is where it belongs, or nothing comes out."""
    header = ["甲", "乙", "丙", "丁"]
    marked = [
        [cell if place in granted else f"{SECRET}{cell}{SECRET}" for place, cell in enumerate(row)] for row in rows
    ]
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, quoting=quoting, lineterminator=ending, escapechar="\\" if quoting == csv.QUOTE_NONE else None
    )
    writer.writerows([header, *marked])
    try:
        found = cut_csv(text.getvalue().encode(encoding), *(header[place] for place in granted))
    except ColumnsRefused:
        return
    assert SECRET not in str(found)
    assert found[0] == [header[place] for place in sorted(granted)]


@given(
    rows=st.lists(
        st.lists(CELLS.filter(lambda text: not {"\0", "\\"} & set(text)), min_size=4, max_size=4), max_size=6
    ),
    granted=st.sets(st.integers(0, 3), min_size=1),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
)
def test_a_well_written_csv_is_delivered(rows, granted, encoding):
    header, text = ["甲", "乙", "丙", "丁"], io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([header, *rows])
    wanted = sorted(granted)
    found = cut_csv(text.getvalue().encode(encoding), *(header[place] for place in wanted))
    assert found == [[row[place] for place in wanted] for row in [header, *rows]]


@given(content=st.binary(max_size=200), kind=st.sampled_from(["csv", "json"]))
def test_any_bytes_are_cut_or_refused(content, kind):
    for wild in (content, b"a,b\n" + content, b'[{"a": 1, "b": ' + content):
        with suppress(ColumnsRefused):
            assert cut(io.BytesIO(wild), io.BytesIO(), kind, ["a"], LARGEST) >= 0


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)


@given(
    rows=st.lists(
        st.fixed_dictionaries({"a": SCALARS, "c": SCALARS}, optional={"b": VALUES, "d": VALUES}), min_size=1, max_size=5
    ),
    within=st.booleans(),
    ascii_only=st.booleans(),
)
def test_no_value_of_another_column_is_in_json(rows, within, ascii_only):
    document = {"total": "b", "rows": rows} if within else rows
    found = cut_json(json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"), "a", "c")
    assert found == [{"a": row["a"], "c": row["c"]} for row in rows]
