"""Workbooks and csv as departments make them: layouts A–F, two-row headings, one dataset over many rows, notes."""

from __future__ import annotations

from pathlib import Path

import pytest
from contracts.making import packed, reading_of, workbook

from harvesters.exceptions import SourceRefused, UnreadableSource
from harvesters.reading import Reading
from harvesters.source import Limits

HEADINGS = ["信息资源名称", "信息资源提供方", "信息资源摘要", "更新周期", "发布日期", "开放类型"]
ROWS = [
    ["公共厕所信息", "示例市城市管理局", "全市公共厕所的名称、位置和开放时间", "每年", "2024-01-05", "无条件开放"],
    ["停车场泊位信息", "示例市交通运输局", "全市公共停车场的泊位数量和收费标准", "每月", "2024/1/6", "有条件开放"],
]
CSV = "\r\n".join(",".join(row) for row in [HEADINGS, *ROWS])
ITEMS = ["信息项名称", "数据类型", "数据长度"]


def titles(reading: Reading) -> list[str]:
    return [entry.title for entry in reading.entries]


def items(reading: Reading) -> list[list[str]]:
    return [[item.name for item in entry.items] for entry in reading.entries]


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv", "a.xlsx.gz", "renamed.dat"])
def test_what_the_file_is_decides_not_its_name(tmp_path: Path, name: str) -> None:
    data = CSV.encode() if name == "a.csv" else workbook({"目录": [HEADINGS, *ROWS]})
    reading = reading_of(tmp_path, name, packed(data) if name.endswith(".gz") else data)
    assert titles(reading) == ["公共厕所信息", "停车场泊位信息"]
    assert [e.pub_date for e in reading.entries] == ["2024-01-05", "2024-01-06"]
    assert [o.place.row for o in reading.outcomes] == [2, 3]


