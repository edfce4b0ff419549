"""Every table of `standards/` is what its index says, and is read as people write."""

from __future__ import annotations

import dataclasses
import gzip
import json
from pathlib import Path

import pytest
from ckanext.govcn.catalog import codes
from ckanext.govcn.catalog.entry import CatalogEntry
from ckanext.govcn.catalog.exceptions import AmbiguousNameError, UnknownTableError
from ckanext.govcn.standards.__main__ import main, mapping, sealed

CATALOGUES = Path(__file__).parents[3].parent / "shared" / "data" / "catalogues"
TABLES = [n for n, about in codes.index().items() if about.file.endswith(".csv")]


@pytest.mark.parametrize("name", codes.index())
def test_checksum_and_row_count_are_what_the_index_says(name: str) -> None:
    about = codes.source(name)
    fresh = sealed({name: {"file": about.file}})[name]
    assert (about.rows, about.sha256) == (fresh["rows"], fresh["sha256"])
    assert codes.checksum(name) == about.sha256
    assert about.title
    assert about.standard
    assert about.edition
    assert about.origin


def test_every_file_is_in_the_index() -> None:
    folder = Path(codes.__file__).parents[1] / "standards"
    files = {p.name for p in folder.iterdir() if p.suffix in {".csv", ".yaml"}} - {"index.yaml"}
    assert files == {about.file for about in codes.index().values()}


@pytest.mark.parametrize("name", TABLES)
def test_table_loads_and_every_code_has_labels(name: str) -> None:
    table = codes.table(name)
    assert table.codes
    assert len(table.rows) == len(codes.rows_of(name)), "a code is there twice"
    if table.source.key != "code":
        return
    for code in table:
        assert table.code_of(code) == code
        assert table.label(code)
        assert table.label_en(code)


@pytest.mark.parametrize(
    ("table", "written", "code"),
    [
        ("update_cycle", "每年", "7"),
        ("update_cycle", "按年更新", "7"),
        ("update_cycle", "年", "7"),
        ("update_cycle", "‘每年’", "7"),
        ("update_cycle", "每年(更新说明:暂无新业务数据产生)", "7"),
        ("update_cycle", "每天（更新说明：暂无新业务数据产生）", "2"),
        ("update_cycle", " 每 月 ", "4"),
        ("update_cycle", "即时", "1"),
        ("update_cycle", "静态数据", "9"),
        ("update_cycle", "EVERY_QUARTER", "5"),
        ("update_cycle", "P1Y", "7"),
        ("update_cycle", "7", "7"),
        ("update_cycle", "７", "7"),
        ("update_cycle", "每年更新一次", "7"),
        ("update_cycle", "1次/月", "4"),
        ("update_cycle", "逐日", "2"),
        ("update_cycle", "01", None),
        ("update_cycle", "牲畜饲养", None),
        ("update_cycle", "", None),
        ("update_cycle", None, None),
        ("share_type", "无条件共享", "1"),
        ("share_type", "条件共享", "2"),
        ("share_type", "无条件共享（需审批）", None),
        ("open_type", "不予开放", "none"),
        ("open_type", "无条件开放（需申请）", None),
        ("theme", "市场监督", "15"),
        ("theme", "城建住房，", "5"),
        ("industry", "农、林、牧、渔业", "A"),
        ("region", "411602", "411602"),
        ("region", "河南省周口市川汇区", "411602"),
        ("region", "周口市", "411600"),
        ("region", "周口", "411600"),
        ("region", "朝阳区", None),
        ("region", "吉林", None),
        ("region", "周口市淮阳县", "411626"),
        ("security_level", "1级\t不脱敏", "1"),
        ("security_level", "L4", "4"),
        ("format_class", "电子表格", "2"),
        ("format_type", "sqlServer", "sqlserver"),
        ("format_type", "SQL Server", "sqlserver"),
        ("classification", "人口", "101"),
    ],
)
def test_code_of(table: str, written: str | None, code: str | None) -> None:
    assert codes.table(table).code_of(written) == code


