"""A department's desk: a workbook uploaded, checked and taken in; a plan reviewed in part; a run undone."""

from __future__ import annotations

import io
import re
import secrets
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import look
from playwright.sync_api import Download, Page, expect

DEPARTMENT = "示例市交通运输局"
PATIENCE = 60_000  # the worker has other work as well
HEADINGS = (
    "数据集标识",
    "信息资源名称", "信息资源摘要", "更新周期", "信息资源格式分类", "信息资源格式类型", "信息项名称", "数据类型", "数据长度",
    "共享类型", "共享方式分类", "共享方式类型", "开放属性", "开放条件", "开放获取方式", "开放使用要求", "安全保障措施", "发布日期",
)  # fmt: skip


@pytest.fixture
def clerk(logged_in: Any, make_person: Any) -> Page:
    page: Page = logged_in(make_person(DEPARTMENT, "editor"))
    return page


def catalogue(word: str, level: str) -> list[dict[str, str]]:
    """Three entries with keys of their own, and one row that has to be sent back."""
    condition = {
        "开放条件": "申请人须说明用途，经本部门同意", "开放获取方式": "下载", "开放使用要求": "仅限申请的用途",
        "安全保障措施": "签订协议，专人保管",
    } if level == "有条件开放" else {}  # fmt: skip
    common = {
        "更新周期": "每月", "信息资源格式分类": "电子表格", "信息资源格式类型": "XLSX", "信息项名称": "名称", "数据类型": "字符型C",
        "数据长度": "100", "共享类型": "无条件共享", "共享方式分类": "共享平台方式", "共享方式类型": "文件", "发布日期": "2024-03-01",
        "开放属性": level,
    }  # fmt: skip
    rows = [
        common | condition | {"信息资源名称": f"{what}信息{word}", "信息资源摘要": f"全市{what}的名称、地址和管理单位。"}
        for what in ("渡口", "隧道", "码头")
    ]
    keyed = [{"数据集标识": f"{word}-{number}"} | row for number, row in enumerate(rows)]
    return [*keyed, common | condition | {"信息资源名称": f"没有摘要{word}"}]


def workbook(path: Path, rows: list[dict[str, str]]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADINGS)
    for row in rows:
        sheet.append([row.get(heading, "") for heading in HEADINGS])
    book.save(path)
    return path


def sheets(download: Download) -> list[str]:
    return openpyxl.load_workbook(io.BytesIO(download.path().read_bytes())).sheetnames


def upload(page: Page, path: Path) -> None:
    page.goto("/harvest/upload")
    page.get_by_label("目录工作簿").set_input_files(path)
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_role("heading", name="将要入库的变更")).to_be_visible(timeout=PATIENCE)


def counted(page: Page, word: str) -> str:
    return page.locator(".d-counts__one", has=page.get_by_text(word, exact=True)).locator("dd").inner_text()


def confirm(page: Page) -> str:
    """Take the checked workbook in; the address of the run once it has ended."""
    page.get_by_role("button", name="确认入库").click()
    page.wait_for_url(re.compile(r"/harvest/run/\d+$"), timeout=PATIENCE)
    expect(page.locator(".d-headline .d-state")).not_to_have_text("正在归集", timeout=PATIENCE)
    return page.url


def test_a_workbook_is_checked_then_taken_in(clerk: Page, tmp_path: Path) -> None:
    word = secrets.token_hex(3)
    clerk.goto("/harvest/upload")
    expect(clerk.get_by_text("不超过 32 MB")).to_be_visible()
    look(clerk, "upload")
    upload(clerk, workbook(tmp_path / "渡口目录.xlsx", catalogue(word, "有条件开放")))
    look(clerk, "check")
    assert (counted(clerk, "新增"), counted(clerk, "退回"), counted(clerk, "下架")) == ("3", "1", "0")
    expect(clerk.get_by_role("row", name=re.compile("第 5 行"))).to_contain_text("摘要")
    with clerk.expect_download() as download:
        clerk.get_by_role("link", name="下载标注的工作簿").click()
    assert "检查结果" in sheets(download.value)

    confirm(clerk)
    look(clerk, "run")
    assert (counted(clerk, "新增"), counted(clerk, "退回")) == ("3", "1")
    clerk.goto("/harvest/upload")
    expect(clerk.get_by_role("link", name="渡口目录.xlsx").first).to_be_visible()
    look(clerk, "uploads")