def test_an_old_workbook_is_read(tmp_path: Path) -> None:
    data = (Path(__file__).parents[2] / "data" / "catalogue.xls").read_bytes()
    reading = reading_of(tmp_path, "catalogue.xls", data)
    assert titles(reading) == ["公共厕所信息", "停车场泊位信息"]
    assert reading.entries[0].pub_date == "2024-01-05"
    assert items(reading) == [["名称", "位置"], ["泊位数"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_csv_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    assert titles(reading_of(tmp_path, "a.csv", CSV.encode(encoding))) == ["公共厕所信息", "停车场泊位信息"]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_csv_with_other_delimiters(tmp_path: Path, delimiter: str) -> None:
    text = "\n".join(delimiter.join(row) for row in [HEADINGS, *ROWS])
    assert titles(reading_of(tmp_path, "a.csv", text.encode())) == ["公共厕所信息", "停车场泊位信息"]


def test_csv_rows_keep_the_number_of_their_line(tmp_path: Path) -> None:
    text = 'title,notes,updateCycle\n"公厕","第一行\n第二行",每年\n停车场,说明,每月\n'
    assert [o.place.row for o in reading_of(tmp_path, "a.csv", text.encode()).outcomes] == [2, 4]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("名稱,提供單位\n臺灣資料開放平臺,處理機關\n".encode("big5"), "编码"),
        ("名称,提供单位\n公厕,市局".encode() + b"\xff\xfe\x00\xff", "编码|空字节"),
        (b"", "空的"),
        (b"<!DOCTYPE html><html><body>login</body></html>", "网页"),
        (b"%PDF-1.7 ...", "不是目录文件"),
        ('名称,提供单位\n"公厕,市局\n停车场,市局'.encode(), "引号没有配对"),
        (workbook({"目录": [HEADINGS, *ROWS]})[:2000], "损坏|不完整"),
        (packed(CSV.encode())[:-20], "不完整"),
        (b"\x1f\x8b" + b"x" * 50, "损坏"),
        (b"PK\x03\x04" + b"x" * 50, "损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 5000, "打不开"),
        ("随便写的一行字".encode(), "没有找到目录表"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why_and_what_to_do(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(UnreadableSource, match=why):
        reading_of(tmp_path, "a.csv", data)


def test_limits_on_rows_columns_cells_and_unpacked_size(tmp_path: Path) -> None:
    long = CSV + "\n" + ",".join(["长" * 400, "局", "", "", "", ""])
    for limits, data, why in [
        (Limits(rows=2), CSV.encode(), "超过 2 行"),
        (Limits(columns=3), CSV.encode(), "超过 3 列"),
        (Limits(cell=100), long.encode(), "单元格"),
        (Limits(bytes=50_000), packed(b"0" * 10_000_000), "解压后"),
        (Limits(bytes=3_000), workbook({"目录": [HEADINGS, *ROWS]})[:] + b"", "超过大小|解压后"),
    ]:
        with pytest.raises((SourceRefused, UnreadableSource), match=why):
            reading_of(tmp_path, "a.csv", data, limits=limits)


def test_bombs_are_not_unpacked(tmp_path: Path) -> None:
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 60_000_000)
    for data in (packed(b"\n" * 60_000_000), out.getvalue()):
        with pytest.raises(SourceRefused, match="压缩比"):
            reading_of(tmp_path, "bomb", data)


def test_title_and_notes_around_the_table_and_its_reporter(tmp_path: Path) -> None:
    """标题、填报单位 above; template rows, repeated headings, totals and notes below are no records."""
    rows = [
        ["示例市公共数据资源目录"],
        ["填报单位：示例市水利局", None, "填报日期：2024-01-05"],
        [],
        ["序号", "信息资源名称", "信息资源摘要", "更新周期"],
        ["1（模板数据，请删除后使用）", "示例名称", "示例摘要", "每年"],
        [1, "河道水位信息", "全市主要河道的实时水位监测数据", "实时"],
        ["序号", "信息资源名称", "信息资源摘要", "更新周期"],
        [2, "水库信息", "全市水库的基本情况和库容信息", "每年"],
        ["合计"],
        ["注：本目录由示例市水利局负责解释。"],
        ["填表人：", None, "审核人："],
    ]
    reading = reading_of(tmp_path, "a.xlsx", workbook({"目录": rows}, {"目录": ["A1:D1"]}))
    assert titles(reading) == ["河道水位信息", "水库信息"]
    assert {e.provider.name for e in reading.entries} == {"示例市水利局"}
    assert [o.place.row for o in reading.outcomes] == [6, 8]


def test_headings_that_nobody_knows_are_the_first_full_row(tmp_path: Path) -> None:
    """Cells of data that look like headings (行业, 名称信息) do not make a row of data the heading."""
    rows = [["c0", "c1", "c2", "c3", "c4"], *([f"行业名称信息{n}", "市统计局", "行业分类", "每年", "2024-01-05"] for n in "甲乙丙丁")]
    reading = reading_of(tmp_path, "a.xlsx", workbook({"s": [["示例市目录"], *rows]}))
    assert (reading.records, list(reading.recognition.fields)) == (4, ["c0", "c1", "c2", "c3", "c4"])
    assert reading.recognition.fields["c3"] == "update_cycle"


TWO_ROWS = [
    ["序号", "部门类信息资源分类", "项分类", "目分类", "细目分类1", "细目分类2", "关联分类", "信息资源代码", "信息资源名称",
     "内设部门名称", "信息资源摘要", "信息资源格式", None, None, "信息项信息", None, None, None, None, "共享属性", None,
     "开放属性", None, "更新周期", "发布日期"],
    [None] * 11 + ["信息资源格式分类", "信息资源格式类型", "其他类型资源格式描述", "信息项名称", "数据元", "关联代码集",
     "数据类型", "数据长度", "共享类型", "共享条件/不予共享依据", "是否向社会开放", "开放条件", None, None],
]  # fmt: skip
SPANS = [f"{c}1:{c}2" for c in "ABCDEFGHIJK"] + ["L1:N1", "O1:S1", "T1:U1", "V1:W1", "X1:X2", "Y1:Y2"]


@pytest.mark.parametrize("merged", [True, False])
def test_layout_c_two_row_heading_with_variable_columns(tmp_path: Path, merged: bool) -> None:
    """Dataset cells merged down over the items, or filled on the first row only."""

    def row(number: int | None, code: str | None, title: str | None, item: str, type_: str) -> list[object]:
        return [number, "部门类", "省及以下", "示例省", "示例市", None, None, code, title, "信息科", None if title is None else
                "摘要写明数据的内容、范围和用途", "数据库", "mysql", None, item, None, None, type_, 20, "无条件共享", None,
                "是", "无条件开放", "每年", "2024-01-05"]  # fmt: skip

    rows = [
        *TWO_ROWS,
        row(1, "307001/1", "河道水位信息", "河道名称", "字符型C"),
        row(None, None, None, "水位", "数值型N"),
        row(2, "307001/2", "水库信息", "水库名称", "字符型C"),
        row(None, None, None, "库容", "数值型N"),
        row(None, None, None, "位置", "字符型C"),
    ]
    spans = [*SPANS, "I3:I4", "K3:K4", "H3:H4", "I5:I7", "K5:K7", "H5:H7"] if merged else []
    reading = reading_of(tmp_path, "c.xlsx", workbook({"产生清单": rows}, {"产生清单": spans}))
    assert titles(reading) == ["河道水位信息", "水库信息"]
    assert items(reading) == [["河道名称", "水位"], ["水库名称", "库容", "位置"]]
    first = reading.entries[0]
    assert (first.source_code, first.open_type, first.share_type, first.formats) == (
        "307001/1", "unconditional", "1", ("mysql",)
    )  # fmt: skip
    assert (first.items[1].data_type, first.items[1].length) == ("N", "20")


def test_layout_a_export_with_a_split_tree_of_classes(tmp_path: Path) -> None:
    heading = [
        "信息资源分类", *[None] * 25, "数据集名称", "信息资源代码", "信息资源提供方", "资源提供方(内部)部门", "资源提供方代码",
        "信息资源摘要", "信息资源格式分类", "格式类型", None, "数据存储总量", "结构化信息记录总数", "已共享的数据存储量",
        "已共享的结构化记录数", "已开放的数据存储量", "已开放的结构化记录数", "信息项名称", "数据类型", "数据长度", "共享类型", "共享条件",
        "共享方式分类", "共享方式类型", "是否向社会开放", "开放条件", "更新周期", "发布日期",
    ]  # fmt: skip
    row = [
        "主题信息资源", "公共服务", *[None] * 24, "公交站点信息", "201001/1", "示例市交通运输局", "信息科", None,
        "全市公交站点的名称、位置和途经线路", "数据库", "mysql", None, "2", "300", "1", "300", "1", "300", "站点名称", "字符型C", "50",
        "无条件共享", None, "共享平台", "接口", "是", "无", "每月", "2024/01/05",
    ]  # fmt: skip
    more = [*[None] * 41, "经度", "数值型N", "10,6", *[None] * 8]
    reading = reading_of(tmp_path, "a.xlsx", workbook({"s": [heading, row, more]}))
    entry = reading.entries[0]
    assert (titles(reading), items(reading)) == (["公交站点信息"], [["站点名称", "经度"]])
    assert (entry.open_type, entry.update_cycle, entry.pub_date, entry.record_count) == (
        "unconditional", "4", "2024-01-05", 300
    )  # fmt: skip
    assert (entry.share_type, entry.format_class, entry.provider.unit) == ("1", "3", "信息科")


def test_layout_d_import_order(tmp_path: Path) -> None:
    heading = [
        "类分类1", "类分类2", "类分类3", "类分类4", "类分类5", "项", "目", "细目", "资源名称", "信息资源代码", "", "信息资源提供方部门",
        "信息资源摘要", "信息资源存储类别", "信息资源存储格式", "更新周期", "", "信息项中文名", "信息项数据类型", "字段长度", "共享类型",
        "共享条件", "是否向社会开放", "开放条件", "发布日期", "备注",
    ]  # fmt: skip
    row = [
        "部门类", None, None, None, None, "省及以下", "示例省", "示例市", "水库信息", "307001/5", None, "示例市水利局", "全市水库的名称、位置和库容",
        "数据库", "oracle", "每季度", None, "水库名称", "字符串型", "50", "条件共享", "按需申请", "否", None, "2024-01-05", None,
    ]  # fmt: skip
    more = [*[None] * 17, "库容", "数值型", "10", *[None] * 6]
    reading = reading_of(tmp_path, "d.xlsx", workbook({"s": [heading, row, more]}))
    entry = reading.entries[0]
    assert (titles(reading), items(reading)) == (["水库信息"], [["水库名称", "库容"]])
    assert (entry.open_type, entry.share_type, entry.share_condition, entry.update_cycle) == ("none", "2", "按需申请", "5")
    assert [(i.data_type, i.length) for i in entry.items] == [("C", "50"), ("N", "10")]
    assert entry.provider.name == "示例市水利局"


def test_a_sheet_named_after_a_department_names_the_provider_of_a_table_without_one(tmp_path: Path) -> None:
    rows = [["信息资源名称", "信息资源摘要", "更新周期"], ["水库信息", "全市水库的名称、位置和库容", "每年"]]
    reading = reading_of(tmp_path, "a.xlsx", workbook({"示例市水利局": rows, "Sheet2": rows}))
    assert [e.provider.name for e in reading.entries] == ["示例市水利局", ""]


def test_layout_b_flat_form_with_units_in_brackets(tmp_path: Path) -> None:
    heading = [
        "信息资源名称", "信息资源英文名", "信息资源代码", "信息资源提供方", "提供方内部部门", "资源提供方代码", "信息资源摘要",
        "来源信息系统名称", "信息资源格式分类", "信息资源格式类型", "其他类型资源格式描述", "数据存储总量（G）",
        "结构化信息记录总数（万）", "信息项名称", "信息项英文名", "数据类型", "数据长度", "共享类型", "共享条件", "共享方式分类",
        "共享方式类型", "是否向社会开放", "开放条件", "更新周期", "发布日期", "关联及类目名称",
    ]  # fmt: skip
    row = ["空气质量信息", "air", "307001/3", "市环保局", "技术处", "12320100671322000Q", "全市空气质量监测站的小时数据", "监测系统",
           "数据库", "oracle", None, 1, 2, "站点", "station", "字符型C", 20, "有条件共享", "按需申请", "共享平台", "库表", "否", None,
           "每日", "2017/09/10", None]  # fmt: skip
    second = [None] * 13 + ["浓度", "pm25", "数值型N", "5,1"] + [None] * 9
    reading = reading_of(tmp_path, "b.xlsx", workbook({"s": [heading, row, second]}))
    entry = reading.entries[0]
    assert titles(reading) == ["空气质量信息"]
    assert [(i.name, i.name_en, i.data_type, i.length) for i in entry.items] == [
        ("站点", "station", "C", "20"), ("浓度", "pm25", "N", "5,1")
    ]  # fmt: skip
    assert (entry.open_type, entry.share_type, entry.provider.unit, entry.provider.uscc) == (
        "none", "2", "技术处", "12320100671322000Q"
    )  # fmt: skip
    assert entry.pub_date == "2017-09-10"


def test_layout_e_collection_sheet(tmp_path: Path) -> None:
    heading = ["区域", "数源单位", "信息资源名称", "归集表英文名称", "信息资源摘要", "所属系统名称", "信息资源格式", "重点领域分类",
               "归集更新频率", "修改日期", "是否引用上级", "目录状态", "归集状态", "数据存储服务器名称"]  # fmt: skip
    row = ["三门县", "县统计局", "人口信息", "t_person", "全县常住人口的基本统计数据", "人口系统", "数据库-mysql", "机构团体", "每年",
           "2023-05-06", "否", "已发布", "已归集", "srv01"]  # fmt: skip
    reading = reading_of(tmp_path, "e.xlsx", workbook({"s": [heading, row, row]}))
    entry = reading.entries[0]
    assert (entry.provider.name, entry.provider.region_code, entry.region_codes) == ("县统计局", "331022", ("331022",))
    assert (entry.title, entry.update_cycle, entry.data_updated, entry.theme, entry.formats) == (
        "人口信息", "7", "2023-05-06", ("21",), ("mysql",)
    )  # fmt: skip
    assert len(reading.distinct) == 1


def test_layout_f_detail_table(tmp_path: Path) -> None:
    heading = ["信息资源分类", "开放条件", "信息资源名称", "信息资源代码", "资源版本", "资源提供方", "资源提供方内部部门",
               "资源提供方代码", "资源摘要", "格式分类", "标签", "格式类型", "格式描述", "更新周期", "资源联系人", "联系电话", "电子邮箱"]  # fmt: skip
    row = ["部门", "无条件开放", "学校信息", "307001/9", "1", "示例市教育局", "信息科", "", "全市中小学校的名称地址和联系方式", "电子表格",
           "教育、学校", "xls", "", "每年", "张三", "0311-12345678", "a@example.gov.cn"]  # fmt: skip
    entry = reading_of(tmp_path, "f.xlsx", workbook({"s": [heading, row]})).entries[0]
    assert (entry.open_type, entry.format_class, entry.formats, entry.tags) == (
        "unconditional", "2", ("xls",), ("教育", "学校")
    )  # fmt: skip
    assert (entry.contact_name, entry.contact_phone) == ("张三", "0311-12345678")


def test_a_lone_数据类型_is_no_item_and_twice_it_goes_by_its_parent(tmp_path: Path) -> None:
    heading = ["信息资源名称", "提供单位", "数据类型", "信息项信息", None, "更新周期"]
    below = [None, None, None, "信息项名称", "数据类型", None]
    rows = [heading, below, ["水库信息", "水利局", "结构化", "名称", "字符型C", "每年"], [None, None, None, "库容", "数值型N", None]]
    entry = reading_of(tmp_path, "a.xlsx", workbook({"s": rows}, {"s": ["D1:E1"]})).entries[0]
    assert [(i.name, i.data_type) for i in entry.items] == [("名称", "C"), ("库容", "N")]


def test_several_sheets_are_read_hidden_ones_are_not(tmp_path: Path) -> None:
    import io

    import openpyxl

    data = workbook({"封面": [["示例市目录"]], "水利局": [HEADINGS, ROWS[0]], "交通局": [HEADINGS, ROWS[1]], "草稿": [HEADINGS, ROWS[0]]})
    book = openpyxl.load_workbook(io.BytesIO(data))
    book["草稿"].sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    reading = reading_of(tmp_path, "a.xlsx", out.getvalue())
    assert [o.place.sheet for o in reading.outcomes] == ["水利局", "交通局"]


def test_an_empty_sheet_is_passed_over(tmp_path: Path) -> None:
    assert len(reading_of(tmp_path, "a.xlsx", workbook({"空": [], "目录": [HEADINGS, *ROWS]})).entries) == 2


def test_same_title_of_two_departments_stays_two_datasets(tmp_path: Path) -> None:
    rows = [["信息资源名称", "提供单位", "信息资源代码", *ITEMS], ["统计年报", "水利局", "307001/1", "年份", "C", 4],
            ["统计年报", "农业局", "307001/2", "年份", "C", 4]]  # fmt: skip
    assert len(reading_of(tmp_path, "a.xlsx", workbook({"s": rows})).entries) == 2
