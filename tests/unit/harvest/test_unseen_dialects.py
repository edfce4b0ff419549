"""Dialects that nobody has shown us: every heading, every entry, every level, on the made-up lists of `unseen.py`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from contracts.making import reading_of

from harvesters.normalize import readers
from harvesters.report import report_of, to_json_object

sys.path.insert(0, str(Path(__file__).parent))
from unseen import LEVELS, POOLS, ROWS, Dialect, dialects  # noqa: E402

every_dialect = pytest.mark.parametrize("dialect", list(dialects()), ids=lambda dialect: dialect.name)


def preview_of(dialect: Dialect, folder: Path) -> dict[str, Any]:
    reading = reading_of(folder, "a.json", json.dumps(dialect.records, ensure_ascii=False).encode())
    return to_json_object(reading, report_of(reading, listed=True), listed=True)


@every_dialect
def test_every_heading_and_every_entry(dialect: Dialect, tmp_path: Path) -> None:
    found = preview_of(dialect, tmp_path)
    fields = found["fields"]
    wrong = {
        heading: (got, sorted(map(str, right)))
        for heading, right in dialect.expected.items()
        if (got := _field_of(heading, fields)) not in right and "*" not in right
    }
    assert wrong == {}
    assert (found["records"], found["distinct"], found["entries"]) == (ROWS, ROWS, ROWS)
    by_row = {entry["row"]: entry for entry in found["entry_list"]}
    for number, record in enumerate(dialect.records, 1):
        entry = by_row[number]
        assert entry["title"] == record[dialect.heading_for("title")]
        assert entry["provider"]
        cycle = dialect.heading_for("update_cycle")
        assert entry["update_cycle"] or cycle is None or record[cycle] is None, record[cycle]
        level = dialect.heading_for("open_type")
        label = "" if level is None or record[level] is None else str(record[level]).strip()
        assert entry["level"] == LEVELS[label] or entry["undecided"] in {"E32", "W33"}, label


def _field_of(heading: str, fields: dict[str, str | None]) -> str | None:
    if heading in fields:
        return fields[heading]
    return next((field for name, field in fields.items() if name.startswith(f"{heading}.") and field), None)


def test_every_pool_is_used_and_every_label_has_its_level() -> None:
    used = {pool for dialect in dialects() for pool in dialect.pools.values()}
    assert used == set(POOLS)
    labels = {str(value).strip() for field, values in POOLS.values() for value in values if field == "open_type"}
    assert labels <= set(LEVELS)


@pytest.mark.parametrize(
    ("code", "spellings"),
    [
        ("7", "每1年 一年 1次/年 年/次 每年1月 每年底 每年更新1次 每12个月 年度（次年3月） YEAR"),
        ("6", "每6个月 每6月 一年两次 2次/年 每学期 HALF_YEAR"),
        ("5", "每3月 三个月 1季度 每季度末更新 每年4次 QUARTER"),
        ("4", "每1月 一个月 每月15日前 每月底 每30天 月/次 12次/年"),
        ("3", "每周五 每星期一更新 一周 每7天 1次/周"),
        ("2", "每1日 每天1次 每日8时更新 每24小时 每周一至周五"),
        ("13", "每5分钟 10分钟/次"),
        ("14", "每两周一次 每月2次 每15天"),
        ("99", "每4年 每2个月 每3天 定期更新"),
        ("", "全量更新 12345 每年2-3次 实时/每日 2023年 更新"),
    ],
)
def test_cycles_are_counted_and_never_guessed(code: str, spellings: str) -> None:
    assert {text: readers.update_cycle(text) for text in spellings.split()} == dict.fromkeys(spellings.split(), code)


@pytest.mark.parametrize(
    "columns",
    [
        {"共享类型": ["无条件", "有条件"]},
        {"条件": ["无条件", "有条件"]},
        {"shareType": ["UNCONDITIONAL", "CONDITIONAL"], "openAttr": [None]},
        {"x": ["无条件共享", "有条件共享"]},
        {"开放类型": ["01", "02"]},
        {"isOpen": [0, 1]},
        {"open": [1, 0]},
        {"是否无条件开放": ["是"]},
        {"是否需要申请": ["否"]},
        {"是否登录": ["否"]},
        {"开放类型": [True]},
        {"开放类型": ["无条件开放/有条件开放", "无条件开放（需申请）", "部分无条件开放"]},
        {"开放等级": ["一级", "二级"]},
        {"开放方式": ["数据下载", "接口调用"]},
        {"开放状态": ["已开放", "正常"]},
    ],
    ids=lambda columns: next(iter(columns)),
)
def test_no_level_is_guessed(columns: dict[str, list[Any]], tmp_path: Path) -> None:
    base = [
        {"标题": POOLS["title"][1][n], "来源部门": "市教育局", "更新频率": "每年"}
        | {heading: values[n % len(values)] for heading, values in columns.items()}
        for n in range(ROWS)
    ]
    reading = reading_of(tmp_path, "a.json", json.dumps(base, ensure_ascii=False).encode())
    assert report_of(reading).levels == {"undecided": ROWS}


@pytest.mark.parametrize(
    "text",
    [
        "2023-06-01 星期四", "2023-06-01更新", "发布时间：2023-06-01", "2023-06-01 上午10:00", "2023-06-01 10:00:00 PM",
        "/Date(1685592000000)/", "June 1, 2023", "1 June 2023", "2023-06-01&nbsp;12:00", "2023年6月1日 周四",
    ],
)  # fmt: skip
def test_what_stands_beside_a_day_does_not_change_it(text: str) -> None:
    assert readers.day(text) == "2023-06-01"


@pytest.mark.parametrize("text", ["2023-06", "2023年6月", "2023", "06/01/2023", "2023-06-31", "2023-06-01,2023-07-01"])
def test_no_day_is_made_up(text: str) -> None:
    assert readers.day(text) == ""


def test_a_catalogue_in_english_has_titles_and_a_chinese_column_is_the_better_one(tmp_path: Path) -> None:
    rows = [{"title": f"School list {n}", "dept": "Education Bureau", "cycle": "yearly"} for n in range(9)]
    both = [{**row, "name": POOLS["title"][1][n]} for n, row in enumerate(rows)]
    assert reading_of(tmp_path, "a.json", json.dumps(rows).encode()).shown_fields()["title"] == "title"
    assert reading_of(tmp_path, "b.json", json.dumps(both).encode()).shown_fields()["name"] == "title"


@pytest.mark.parametrize(("text", "refused"), [("本数据不涉密", 0), ("本数据未涉密，可公开", 0), ("本数据涉密", 1)])
def test_who_says_that_nothing_is_secret_is_not_refused(text: str, refused: int, tmp_path: Path) -> None:
    row = {"标题": "公共厕所信息", "来源部门": "市教育局", "更新频率": "每年", "摘要": text}
    reading = reading_of(tmp_path, "a.json", json.dumps([row]).encode())
    assert report_of(reading).refused == refused
