"""A sample is small, text, and nobody's. All values are made up; the identity number is the example of GB 11643."""

from __future__ import annotations

import csv
import io
import json

import pytest
from ckanext.govcn.sample import content
from ckanext.govcn.sample.content import Sample, of, personal, read, taken_from
from ckanext.govcn.sample.exceptions import SampleRefused
from hypothesis import given
from hypothesis import strategies as st

PARKS = "名称,车位\n示例停车场,120\n示例广场,60\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_or_json_is_read_as_text(encoding):
    wanted = Sample(("名称", "车位"), (("示例停车场", "120"), ("示例广场", "60")))
    assert read(PARKS.encode(encoding), "csv") == wanted
    rows = [{"名称": "示例停车场", "车位": 120}, {"名称": "示例广场", "车位": 60}]
    assert read(json.dumps(rows, ensure_ascii=False).encode(encoding), "json") == wanted
    assert read(content.as_csv(wanted).encode(), "csv") == wanted


@pytest.mark.parametrize(
    "cell",
    [
        "11010519491231002X",
        "11010519491231002x",
        "身份证：11010519491231002X。",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105 19491231 002X",
        "110105491231002",
        "13812345678",
        "+86 138-1234-5678",
        "138 1234 5678",
        "1 3 8 1 2 3 4 5 6 7 8",
        "电话13812345678转",
        "0394-8261234",
        "（0394）8261234".replace("（", "").replace("）", "-"),
        "6222020000000000000",
        "E12345678",
        "zhang@example.cn",
    ],
)
def test_values_that_look_like_a_persons_are_refused_and_not_repeated(cell):
    with pytest.raises(SampleRefused) as refused:
        of(["名称", "值"], [["示例", "1"], ["示例二", cell]])
    assert "第 2 行的“值”" in refused.value.message
    assert "Row 2" in refused.value.message_en
    assert cell not in refused.value.message + refused.value.message_en


@pytest.mark.parametrize(
    "cell",
    [
        "138****5678", "110105********002X", "411602********1234", "张*", "120", "2026-11-24 10:20:30", "131.234 45.678",
        "114.6497,33.6204", "豫P***34", "1141160000593120X0", "20261124", "110105194912310021", "", "0394-****34",
        "11010519491231002Y", "2019 2020 2021",
    ],
)  # fmt: skip
def test_masked_and_ordinary_values_are_taken(cell):
    assert personal(cell) is None
    assert of(["a"], [[cell or "x"]]).rows


@given(digits=st.integers(0, 10**9 - 1), before=st.text(max_size=3), between=st.sampled_from(["", " ", "-", "  "]))
def test_no_mobile_number_is_taken_however_it_is_spaced(digits, before, between):
    number = f"1{3 + digits % 7}{digits:09d}"
    written = between.join([number[:3], number[3:7], number[7:]])
    if not any(map(str.isalnum, before)):  # a digit before it, after a blank, would be of the number
        assert personal(before + written) is not None


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        ([], []),
        (["a"], []),
        (["a"], [["1"]] * 11),
        (["a", "a"], [["1", "2"]]),
        (["a", " "], [["1", "2"]]),
        (["a"], [["1", "2"]]),
        (["a"], [["x" * 201]]),
        (["x" * 101], [["1"]]),
        ([f"c{n}" for n in range(101)], [["1"] * 101]),
        (["a"], [["\x00"]]),
        (["a"], [[["1"]]]),
        (["a"], [[{"b": 1}]]),
    ],
)
def test_what_is_no_small_table_is_refused(names, rows):
    with pytest.raises(SampleRefused) as refused:
        of(names, rows)
    assert refused.value.message
    assert refused.value.message_en


@pytest.mark.parametrize("cell", ["a\0b", "a\ud800b"])
def test_what_cannot_be_kept_is_refused(cell):
    for names, rows in (([cell], [["1"]]), (["a"], [[cell]])):
        with pytest.raises(SampleRefused):
            of(names, rows)


def test_a_file_with_too_many_rows_or_bytes_or_of_another_kind_is_refused():
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["a"], *[[str(n)] for n in range(11)]])
    for given_, kind in ((text.getvalue().encode(), "csv"), (b"a\n" + b"x" * content.LARGEST, "csv"), (b"PK", "xlsx"),
                         (b"a,b\n1\n", "csv"), (b"{}", "json"), (b"", "csv")):  # fmt: skip
        with pytest.raises(SampleRefused):
            read(given_, kind)


@given(st.binary(max_size=200), st.sampled_from(["csv", "json", "xlsx", ""]))
def test_any_bytes_are_a_sample_or_refused(wild, kind):
    try:
        found = read(wild, kind)
    except SampleRefused:
        return
    assert 1 <= len(found.rows) <= content.MOST_ROWS
    assert all(len(row) == len(found.columns) for row in found.rows)


REAL = [["东站", "13900000000", "60", "市区"], ["人民广场", "13800000000", "120", "市区"]]


@pytest.mark.parametrize(
    ("rows", "taken"),
    [
        ([["示例", "60"]], None),
        ([["示例", ""], ["人民广场", "120"]], 2),
        ([["120", "人民广场"]], 1),
        ([["东站", "120"]], None),
        ([["东站", ""]], None),
        ([["张*", "60"]], None),
    ],
)
def test_a_row_that_stands_in_the_data_is_found(rows, taken):
    assert taken_from(Sample(("名称", "车位"), tuple(map(tuple, rows))), REAL) == taken


def test_of_data_with_one_column_one_cell_is_enough():
    assert taken_from(Sample(("名称",), (("东站",),)), [["东站"], ["西站"]]) == 1
    assert taken_from(Sample(("名称",), (("北站",),)), [["东站"], ["西站"]]) is None


@pytest.mark.parametrize(
    ("entered", "real"),
    [
        (["示例停车场", "120"], ["  示例停车场 ", "120 "]),
        (["示例 停车场", "120"], ["示例\u3000\u3000停车场", "120"]),
        (["示例停车场", "１２０"], ["示例 停车场", 120]),
        (["示例停车场", True], ["示例停车场", True]),
        (["示例停车场", "TRUE"], ["示例停车场", True]),
        (["示例停车场", 1.5, None], ["示例停车场", 1.5, None]),
    ],
)
def test_a_real_row_is_found_however_it_is_written(entered, real):
    assert taken_from(of(["名称", "车位", "备注"][: len(entered)], [entered]), [real]) == 1


def test_data_that_cannot_be_compared_yet_is_not_taken_for_clean(monkeypatch):
    from types import SimpleNamespace

    from ckanext.govcn.access import files
    from ckanext.govcn.grant import rowstore
    from ckanext.govcn.grant.exceptions import RowsBusy
    from ckanext.govcn.sample import comparing

    def busy(*_stored):
        raise RowsBusy

    monkeypatch.setattr(files, "delivered_by", lambda _resource: (None, "停车场.csv"))
    monkeypatch.setattr(rowstore, "each", busy)
    package = SimpleNamespace(resources=[SimpleNamespace(id="r", state="active")])
    with pytest.raises(RowsBusy):
        comparing.taken(package, of(["名称"], [["东站"]]))
