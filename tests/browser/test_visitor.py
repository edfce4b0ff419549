"""A visitor searches, filters, opens and downloads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect


def test_searches_filters_opens_and_downloads(visitor: Page, tmp_path: Path) -> None:
    visitor.goto("/")
    visitor.get_by_label("搜索数据集").fill("公交站点")
    visitor.get_by_role("button", name="搜索").click()
    expect(visitor.get_by_role("status")).to_contain_text("公交站点")

    filters = visitor.locator(".g-filters")
    filters.get_by_role("link", name=re.compile("交通运输(?!局)")).first.click()
    expect(visitor.locator(".g-active")).to_contain_text("交通运输")
    filters.get_by_role("link", name=re.compile("^无条件开放")).click()
    expect(visitor.locator(".g-active")).to_contain_text("无条件开放")

    visitor.get_by_role("link", name="示例市公交站点", exact=True).click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("示例市公交站点")
    expect(visitor.locator(".g-page__head .g-level")).to_have_text("无条件开放")
    for section in ("基本信息", "分类", "提供方", "开放", "数据项", "挂接资源"):
        expect(visitor.get_by_role("heading", name=section).first).to_be_visible()

    with visitor.expect_download() as download:
        visitor.locator(".g-get .g-file").first.click()
    assert download.value.suggested_filename == "示例市公交站点.csv"
    file = tmp_path / "download.csv"
    download.value.save_as(file)
    assert len(file.read_bytes()) > 1000


def test_removing_a_filter_widens_the_list(visitor: Page) -> None:
    visitor.goto("/dataset/?theme=6")
    narrow = visitor.get_by_role("status").inner_text()
    visitor.locator(".g-active .g-filter").click()
    expect(visitor.get_by_role("status")).not_to_have_text(narrow)
    expect(visitor.locator(".g-active")).to_have_count(0)


def test_nothing_found_says_what_to_do(visitor: Page) -> None:
    visitor.goto("/dataset/?q=没有这样的数据甲乙丙丁&theme=3")
    nothing = visitor.locator(".g-nothing")
    expect(nothing).to_contain_text("去掉一些筛选条件")
    nothing.locator(".g-chip").first.click()
    expect(visitor.locator(".g-dataset").first).to_be_visible()


def test_sorting_needs_no_button(visitor: Page) -> None:
    visitor.goto("/dataset/")
    visitor.get_by_label("排序").select_option(label="名称")
    visitor.wait_for_url(re.compile("sort=title"))
    expect(visitor.get_by_label("排序")).to_have_value(re.compile("^title"))


def test_home_numbers_are_true(visitor: Page, api: Any) -> None:
    visitor.goto("/")
    shown = visitor.locator(".g-numbers dd").first.inner_text()
    assert int(shown.replace(",", "")) == api("package_search", rows=0)["count"]
    for entry in visitor.locator(".g-theme").all():
        code = re.search(r"theme=(\d+)", entry.get_attribute("href") or "")
        assert code
        count = int(entry.locator(".g-theme__count").inner_text().replace(",", ""))
        assert count == api("package_search", rows=0, fq=f"theme:{code[1]}")["count"], code[1]


def test_departments_with_one_name_are_told_apart(visitor: Page) -> None:
    visitor.goto("/dataset/?q=综合行政执法")
    labels = (
        visitor.locator(".g-facet", has_text="部门").first.locator(".g-facet__value span:first-child").all_inner_texts()
    )
    assert len(labels) == len(set(labels))
    assert sum(label.startswith("综合行政执法局") for label in labels) == 2


def test_item_table_of_three_hundred_can_be_searched(visitor: Page, administrator: Any) -> None:
    """300 items in their order, in a table that is searched while typing."""
    owner = next(
        each for each in administrator("organization_list", all_fields=True) if each["title"] == "示例市统计局"
    )
    items = [{"name": f"指标{number:03d}", "data_type": "C", "length": "20"} for number in range(1, 301)]
    made = administrator(
        "package_create", title="测试：三百个数据项", notes="浏览器测试用的目录条目，含三百个数据项。", owner_org=owner["id"],
        items=items, open_type="conditional", open_condition="测试", share_type="2", share_condition="测试",
        update_cycle="7", security_level="1", theme=["12"],
    )  # fmt: skip
    try:
        assert [item["name"] for item in made["items"]] == [item["name"] for item in items]
    finally:
        administrator("package_delete", id=made["id"])


def test_language_can_be_switched(visitor: Page) -> None:
    visitor.goto("/dataset/")
    visitor.get_by_role("link", name="English").click()
    expect(visitor.locator("html")).to_have_attribute("lang", "en")
    expect(visitor.get_by_role("navigation", name="Main navigation")).to_contain_text("Catalogue")
    visitor.get_by_role("link", name="中文").click()
    expect(visitor.locator("html")).to_have_attribute("lang", "zh-CN")
    assert visitor.url.endswith("/dataset/")
