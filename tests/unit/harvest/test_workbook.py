"""The department's workbook: template → filled in → read → the same entries; marked → mended → clean. All made up."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from ckanext.govcn.catalog import checks, codes
from ckanext.govcn.catalog.entry import CatalogEntry, Item, Provider, Resource
from ckanext.govcn.spreadsheet.guard import MACROS
from contracts.making import workbook
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from harvesters.exceptions import SourceRefused, TextTooLong, UnreadableEt, UnreadableSource
from harvesters.extract import unpack
from harvesters.normalize import headings, readers
from harvesters.preview import main
from harvesters.reading import Reading, read
from harvesters.source import source_of_file
from harvesters.workbook import sheet as sheets
from harvesters.workbook import upload
from harvesters.workbook.layout import STAR, layout
from harvesters.workbook.marking import Marked, marked, parted
from harvesters.workbook.template import HEADINGS, template

NOW = datetime(2026, 11, 24, tzinfo=UTC)
DEPARTMENT = "示例市水利局"
GOOD = CatalogEntry(
    title="河道水位监测站",
    notes="全市主要河道水位监测站的名称、位置和逐日水位，供防汛和公众查询使用。",
    provider=Provider(DEPARTMENT),
    format_class="3",
    formats=("mysql",),
    items=(Item("站点名称", data_type="C", length="50"), Item("水位", data_type="N", length="10,2")),
    share_type="1",
    share_use="工作参考",
    share_scope="各级政务部门",
    share_method_class="1",
    share_method="table",
    open_type="unconditional",
    access_mode="anonymous",
    open_label="无条件开放",
    update_cycle="7",
    pub_date="2024-03-01",
)


def saved(folder: Path, data: bytes, name: str = "目录.xlsx") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def reading_of(path: Path) -> Reading:
    return read(upload.source_of(path, provider=DEPARTMENT))


def checked(path: Path) -> Marked:
    return marked(path.read_bytes(), path.name, reading_of(path), NOW)


def opened(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))


def at(sheet: Any, row: int, name: str) -> Any:
    """The cell of our template under a heading."""
    names = {str(cell.value).strip(STAR): cell.column for cell in sheet[HEADINGS] if cell.value}
    return sheet.cell(row, names[name])


def edited(data: bytes, *changes: tuple[int, str, str | None]) -> bytes:
    book = opened(data)
    for row, name, value in changes:
        at(book[layout().sheet], row, name).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def marks_of(data: bytes, row: int) -> tuple[str, str]:
    sheet = opened(data)[layout().sheet]
    assert [sheet.cell(HEADINGS, sheet.max_column - n).value for n in (1, 0)] == ["问题", "改法"]
    return sheet.cell(row, sheet.max_column - 1).value or "", sheet.cell(row, sheet.max_column).value or ""


class TestTheTemplate:
    def test_every_heading_is_one_that_recognition_knows_by_its_whole_name(self) -> None:
        for column in layout().columns:
            found = headings.exact(column.heading)
            assert found is not None
            assert found[:2] == (column.field, headings.EXACT), column.heading

    @pytest.mark.parametrize(
        ("field", "table"),
        [
            (name, name)
            for name in ("update_cycle", "security_level", "share_method_class", "format_class", "data_source")
        ],
    )
    def test_every_choice_is_read_as_the_code_it_stands_for(self, tmp_path: Path, field: str, table: str) -> None:
        entries = [(f"k{code}", replace(GOOD, **{field: code})) for code in codes.table(table)]
        reading = reading_of(saved(tmp_path, template(entries, DEPARTMENT)))
        assert [getattr(entry, field) for entry in reading.entries] == list(codes.table(table))

    @pytest.mark.parametrize(
        ("field", "table"), [("theme", "theme"), ("industry", "industry"), ("formats", "format_type")]
    )
    def test_all_choices_in_one_cell_are_told_apart(self, tmp_path: Path, field: str, table: str) -> None:
        every = tuple(codes.table(table))
        reading = reading_of(saved(tmp_path, template([("a", replace(GOOD, **{field: every}))], DEPARTMENT)))
        assert getattr(reading.entries[0], field) == every

    def test_a_blank_one_has_no_entry_and_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableSource):
            reading_of(saved(tmp_path, template((), DEPARTMENT)))

    def test_the_department_above_the_table_provides_what_names_nobody(self, tmp_path: Path) -> None:
        entry = replace(GOOD, provider=Provider())
        path = saved(tmp_path, template([("a", entry)], "示例市教育局"))
        assert read(upload.source_of(path)).entries[0].provider.name == "示例市教育局"

    def test_values_are_texts_whatever_they_begin_with(self) -> None:
        titles = ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "001"]
        data = template([(title, replace(GOOD, title=title, items=())) for title in titles])
        sheet = opened(data)[layout().sheet]
        cells = [at(sheet, HEADINGS + 1 + n, "信息资源名称") for n in range(len(titles))]
        assert [cell.value for cell in cells] == titles
        assert {(cell.data_type, cell.number_format, cell.quotePrefix) for cell in cells} == {("s", "@", True)}

    def test_drop_downs_stand_on_named_ranges_of_a_hidden_sheet(self) -> None:
        book = opened(template())
        assert book[layout().lists].sheet_state == "hidden"
        rules = book[layout().sheet].data_validations.dataValidation
        assert {rule.formula1 for rule in rules if rule.type == "list"} <= {f"={n}" for n in book.defined_names} | set(
            book.defined_names
        )
        assert len(rules) == len(layout().columns)
        assert all(len(rule.prompt) <= 255 and len(rule.promptTitle) <= 32 for rule in rules)

    def test_a_text_that_no_cell_holds_is_not_cut(self) -> None:
        with pytest.raises(TextTooLong):
            template([("a", replace(GOOD, notes="水" * 40_000))])

    def test_it_says_what_each_column_is(self) -> None:
        about = opened(template())[layout().about]
        listed = {row[1] for row in about.iter_rows(values_only=True)}
        assert {column.name for column in layout().columns} <= listed

    def test_other_readers_find_the_table_and_nothing_else(self, tmp_path: Path) -> None:
        path = saved(tmp_path, template([("a", GOOD)], DEPARTMENT))
        assert [entry.title for entry in read(source_of_file(path)).entries] == [GOOD.title]


def prose(least: int = 1) -> st.SearchStrategy[str]:
    """Texts as they are stored: readers leave them as they are, and no rule takes them for a mark of secrecy."""
    alphabet = st.one_of(
        st.sampled_from("水利局停车场名称位置监测2024=+-@'\"<&>%，。（）ab"),
        st.characters(codec="gb2312", categories=("L", "N")),
    )
    return st.text(alphabet, min_size=least, max_size=30).filter(
        lambda text: (
            readers.given(text) == text == readers.prose(text) == " ".join(text.split())
            and not readers.is_missing(text)
        )
    )


def chosen(table: str) -> st.SearchStrategy[str]:
    return st.sampled_from(["", *codes.table(table)])


def many(table: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(list(codes.table(table))), unique=True, max_size=4).map(tuple)


DAYS = st.one_of(st.just(""), st.dates(date(1950, 1, 1), date(2026, 1, 1)).map(str))
ITEMS = st.builds(
    Item,
    name=prose(),
    name_en=st.one_of(st.just(""), st.from_regex(r"\A[a-z_]{2,12}\Z")),
    data_type=chosen("data_type"),
    length=st.sampled_from(["", "10", "18,2", "007"]),
    description=st.one_of(st.just(""), prose()),
    primary_key=st.sampled_from([True, False, None]),
    nullable=st.sampled_from([True, False, None]),
    share_type=chosen("share_type"),
    open_type=chosen("open_type"),
)
LEVELS = st.sampled_from(
    [("", ""), ("unconditional", "anonymous"), ("unconditional", "login"), ("conditional", ""), ("none", "")]
)
ENTRIES = st.builds(
    lambda level, **values: CatalogEntry(open_type=level[0], access_mode=level[1], **values),
    level=LEVELS,
    title=prose(2),
    notes=st.one_of(st.just(""), prose()),
    source_code=st.sampled_from(["", "307016/000001", "0012"]),
    provider=st.just(Provider(DEPARTMENT, "990100")),
    theme=many("theme"),
    industry=many("industry"),
    formats=many("format_type"),
    format_class=chosen("format_class"),
    update_cycle=chosen("update_cycle"),
    security_level=chosen("security_level"),
    share_type=chosen("share_type"),
    share_method=chosen("share_method"),
    share_condition=st.one_of(st.just(""), prose()),
    open_condition=st.one_of(st.just(""), prose()),
    pub_date=DAYS,
    data_updated=DAYS,
    record_count=st.one_of(st.none(), st.integers(0, 10**9)),
    tags=st.lists(st.sampled_from(["停车", "水位", "公交"]), unique=True).map(tuple),
    contact_phone=st.sampled_from(["", "0394-8234567"]),
    items=st.lists(ITEMS, max_size=3, unique_by=lambda item: item.name).map(tuple),
    resources=st.sampled_from([(), (Resource("https://data.example.gov.cn/1.csv"),)]),
)


def comparable(entry: CatalogEntry) -> CatalogEntry:
    """Without what the source's own words add: the label of a level, and the class that the types alone say."""
    return replace(entry, open_label="", format_class="")


