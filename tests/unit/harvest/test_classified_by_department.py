"""The national template of 部门信息资源产生清单: no column for the provider, one column for condition or basis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ckanext.govcn.catalog.entry import CatalogEntry
from contracts.making import reading_of

ROW: dict[str, Any] = {
    "部门类信息资源分类": "部门类",
    "项分类": "示例市住房和城乡建设局",
    "目分类": "信用服务",
    "信息资源代码": "30700001/000001",
    "信息资源名称": "燃气企业名录",
    "信息资源摘要": "全市取得许可的燃气企业的名称和地址",
    "共享类型": "有条件共享",
    "共享条件/不予共享依据": "用于行业监管",
    "是否向社会开放": "是",
    "开放条件": "无",
    "更新周期": "每年",
    "发布日期": "2024-01-05",
}


def entry(tmp_path: Path, **changed: Any) -> CatalogEntry:
    records = [{**ROW, **changed}, {**ROW, "信息资源代码": "30700001/000002", "信息资源名称": "燃气场站名录"}]
    return reading_of(tmp_path, "a.json", json.dumps(records, ensure_ascii=False).encode()).entries[0]


def test_the_department_of_the_tree_is_the_provider_and_no_classification(tmp_path: Path) -> None:
    read = entry(tmp_path)
    assert read.provider.name == "示例市住房和城乡建设局"
    assert read.categories == (), "部门类 alone is no place in the tree: the code comes from the department's node"


def test_the_share_type_says_whether_the_column_holds_condition_or_basis(tmp_path: Path) -> None:
    read = entry(tmp_path)
    assert (read.share_type, read.share_condition, read.share_basis) == ("2", "用于行业监管", "")
    closed = entry(
        tmp_path, **{"共享类型": "不予共享", "共享条件/不予共享依据": "《示例法》第三条", "是否向社会开放": "否"}
    )
    assert (closed.share_type, closed.share_condition, closed.share_basis) == ("3", "", "《示例法》第三条")


def test_yes_and_no_condition_is_unconditional_yes_alone_waits(tmp_path: Path) -> None:
    assert entry(tmp_path).open_type == "unconditional"
    assert entry(tmp_path, 开放条件="").open_type == ""
    assert entry(tmp_path, 开放条件="有条件开放").open_type == "conditional"
    assert entry(tmp_path, 是否向社会开放="否").open_type == "none"
