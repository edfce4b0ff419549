"""A department's workbook with planted faults, made by this script: python tests/data/planted_faults.py OUT.xlsx

Every row is a good one but for the change that is written beside it, with the rules that must be reported for it and
no others. 示例市 is fictional.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import openpyxl

PROVIDERS = ("示例市水利局", "示例市教育局")
GOOD: dict[str, Any] = {
    "信息资源代码": "",
    "信息资源名称": "",
    "信息资源提供方": "示例市水利局",
    "信息资源提供方代码": None,
    "信息资源摘要": "全市主要河道水位监测站的名称、位置和逐日水位，供防汛和公众查询使用。",
    "信息资源格式分类": "数据库",
    "信息资源格式类型": "mysql",
    "信息项名称": "站点名称",
    "数据类型": "字符型C",
    "数据长度": "50",
    "共享类型": "无条件共享",
    "共享条件": None,
    "共享范围": "各级政务部门",
    "使用要求": "工作参考",
    "不予共享依据": None,
    "共享方式分类": "共享平台方式",
    "共享方式类型": "库表",
    "开放类型": "无条件开放",
    "开放条件": None,
    "获取方式": None,
    "开放使用要求": None,
    "安全保障措施": None,
    "更新周期": "每年",
    "发布日期": "2024-03-01",
    "数据更新日期": "2024-03-01",
    "关联资源代码": None,
    "数据分级": "L1",
    "重点领域": "资源能源",
    "联系电话": "0394-8234567",
    "涉密标识": "否",
}
NO_ITEMS: dict[str, Any] = {"信息项名称": None, "数据类型": None, "数据长度": None}
CONDITIONAL = {"开放类型": "有条件开放", "开放条件": "签订利用协议", "获取方式": "在线申请", "开放使用要求": "注明来源", "安全保障措施": "分级防护"}
CLOSED = {"开放类型": "不予开放"}
REFUSED = {
    "共享类型": "不予共享", "共享方式分类": None, "共享方式类型": None, "使用要求": None, "共享范围": None, **CLOSED,
    "不予共享依据": "《中华人民共和国统计法》第九条",
}  # fmt: skip

FAULTS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("名称为空", {"信息资源名称": None}, {"E01"}),
    ("名称过长", {"信息资源名称": "水" * 129}, {"E01"}),
    ("代码格式", {"信息资源代码": "河道-甲"}, {"E02"}),
    ("代码无分隔符", {"信息资源代码": "307999001"}, {"W03"}),
    ("代码与别的名称重复", {"信息资源代码": "307999/1"}, {"E04"}),
    ("提供方不在组织机构表中", {"信息资源提供方": "示例市河道处"}, {"E05"}),
    ("信用代码校验位", {"信息资源提供方代码": "1141160000593120X1"}, {"E06"}),
    ("摘要为空", {"信息资源摘要": None}, {"E08"}),
    ("摘要过短", {"信息资源摘要": "水位"}, {"W08"}),
    ("格式分类未知", {"信息资源格式分类": "纸质档案"}, {"E09"}),
    ("格式类型不属于分类", {"信息资源格式分类": "电子表格", "信息资源格式类型": "pdf"}, {"W09"}),
    ("结构化资源没有信息项", NO_ITEMS, {"E10"}),
    ("信息项重复", {"再加一行": {"信息项名称": "站点名称", "数据类型": "字符型C", "数据长度": "50"}}, {"E11"}),
    ("数据类型未知", {"数据类型": "汉字"}, {"E12"}),
    ("数据长度为零", {"数据长度": "0"}, {"W13"}),
    ("共享类型未知", {"共享类型": "看情况"}, {"E14"}),
    ("有条件共享缺条件", {"共享类型": "有条件共享"}, {"E15"}),
    ("不予共享缺依据", {**REFUSED, "不予共享依据": None}, {"E16"}),
    ("依据层级不够", {**REFUSED, "不予共享依据": "局长办公会纪要"}, {"W16"}),
    ("不予共享却有方式", {**REFUSED, "共享方式分类": "共享平台方式"}, {"E17"}),
    ("开放类型未审定", {"开放类型": "研究后开放"}, {"E19"}),
    ("不予共享却开放", {**REFUSED, "开放类型": "无条件开放"}, {"E20"}),
    ("有条件开放缺条件", {**CONDITIONAL, "开放条件": None}, {"E21"}),
    ("更新周期未知", {"更新周期": "想起来就更新"}, {"E22"}),
    ("发布日期不是日期", {"发布日期": "春天"}, {"E23"}),
    ("发布日期在将来", {"发布日期": "2031-01-01"}, {"E23"}),
    ("超过更新周期", {"更新周期": "每月", "数据更新日期": "2023-01-01"}, {"W24"}),
    ("标为涉密", {"涉密标识": "是"}, {"E26"}),
    ("名称带密级", {"信息资源名称": "【机密】河道布防信息"}, {"E26"}),
    ("分级与开放冲突", {"数据分级": "L4"}, {"E27"}),
    ("电话格式", {"联系电话": "0394-82"}, {"W31"}),
    ("含身份证", {"信息项名称": "身份证号码"}, {"E32"}),
]
CLEAN: list[dict[str, Any]] = [
    {"信息资源代码": "307999/1"}, {}, CONDITIONAL, REFUSED, CLOSED, {"信息资源提供方": "示例市教育局"},
    {"再加一行": {"信息项名称": "水位", "数据类型": "数值型N", "数据长度": "5,2"}},
    {"信息资源格式分类": "电子文件", "信息资源格式类型": "pdf", **NO_ITEMS},
]  # fmt: skip


def rows() -> list[tuple[list[dict[str, Any]], set[str]]]:
    """For each dataset its rows, and the rules that must be reported (an empty set: none)."""
    named = [("无错", changes, set[str]()) for changes in CLEAN] + FAULTS
    return [(_rows(number, changes), rules) for number, (_, changes, rules) in enumerate(named, 1)]


def _rows(number: int, changes: dict[str, Any]) -> list[dict[str, Any]]:
    changed = {key: value for key, value in changes.items() if key != "再加一行"}
    first = {**GOOD, "信息资源代码": f"307999/{number}", "信息资源名称": f"{_WORDS[number - 1]}监测信息", **changed}
    return [first, dict(changes["再加一行"])] if "再加一行" in changes else [first]


_WORDS = [f"{a}{b}" for a in "东南西北中上" for b in ("河", "湖", "渠", "库", "闸", "堤", "泵")]


def make(path: Path) -> None:
    """Write the workbook: a title line, one heading row, a note below."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "目录"
    sheet.append(["示例市水利局政务信息资源目录（测试用，内容均为虚构）"])
    sheet.append(list(GOOD))
    for dataset, _ in rows():
        for row in dataset:
            sheet.append([row.get(heading) for heading in GOOD])
    sheet.append(["注：本表由脚本生成。"])
    book.save(path)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