def test_former_regions_keep_their_label_but_are_no_choice() -> None:
    region = codes.table("region")
    assert region.label("411626") == "淮阳县"
    assert "411626" not in region.codes
    assert "411603" in region.codes


def test_several_values_in_one_cell() -> None:
    theme = codes.table("theme")
    assert theme.codes_of("城建住房,市场监督、生活服务、社会救助") == (("5", "15", "18", "16"), ())
    assert theme.codes_of("['信用服务', '市场监督']") == (("1", "15"), ())
    assert theme.codes_of("信用服务，火星开发") == (("1",), ("火星开发",))
    assert theme.codes_of("工业、交通") == (("11",), ())
    assert theme.codes_of("null") == ((), ())
    assert theme.codes_of(None) == ((), ())


@pytest.mark.parametrize("written", ["", None, " ", "null", "None", "暂无", "无", "—", "-", "NaN", "/", "[]"])
def test_nothing_given(written: str | None) -> None:
    assert codes.is_blank(written)


@pytest.mark.parametrize("written", ["0", "无条件开放", "每年", "否"])
def test_something_given(written: str) -> None:
    assert not codes.is_blank(written)


@pytest.mark.parametrize(
    ("written", "flag"),
    [("是", True), ("1", True), ("√", True), ("否", False), ("×", False), ("N", False), ("有时", None)],
)
def test_flags(written: str, flag: bool | None) -> None:
    assert codes.flag_of(written) is flag


def test_unknown_things_never_break_a_page() -> None:
    cycle = codes.table("update_cycle")
    assert cycle.label("nonsense") == "nonsense"
    assert cycle.label_en("nonsense") == "nonsense"
    assert cycle.attribute("nonsense", "days") == ""
    assert cycle.attribute("7", "no_such_column") == ""


def test_unknown_table_and_ambiguous_name_say_what_to_do() -> None:
    with pytest.raises(UnknownTableError, match=r"index\.yaml"):
        codes.table("no_such_table")
    rows = {"1": {"code": "1", "label": "同名"}, "2": {"code": "2", "label": "同 名"}}
    with pytest.raises(AmbiguousNameError, match="同名"):
        codes._names_of(codes.source("share_type"), rows)


def test_unverified_values_are_marked() -> None:
    classification = codes.table("classification")
    assert classification.basis_verified("307")
    assert not classification.basis_verified("211")
    assert not codes.table("province_node").basis_verified("410000")


FREQUENCY = {"更新频率", "更新周期", "更新频度"}


@pytest.mark.skipif(not CATALOGUES.is_dir(), reason="../shared/data/catalogues is not here")
def test_all_real_spellings_of_the_update_cycle_are_read() -> None:
    cycle = codes.table("update_cycle")
    spellings: set[str] = set()
    for path in sorted(CATALOGUES.glob("*.json.gz")):
        for record in json.loads(gzip.decompress(path.read_bytes())):
            spellings |= {str(record[k]) for k in FREQUENCY & record.keys()}
    unread = {s for s in spellings if not codes.is_blank(s) and cycle.code_of(s) is None}
    assert unread == {"牲畜饲养"}


def test_the_mapping_page_is_what_the_tables_say() -> None:
    page = Path(__file__).parents[3] / "docs" / "mapping.md"
    assert page.read_text("utf-8") == mapping(), "run: python -m ckanext.govcn.standards mapping > docs/mapping.md"


def test_the_mapping_names_every_field_of_an_entry() -> None:
    mapped = {row["field"].split(".")[0] for row in codes.rows_of("mapping")}
    fields = {field.name for field in dataclasses.fields(CatalogEntry)}
    assert fields - mapped == {"code_provisional", "open_label", "unread"}
    assert mapped <= fields


def test_the_tool_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
