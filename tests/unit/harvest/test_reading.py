"""From a file to its preview: identity, secrecy, levels, dates and the command line, on small made-up sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from contracts.making import reading_of, workbook
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.exceptions import SourceRefused
from harvesters.normalize import readers
from harvesters.preview import main
from harvesters.reading import Reading
from harvesters.report import report_of, to_json_object

GOOD = {
    "标题": "公共厕所信息", "提供单位": "示例市城市管理局", "摘要": "全市公共厕所的名称、位置和开放时间", "更新周期": "每年",
    "开放类型": "无条件开放", "发布时间": "2024-01-05",
}  # fmt: skip


def of(tmp_path: Path, records: list[dict[str, Any]], **about: Any) -> Reading:
    return reading_of(tmp_path, "a.json", json.dumps(records, ensure_ascii=False).encode(), **about)


def preview(reading: Reading) -> dict[str, Any]:
    return to_json_object(reading, report_of(reading, listed=True), listed=True)


class TestIdentity:
    def test_an_id_column_is_the_key(self, tmp_path: Path) -> None:
        found = of(tmp_path, [{**GOOD, "cataId": f"x{n}"} for n in range(3)])
        assert [r.remote_id for r in found.distinct] == ["x0", "x1", "x2"]
        assert (found.key.kind, found.key.unique) == ("id", True)

    def test_else_the_id_inside_the_address(self, tmp_path: Path) -> None:
        url = "https://data.example.gov.cn/detail.do?page={p}&iid={n}&t=1"
        found = of(tmp_path, [{**GOOD, "详情页网址": url.format(n=n, p=n % 2)} for n in range(5)])
        assert [r.remote_id for r in found.distinct] == ["0", "1", "2", "3", "4"]
        fragment = of(tmp_path, [{**GOOD, "url": f"http://a.example/#/data_public/detail/80f{n}"} for n in range(3)])
        assert [r.remote_id for r in fragment.distinct] == ["80f0", "80f1", "80f2"]

    def test_word_by_word_repeats_are_one_record(self, tmp_path: Path) -> None:
        found = preview(of(tmp_path, [{**GOOD, "id": "1"}, {**GOOD, "id": "1"}, {**GOOD, "id": "2"}]))
        assert (found["records"], found["distinct"], found["repeated"], found["key_unique"]) == (3, 2, 1, True)

    def test_a_key_that_is_not_unique_is_said_and_content_takes_its_place(self, tmp_path: Path) -> None:
        url = "https://data.example.gov.cn/index.html?id=A1"
        found = preview(of(tmp_path, [{**GOOD, "标题": t, "url": url} for t in ("甲信息", "乙信息", "乙信息")]))
        assert (found["distinct"], found["key_unique"], found["key"]["heading"]) == (2, False, "url")

    def test_provider_and_title_are_no_identity(self, tmp_path: Path) -> None:
        found = preview(of(tmp_path, [{**GOOD, "发布时间": day} for day in ("2024-01-05", "2024-01-06")]))
        assert (found["distinct"], found["key"]["kind"]) == (2, "content")

    def test_a_stated_key_is_used_even_if_it_is_not_unique(self, tmp_path: Path) -> None:
        records = [{**GOOD, "编": "a", "id": "1"}, {**GOOD, "编": "b", "id": "2"}, {**GOOD, "编": "b", "id": "3"}]
        found = of(tmp_path, records, key=("编",))
        assert ([r.remote_id for r in found.distinct], found.key.unique) == (["a", "b", "b"], False)


class TestSecrecy:
    @pytest.mark.parametrize(
        "mark",
        [{"涉密标识": "是"}, {"是否涉密": "1"}, {"密级": "秘密"}, {"涉密属性": "涉密"}, {"标题": "【机密】布防信息"},
         {"备注": "机密★10年"}, {"备注": "工作秘密"}, {"标签": ["人口", "【绝密】"]}, {"isSecret": "true"}, {"secretLevel": "机密"}],
        ids=str,
    )  # fmt: skip
    def test_a_marked_row_leaves_nothing_but_its_place(self, tmp_path: Path, mark: dict[str, Any]) -> None:
        secret = {**GOOD, "标题": "布防信息", "摘要": "布防地点", **mark}
        found = of(tmp_path, [GOOD, secret, {**GOOD, "发布时间": "2024-02-02"}])
        shown = preview(found)
        assert (shown["records"], shown["entries"], shown["refused"]) == (3, 2, 1)
        [refusal] = shown["refusals"]
        assert (refusal["rule"], refusal["row"], refusal["column"]) == ("E26", 2, "")
        assert "请立即停止上传，按保密规定处置" in refusal["message"]
        assert "布防" not in json.dumps(shown, ensure_ascii=False) + repr(found)

    @pytest.mark.parametrize("text", ["否", "非涉密", "不涉密", "0", "无", ""])
    def test_a_row_that_says_it_is_not_secret_is_taken(self, tmp_path: Path, text: str) -> None:
        assert preview(of(tmp_path, [{**GOOD, "涉密标识": text}]))["refused"] == 0

    def test_words_about_secrecy_are_no_mark(self, tmp_path: Path) -> None:
        titles = ["商业秘密保护示范点", "保密局公开信息", "计算机密码应用单位", "内部审计机构名录"]
        assert preview(of(tmp_path, [{**GOOD, "标题": t} for t in titles]))["refused"] == 0

    def test_a_mark_above_the_table_closes_the_whole_sheet(self, tmp_path: Path) -> None:
        rows = [["密级：机密"], ["标题", "提供单位", "摘要"], ["布防信息", "甲局", "布防地点"], ["乙信息", "乙局", "说明文字"]]
        found = reading_of(tmp_path, "a.xlsx", workbook({"一": rows, "二": [list(GOOD), list(GOOD.values())]}))
        assert [r.rule for r in found.refused_rows] == ["E26", "E26"]
        assert [e.title for e in found.entries] == ["公共厕所信息"]


class TestLevels:
    @pytest.mark.parametrize(
        ("label", "level", "access"),
        [("无条件开放", "unconditional", "anonymous"), ("登录开放", "unconditional", "login"), ("依申请开放", "conditional", ""),
         ("有条件开放", "conditional", ""), ("禁止开放", "none", ""), ("无条件共享", "", ""), ("开放网站", "", ""),
         ("用于数据校验", "", ""), ("暂无", "", ""), ("", "", ""), ("1", "", ""), ("无条件开放（需申请）", "", "")],
    )  # fmt: skip
    def test_labels(self, tmp_path: Path, label: str, level: str, access: str) -> None:
        rows = [{**GOOD, "开放类型": label}, *({**GOOD, "id": n} for n in range(4))]
        [entry, *_] = of(tmp_path, rows).entries
        assert (entry.open_type, entry.access_mode) == (level, access)

    def test_codes_mean_what_the_source_says_and_nothing_without_it(self, tmp_path: Path) -> None:
        rows = [{**GOOD, "openType": code} for code in ("01", "02")]
        for row in rows:
            del row["开放类型"]
        stated = of(tmp_path, rows, code_maps={"open_type": {"01": "有条件开放", "02": "无条件开放"}})
        assert [e.open_type for e in stated.entries] == ["conditional", "unconditional"]
        assert [e.open_type for e in of(tmp_path, rows).entries] == ["", ""]

    def test_a_level_stated_by_the_source_fills_what_is_silent_only(self, tmp_path: Path) -> None:
        rows = [{**GOOD, "开放类型": label, "id": n} for n, label in enumerate(["", "禁止开放", "看情况"])]
        assert [e.open_type for e in of(tmp_path, rows, level="无条件开放").entries] == ["unconditional", "none", ""]

    def test_undecided_is_counted_with_its_reason_and_values(self, tmp_path: Path) -> None:
        rows = [{**GOOD, "id": n, "开放类型": t} for n, t in enumerate(["无条件开放", "无条件共享", "研究后开放", "", "研究后开放"])]
        undecided = preview(of(tmp_path, rows))["undecided"]
        assert undecided == {
            "count": 4,
            "reasons": {"unknown_label": 2, "sharing": 1, "not_given": 1},
            "values": {"研究后开放": 2, "无条件共享": 1},
        }

    def test_personal_data_holds_the_level(self, tmp_path: Path) -> None:
        found = preview(of(tmp_path, [{**GOOD, "标题": "居民身份证信息"}, {**GOOD, "id": 2}]))
        assert (found["entries"], found["undecided"]["reasons"], found["entry_list"][0]["open_type"]) == (2, {"E32": 1}, "")


class TestProviders:
    @pytest.mark.parametrize(
        ("given_", "district", "name", "region"),
        [("【三门县】三门县统计局", "", "三门县统计局", "331022"), ("龙游县-县交通局", "", "县交通局", "330825"),
         ("区数据资源局", "拱墅区", "区数据资源局", "330105"), ("浙江省统计局", "", "浙江省统计局", "330000"),
         ("桐乡市农业农村局", "", "桐乡市农业农村局", "330483"), ("上海市普陀区人民政府", "", "上海市普陀区人民政府", "310107"),
         ("A-B公司", "", "A-B公司", ""), ("开发区-管委会", "", "开发区-管委会", "")],
    )  # fmt: skip
    def test_shapes(self, tmp_path: Path, given_: str, district: str, name: str, region: str) -> None:
        row = {**GOOD, "提供单位": given_, "所属区县": district}
        provider = of(tmp_path, [row]).entries[0].provider
        assert (provider.name, provider.region_code) == (name, region)

    def test_same_name_in_two_districts_is_two_departments(self, tmp_path: Path) -> None:
        rows = [{**GOOD, "提供单位": "综合行政执法局", "所属区县": d} for d in ("拱墅区", "余杭区")]
        assert len({e.provider for e in of(tmp_path, rows).entries}) == 2


@pytest.mark.parametrize(
    ("text", "day"),
    [("2024-01-05", "2024-01-05"), ("2024/1/5", "2024-01-05"), ("2024年1月5日", "2024-01-05"), ("20240105", "2024-01-05"),
     (1704412800000, "2024-01-05"), (1704412800, "2024-01-05"), (45296, "2024-01-05"), ("45296", "2024-01-05"),
     ("2024-01-05 08:30:00", "2024-01-05"), ("2024-01-05T00:00:00.000+0800", "2024-01-05"), ("2022/8/1018:10", "2022-08-10"),
     ("Jan 5, 2024", "2024-01-05"), ("春天", ""), ("2024-13-01", ""), ("2024-02-30", ""), ("0000-00-00", ""), ("", ""),
     (True, ""), (None, ""), ("9" * 40, ""), (-5, ""), (12.5, "")],
)  # fmt: skip
def test_days(text: Any, day: str) -> None:
    assert readers.day(text) == day


@pytest.mark.parametrize(
    ("text", "cycle"),
    [("每年", "7"), ("年", "7"), ("按年更新", "7"), ("‘每年’", "7"), ("每年(更新说明:暂无新业务数据产生)", "7"), ("每天", "2"), ("即时", "1"),
     ("小时级", "12"), ("静态数据", "9"), ("不定期", "8"), ("牲畜饲养", ""), ("每年 ", "7")],
)  # fmt: skip
def test_cycles(text: str, cycle: str) -> None:
    assert readers.update_cycle(text) == cycle


@pytest.mark.parametrize(
    ("text", "types"),
    [("['xls']", "xls"), ("数据库-mysql", "mysql"), ("电子表格/xlsx", "xlsx"), ("数据库:greenplum", "greenplum"),
     ("xls,csv、json", "xls,csv,json"), (".XLSX", "xlsx"), ("电子表格:xlsx;数据库:greenplum", "xlsx,greenplum"), ("03,0310", ""), ("[]", "")],
)  # fmt: skip
def test_formats(text: str, types: str) -> None:
    assert readers.formats(text)[1] == types


@pytest.mark.parametrize(("text", "count"), [("1000", 1000), ("1,000", 1000), ("1.2万条", 12000), (0, 0), ("暂无", None), (-3, None), ("NaN", None)])
def test_counts(text: Any, count: int | None) -> None:
    assert readers.whole_number(text) == count


@pytest.mark.parametrize(
    ("text", "plain"),
    [("<p>全市<b>公厕</b>的&nbsp;位置</p><p>第二段</p>", "全市公厕的 位置\n第二段"), ("数值 < 5 且 > 3", "数值 < 5 且 > 3"),
     ("甲<br/>乙<script>alert(1)</script>", "甲\n乙"), ("<script>从不结束", ""), ("a<b, c>d", "a<b, c>d"), ("<甲>", "<甲>")],
)  # fmt: skip
def test_html_left_by_editors_is_taken_out(text: str, plain: str) -> None:
    assert readers.prose(text) == plain


WILD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.sampled_from(
        ["无条件开放", "每年", "2024-01-05", "市教育局", "https://a.example/?id=1", "【甲】", "['xls'", "\x00", "\ud800", "1" * 30, "=1+1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
HEADINGS = st.sampled_from([*GOOD, "id", "所属区县", "数据量", "资源格式", "标签", "", " ", "开放条件", "x" * 50, "fields", "涉密"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(HEADINGS | st.text(max_size=8), WILD, max_size=8), min_size=1, max_size=6))
def test_wild_records_never_raise(records: list[dict[str, Any]]) -> None:
    """Whatever stands in the cells: every record is an entry or a refusal, and the report is valid JSON."""
    from harvesters.extract.jsons import records_of_list
    from harvesters.record import Record
    from harvesters.source import Limits, Source

    read = [r for r in records_of_list(records, "s", "f", Limits()) if isinstance(r, Record)]
    reading = Reading(Source("s", profile="portal"), read)
    found = preview(reading)
    assert found["entries"] + found["refused"] == len(reading.distinct)
    json.dumps(found, ensure_ascii=False)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.none() | st.text(max_size=12) | st.integers() | st.sampled_from([*GOOD, "信息项名称"]), max_size=6), max_size=12))
def test_wild_grids_never_raise(rows: list[list[Any]]) -> None:
    from harvesters.extract.grids import Grid
    from harvesters.extract.tables import records_of
    from harvesters.source import Source

    records = list(records_of(Grid("表", rows), "s", "f"))
    assert len(records) <= len(rows)
    preview(Reading(Source("s", profile="portal"), records))


def test_json_lists_of_lists_and_envelopes_and_lines(tmp_path: Path) -> None:
    rows = [list(GOOD), list(GOOD.values()), [["标题", "二"], {"name": "乙局"}, "说明", "每年", "无条件开放", "2024-01-05"]]
    lists = reading_of(tmp_path, "a.json", json.dumps(rows).encode())
    lines = reading_of(tmp_path, "a.ndjson", ("\n".join(json.dumps(GOOD) for _ in range(2)) + '\n{"half": ').encode())
    envelope = reading_of(tmp_path, "b.json", json.dumps({"code": 0, "data": {"page": {"list": [GOOD], "tags": ["x"]}}}).encode())
    string = reading_of(tmp_path, "c.json", json.dumps({"dataList": json.dumps([GOOD])}).encode("utf-16"))
    assert [e.provider.name for e in lists.entries] == ["示例市城市管理局", "乙局"]
    assert (len(lines.distinct), lines.refused_rows[0].place.row) == (1, 3)
    assert len(envelope.entries) == len(string.entries) == 1


def test_endless_different_headings_are_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="字段名"):
        of(tmp_path, [{f"k{n}-{m}": 1 for m in range(100)} for n in range(30)])


class TestCommand:
    def run(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
        code = main(["preview", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    def test_json_is_one_object_and_nothing_else(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "a.json").write_text(json.dumps([GOOD]), "utf-8")
        code, out, err = self.run(capsys, str(tmp_path / "a.json"), "--json", "--entries")
        found = json.loads(out)
        assert (code, err, out.count("\n")) == (0, "", 1)
        for key in ("records", "distinct", "entries", "refused", "warnings"):
            assert isinstance(found[key], int), key
        entry = found["entry_list"][0]
        assert (entry["title"], entry["provider"], entry["level"], entry["update_cycle"]) == (
            "公共厕所信息", "示例市城市管理局", "unconditional", "7"
        )  # fmt: skip
        assert found["fields"]["标题"] == "title"

    def test_text_is_for_people(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "a.json").write_text(json.dumps([GOOD, {**GOOD, "标题": ""}]), "utf-8")
        code, out, _ = self.run(capsys, str(tmp_path / "a.json"))
        assert code == 0
        assert "可成为目录条目 1，退回 1" in out
        assert "标题 → title" in out

    def test_faults_of_a_yaml_come_with_their_lines(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "a.yaml").write_text("path: a.xlsx\nprofil: guide\n", "utf-8")
        code, out, _ = self.run(capsys, str(tmp_path / "a.yaml"), "--json")
        assert code == 2
        assert [(fault["line"], fault["key"]) for fault in json.loads(out)["faults"]] == [(2, "profil")]

    @pytest.mark.parametrize("as_json", [True, False])
    def test_a_source_that_is_none_is_one_sentence(self, capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
        code, out, err = self.run(capsys, "no-such-source", *(["--json"] if as_json else []))
        assert code == 2
        assert "既不是已配置的归集来源" in (json.loads(out)["message"] if as_json else err)