def test_a_check_can_be_thrown_away(clerk: Page, tmp_path: Path) -> None:
    word = secrets.token_hex(3)
    upload(clerk, workbook(tmp_path / "不要的.xlsx", catalogue(word, "有条件开放")))
    checked = clerk.url
    clerk.get_by_role("button", name="不入库，删除工作簿").click()
    clerk.goto(checked)
    expect(clerk.get_by_text("要入库请重新上传")).to_be_visible()
    expect(clerk.get_by_role("button", name="确认入库")).to_have_count(0)


def test_the_template_is_made_and_downloaded(clerk: Page) -> None:
    clerk.goto("/harvest/upload")
    clerk.get_by_role("button", name="生成工作簿").click()
    link = clerk.get_by_role("link", name="下载工作簿")
    expect(link).to_be_visible(timeout=PATIENCE)
    look(clerk, "template")
    with clerk.expect_download() as download:
        link.click()
    assert download.value.suggested_filename.startswith(DEPARTMENT)
    assert "填写说明" in sheets(download.value)


def test_what_opens_is_reviewed_by_somebody_else_in_part_and_undone(
    clerk: Page, logged_in: Any, make_person: Any, tmp_path: Path
) -> None:
    word = secrets.token_hex(3)
    upload(clerk, workbook(tmp_path / "一.xlsx", catalogue(word, "有条件开放")))
    confirm(clerk)
    upload(clerk, workbook(tmp_path / "二.xlsx", catalogue(word, "无条件开放")))
    assert (counted(clerk, "变更"), counted(clerk, "待审阅")) == ("0", "3")
    look(clerk, "check-opens")
    run = confirm(clerk)
    clerk.goto(f"{run}/plan")
    expect(clerk.locator(".d-may").first).to_contain_text("任务发起人以外的人执行")

    admin: Page = logged_in(make_person(DEPARTMENT, "admin"))
    admin.goto(f"{run}/plan")
    expect(admin.locator(".d-change")).to_have_count(3)
    look(admin, "plan")
    expect(admin.get_by_role("checkbox", name=f"渡口信息{word}")).to_be_enabled()
    admin.get_by_role("checkbox", name=f"渡口信息{word}").check()
    admin.get_by_role("button", name="执行选中的变更").click()
    admin.wait_for_url(re.compile(r"/harvest/run/\d+$"), timeout=PATIENCE)
    assert counted(admin, "待审阅") == "2"

    admin.get_by_role("link", name="审阅变更清单").click()
    admin.get_by_text("退回整份清单").click()
    admin.get_by_label("退回理由").fill("隧道和码头尚未完成定级")
    look(admin, "plan-reject")
    admin.get_by_role("button", name="退回", exact=True).click()
    admin.wait_for_url(re.compile(r"/harvest/run/\d+$"), timeout=PATIENCE)
    expect(admin.locator(".d-decisions")).to_contain_text("隧道和码头尚未完成定级")
    look(admin, "run-decided")

    admin.get_by_role("link", name="撤回这次任务").click()
    expect(admin.locator(".d-counts__one", has_text="恢复这次改动").locator("dd")).to_have_text("1")
    look(admin, "undo")
    admin.get_by_role("button", name="确认撤回").click()
    admin.wait_for_url(re.compile(r"/harvest/run/\d+$"), timeout=PATIENCE)
    expect(admin.locator(".d-headline .d-state")).to_have_text("已撤回")
    look(admin, "run-undone")


def test_pages_of_the_desk_fit(clerk: Page) -> None:
    for name, path in (("sources", "/harvest"), ("runs", "/harvest/runs"), ("jobs", "/harvest/jobs")):
        clerk.goto(path)
        look(clerk, name)


def test_another_department_gets_no_upload_page(logged_in: Any, make_person: Any, api: Any) -> None:
    page: Page = logged_in(make_person("示例市统计局", "editor"))
    found = api("organization_list", all_fields=True, limit=1000)
    name = next(each["name"] for each in found if each["title"] == DEPARTMENT)
    response = page.goto(f"/harvest/upload/{name}")
    assert response
    assert response.status == 403
    expect(page.get_by_label("目录工作簿")).to_have_count(0)
