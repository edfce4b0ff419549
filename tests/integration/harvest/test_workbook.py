"""A department's current entries in its workbook, and the workbook harvested again: nothing changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from harvest.test_harvest import Department, dataset, make_department, row

pytestmark = pytest.mark.usefixtures("clean")
ROWS = [
    row("1", "停车场", 开放类型="无条件开放", 关键字="停车、泊位"),
    row("2", "=公交线路", 更新周期="每月", 下载地址="https://data.example.gov.cn/1.csv"),
    row("3", "充电站", 信息资源摘要="全市充电站的名称和位置，共两类：快充、慢充。"),
]


@pytest.fixture
def department(tmp_path: Path) -> Department:
    make_department("示例市交通运输局")
    return Department(tmp_path / "source", files="link")


def test_the_template_holds_what_the_department_has_now(department: Department, tmp_path: Path) -> None:
    from harvesters import current
    from harvesters.reading import read
    from harvesters.workbook.files import write_template
    from harvesters.workbook.upload import source_of

    department.harvest(*ROWS)
    owner = current.department("示例市交通运输局")
    path = tmp_path / "目录.xlsx"
    done = write_template(path, list(current.entries_of(owner, department.name)), owner.name)
    assert done["entries"] == len(ROWS)
    read_back = read(source_of(path, provider=owner.name, region=owner.region_code))
    assert {outcome.remote_id: outcome.entry.title for outcome in read_back.outcomes} == {
        "1": "停车场",
        "2": "=公交线路",
        "3": "充电站",
    }
    assert [resource.url for outcome in read_back.outcomes for resource in outcome.entry.resources] == [
        "https://data.example.gov.cn/1.csv"
    ]


def test_the_workbook_harvested_again_changes_nothing(department: Department) -> None:
    from harvesters import current
    from harvesters.harvest import harvest
    from harvesters.source import load_source
    from harvesters.workbook.files import write_template
    from harvesters.workbook.upload import source_of

    department.harvest(*ROWS)
    source = load_source(str(department.folder / f"{department.name}.yaml"))
    owner = current.department("示例市交通运输局")
    path = department.folder / "目录.xlsx"
    write_template(path, list(current.entries_of(owner, department.name)), owner.name)
    uploaded = source_of(path, provider=owner.name, region=owner.region_code, name=source.name)
    from dataclasses import replace

    report = harvest(replace(uploaded, release=source.release))
    assert (report.counts.unchanged, report.counts.changed, report.counts.removed, report.counts.refused) == (
        3,
        0,
        0,
        0,
    )


def test_without_a_source_the_key_is_the_datasets_own_id(department: Department) -> None:
    from harvesters import current
    from harvesters.exceptions import DepartmentNotFound

    department.harvest(*ROWS)
    keys = {key for key, _ in current.entries_of(current.department("示例市交通运输局"))}
    assert keys == {dataset(each["信息资源名称"])["id"] for each in ROWS}
    with pytest.raises(DepartmentNotFound):
        current.department("没有这个部门")