class TestRoundTrip:
    @given(entries=st.lists(ENTRIES, min_size=1, max_size=6))
    @settings(
        max_examples=25,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    def test_what_was_filled_in_is_what_is_read(self, tmp_path: Path, entries: list[CatalogEntry]) -> None:
        keyed = [(f"key-{n}", entry) for n, entry in enumerate(entries)]
        reading = reading_of(saved(tmp_path, template(keyed, DEPARTMENT)))
        read_back = {record.remote_id: entry for record, entry in zip(reading.distinct, reading.entries, strict=True)}
        assert reading.refused_rows == []
        for key, entry in keyed:
            assert comparable(read_back[key]) == comparable(entry)

    def test_an_entry_that_breaks_no_rule_comes_back_clean(self, tmp_path: Path) -> None:
        result = checked(saved(tmp_path, template([("a", GOOD), ("b", replace(GOOD, title="水库水位"))], DEPARTMENT)))
        assert result.findings == []
        assert result.clean
        assert (result.records, result.refused) == (2, 0)
        book = opened(result.content)
        assert book.sheetnames[-1] == "检查结果"


class TestMarks:
    def test_wrong_cells_are_red_and_say_why(self, tmp_path: Path) -> None:
        data = edited(
            template([("a", GOOD), ("b", replace(GOOD, title="水库水位"))], DEPARTMENT),
            (HEADINGS + 1, "更新周期", "想起来就更新"),
            (HEADINGS + 2, "数据类型", "汉字"),
        )
        result = checked(saved(tmp_path, data))
        sheet = opened(result.content)[layout().sheet]
        cycle, kind = at(sheet, HEADINGS + 1, "更新周期"), at(sheet, HEADINGS + 2, "数据类型")
        assert cycle.fill.fgColor.rgb == kind.fill.fgColor.rgb == sheets.RED
        assert "E22" in cycle.comment.text
        assert "E12" in kind.comment.text
        assert cycle.value == "想起来就更新"
        problem, remedy = marks_of(result.content, HEADINGS + 1)
        assert "更新周期“想起来就更新”无法识别" in problem
        assert remedy.startswith("请选择")
        assert "汉字" in marks_of(result.content, HEADINGS + 2)[0]
        assert marks_of(result.content, HEADINGS + 3) == ("", "")
        assert not result.clean
        assert result.to_json()["by_rule"] == {"E22": 1, "E12": 1, "W13": 1}

    def test_the_next_round_takes_the_marks_away(self, tmp_path: Path) -> None:
        start = template([("a", GOOD)], DEPARTMENT)
        first = checked(saved(tmp_path, edited(start, (HEADINGS + 1, "更新周期", "想起来就更新"))))
        again = checked(saved(tmp_path, first.content))
        assert again.findings == first.findings
        mended = checked(saved(tmp_path, edited(first.content, (HEADINGS + 1, "更新周期", "每年"))))
        assert mended.clean
        sheet = opened(mended.content)[layout().sheet]
        cell = at(sheet, HEADINGS + 1, "更新周期")
        assert cell.comment is None
        assert cell.fill.fill_type is None
        assert marks_of(mended.content, HEADINGS + 1) == ("", "")
        assert opened(mended.content).sheetnames.count("检查结果") == 1

    def test_a_cells_own_colour_and_the_clerks_notes_return(self, tmp_path: Path) -> None:
        book = opened(template([("a", GOOD)], DEPARTMENT))
        cell = at(book[layout().sheet], HEADINGS + 1, "更新周期")
        cell.value = "想起来就更新"
        cell.fill = openpyxl.styles.PatternFill("solid", fgColor="FF00B0F0")
        cell.comment = openpyxl.comments.Comment("问问处长", "经办人")
        out = io.BytesIO()
        book.save(out)
        first = checked(saved(tmp_path, out.getvalue()))
        assert at(opened(first.content)[layout().sheet], HEADINGS + 1, "更新周期").fill.fgColor.rgb == sheets.RED
        mended = checked(saved(tmp_path, edited(first.content, (HEADINGS + 1, "更新周期", "每年"))))
        cell = at(opened(mended.content)[layout().sheet], HEADINGS + 1, "更新周期")
        assert cell.fill.fgColor.rgb == "FF00B0F0"
        assert cell.comment.text == "问问处长"

    def test_marks_are_no_part_of_what_is_read(self, tmp_path: Path) -> None:
        path = saved(
            tmp_path, workbook({"目录": [["信息资源名称", "提供方", "更新周期"], ["河道", DEPARTMENT, "想起来"]]})
        )
        before = reading_of(path)
        after = reading_of(saved(tmp_path, checked(path).content))
        assert [record.hash for record in after.distinct] == [record.hash for record in before.distinct]
        assert [outcome.remote_id for outcome in after.outcomes] == [outcome.remote_id for outcome in before.outcomes]

    def test_a_new_row_keeps_its_identity_while_it_is_mended(self, tmp_path: Path) -> None:
        data = template([("a", GOOD), ("", replace(GOOD, title="新增的目录"))], DEPARTMENT)
        first = checked(saved(tmp_path, data))
        ids = [outcome.remote_id for outcome in reading_of(saved(tmp_path, data)).outcomes]
        renamed = edited(first.content, (HEADINGS + 3, "信息资源名称", "改了名的目录"))
        assert [outcome.remote_id for outcome in reading_of(saved(tmp_path, renamed)).outcomes] == ids

    def test_a_row_copied_with_its_key_is_sent_back(self, tmp_path: Path) -> None:
        result = checked(saved(tmp_path, template([("a", GOOD), ("a", replace(GOOD, title="水库水位"))], DEPARTMENT)))
        found = [(finding.row, finding.rule) for finding in result.findings if finding.rule == "key"]
        assert found == [(HEADINGS + 3, "key")]
        assert not result.clean

    def test_a_problem_of_a_column_that_is_not_there_is_on_the_row(self, tmp_path: Path) -> None:
        path = saved(tmp_path, workbook({"目录": [["信息资源名称", "提供方"], ["河道水位", DEPARTMENT]]}))
        result = checked(path)
        sheet = opened(result.content)["目录"]
        assert [cell.value for cell in sheet[1]] == ["信息资源名称", "提供方", "问题", "改法"]
        assert "更新周期为空" in sheet.cell(2, 3).value
        assert sheet.cell(2, 3).fill.fgColor.rgb == sheets.RED

    def test_merged_cells_and_other_sheets_stay(self, tmp_path: Path) -> None:
        rows = [
            ["信息资源名称", "提供方", "更新周期", "信息项名称", "数据类型", "数据长度"],
            ["河道", DEPARTMENT, "想起来", "站名", "C", "10"],
            [None, None, None, "水位", "汉字", "10"],
        ]
        path = saved(
            tmp_path, workbook({"目录": rows, "说明": [["本表由办公室汇总"]]}, {"目录": ["A2:A3", "B2:B3", "C2:C3"]})
        )
        book = opened(checked(path).content)
        assert book.sheetnames == ["目录", "说明", "检查结果"]
        assert {str(each) for each in book["目录"].merged_cells.ranges} == {"A2:A3", "B2:B3", "C2:C3"}
        assert book["目录"]["C2"].fill.fgColor.rgb == sheets.RED
        assert book["目录"]["E3"].fill.fgColor.rgb == sheets.RED
        assert [[cell.value for cell in row] for row in book["说明"]] == [["本表由办公室汇总"]]

    def test_csv_and_old_workbooks_come_back_as_xlsx(self, tmp_path: Path) -> None:
        path = saved(
            tmp_path,
            f"信息资源名称,提供方,编码\n河道,{DEPARTMENT},001\n=1+1,{DEPARTMENT},002\n".encode("gb18030"),
            "目录.csv",
        )
        result = checked(path)
        sheet = opened(result.content)["目录"]
        assert (sheet["C2"].value, sheet["A3"].value, sheet["A3"].data_type) == ("001", "=1+1", "s")
        assert "csv" in result.notes[0]
        old = (Path(__file__).parents[2] / "data" / "catalogue.xls").read_bytes()
        assert "xls" in checked(saved(tmp_path, old, "目录.xls")).notes[0]

    def test_every_sentence_of_the_rules_says_what_is_wrong_and_what_to_do(self) -> None:
        for rule in checks.rule_ids():
            for case in checks.about(rule)["cases"].values():
                wrong, remedy = parted(case["zh"])
                assert wrong, case["zh"]
                assert remedy != parted("")[1], case["zh"]

    def test_a_value_in_quotes_is_never_cut(self) -> None:
        assert parted("名称“先停，请等”太长，请缩短") == ("名称“先停，请等”太长", "请缩短")


SECRET = "某某专项行动名单"  # noqa: S105 - made up


class TestSecretRows:
    def test_what_a_secret_row_said_is_nowhere_in_the_answer(self, tmp_path: Path) -> None:
        rows = [
            ["信息资源名称", "提供方", "摘要", "涉密标识", "信息项名称", "数据类型"],
            ["河道水位", DEPARTMENT, "水位监测", "否", "站名", "C"],
            [SECRET, DEPARTMENT, SECRET, "是", SECRET, "C"],
            [None, None, None, None, SECRET, "C"],
            ["水库水位", DEPARTMENT, "水位监测", "否", "站名", "C"],
        ]
        book = opened(workbook({"目录": rows}))
        book["目录"]["A3"].comment = openpyxl.comments.Comment(SECRET, "经办人")
        out = io.BytesIO()
        book.save(out)
        result = checked(saved(tmp_path, out.getvalue()))
        with zipfile.ZipFile(io.BytesIO(result.content)) as archive:
            for part in archive.namelist():
                assert SECRET.encode() not in archive.read(part), part
        assert SECRET not in str(result.to_json())
        assert [(f.row, f.rule, f.column) for f in result.findings if f.rule == "E26"] == [(3, "E26", "")]
        sheet = opened(result.content)["目录"]
        assert [sheet.cell(row, 1).value for row in (2, 3, 4, 5)] == ["河道水位", None, None, "水库水位"]
        again = reading_of(saved(tmp_path, result.content))
        assert [entry.title for entry in again.entries] == ["河道水位", "水库水位"]

    def test_a_mark_above_the_table_empties_the_sheet(self, tmp_path: Path) -> None:
        rows = [["密级：机密", SECRET], ["信息资源名称", "提供方"], [SECRET, DEPARTMENT]]
        result = checked(saved(tmp_path, workbook({"目录": rows})))
        with zipfile.ZipFile(io.BytesIO(result.content)) as archive:
            assert all(SECRET.encode() not in archive.read(part) for part in archive.namelist())


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The same zip with one part more, or another one in its place."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return out.getvalue()


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData>%s</worksheet>'


class TestLimits:
    @pytest.mark.parametrize(
        "part",
        [
            SHEET % (b"", b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
            SHEET % (b"", b"<mergeCells><mergeCell ref='A1:XFD1048576'/></mergeCells>"),
            SHEET % (b"", b'<hyperlinks><hyperlink ref="A1:XFD1048576"/></hyperlinks>'),
            SHEET % (b"<row>" + b"<c/>" * 2_000_000 + b"</row>", b""),
        ],
        ids=["merged", "merged-quoted-otherwise", "linked", "cells"],
    )
    def test_what_unfolds_without_end_is_refused_before_it_is_opened(self, part: bytes) -> None:
        data = with_part(workbook({"目录": [["信息资源名称", "提供方"]]}), "xl/worksheets/sheet1.xml", part)
        with pytest.raises(SourceRefused):
            upload.guard(data, "a.xlsx")

    def test_entities_are_refused_in_any_encoding(self) -> None:
        declared = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>'.encode("utf-16")
        data = with_part(workbook({"目录": [["信息资源名称"]]}), "xl/sharedStrings.xml", declared)
        with pytest.raises(UnreadableSource, match="DOCTYPE"):
            upload.guard(data, "a.xlsx")

    def test_a_bomb_is_refused(self) -> None:
        data = with_part(workbook({"目录": [["信息资源名称"]]}), "xl/media/a.xml", b" " * (64 << 20))
        with pytest.raises(SourceRefused):
            upload.guard(data, "a.xlsx")

    def test_macros_and_outside_links_are_left_out_and_said(self, tmp_path: Path) -> None:
        data = template([("a", GOOD)], DEPARTMENT)
        data = with_part(data, MACROS, b"\xd0\xcf\x11\xe0")
        data = with_part(data, "xl/externalLinks/externalLink1.xml", b"<externalLink/>")
        result = checked(saved(tmp_path, data, "目录.xlsm"))
        with zipfile.ZipFile(io.BytesIO(result.content)) as archive:
            assert not [part for part in archive.namelist() if "vba" in part or "external" in part]
        assert len(result.notes) == 2

    def test_too_large_a_file_is_not_read(self, tmp_path: Path) -> None:
        path = tmp_path / "大.xlsx"
        with path.open("wb") as file:
            file.truncate(upload.allowed().limits.bytes + 1)
        with pytest.raises(SourceRefused, match="MB"):
            upload.source_of(path)

    def test_json_is_no_workbook(self, tmp_path: Path) -> None:
        path = saved(tmp_path, '[{"信息资源名称": "河道", "提供方": "示例市水利局"}]'.encode(), "a.json")
        with pytest.raises(UnreadableSource, match="xlsx"):
            checked(path)


class TestEt:
    def test_an_old_workbook_inside_is_read(self, tmp_path: Path) -> None:
        old = (Path(__file__).parents[2] / "data" / "catalogue.xls").read_bytes()
        assert len(reading_of(saved(tmp_path, old, "目录.et")).entries) == 2

    def test_a_new_workbook_inside_is_read(self, tmp_path: Path) -> None:
        assert len(reading_of(saved(tmp_path, template([("a", GOOD)]), "目录.et")).entries) == 1

    @pytest.mark.parametrize(
        "data",
        [
            unpack.OLE + b"\x00" * 1024,
            b"WPS\x00\x01\x02" * 100,
            with_part(b"PK\x05\x06" + b"\x00" * 18, "et/document.bin", b"\x00"),
        ],
        ids=["ole", "own-bytes", "own-zip"],
    )
    def test_what_only_wps_can_read_is_refused_with_what_to_do(self, tmp_path: Path, data: bytes) -> None:
        with pytest.raises(UnreadableEt) as refused:
            reading_of(saved(tmp_path, data, "目录.et"))
        assert refused.value.message == "请用 WPS 另存为 xlsx"
        assert refused.value.message_en == "Open it in WPS and save it as xlsx"


class TestCommands:
    def test_template_and_mark(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        blank = tmp_path / "模板.xlsx"
        assert main(["template", "--output", str(blank), "--json"]) == 0
        filled = saved(tmp_path, template([("a", replace(GOOD, update_cycle=""))], DEPARTMENT))
        capsys.readouterr()
        assert main(["mark", str(filled), "--output", str(tmp_path / "退回.xlsx"), "--json"]) == 1
        assert '"E22": 1' in capsys.readouterr().out
        assert main(["mark", str(filled), "--output", str(filled)]) == 2
        assert main(["mark", str(tmp_path / "没有.xlsx"), "--output", str(blank)]) == 2
