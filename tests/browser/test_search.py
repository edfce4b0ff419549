"""Suggestions while typing, slips and what is found by people's own words."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def test_suggestions_are_chosen_with_the_keyboard(visitor: Page) -> None:
    visitor.goto("/")
    field = visitor.get_by_role("combobox", name="搜索数据集")
    field.press_sequentially("tingche")
    options = visitor.get_by_role("option")
    expect(options.first).to_have_text("示例市公共停车场信息")
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", re.compile("suggestions"))
    field.press("Escape")
    expect(options).to_have_count(0)
    field.press_sequentially("c")
    expect(options.first).to_be_visible()
    field.press("ArrowDown")
    field.press("Enter")
    visitor.wait_for_url(re.compile("/dataset/"))
    expect(visitor.locator(".g-dataset").first).to_contain_text("示例市公共停车场信息")


def test_a_theme_is_suggested_and_leads_to_its_data(visitor: Page) -> None:
    visitor.goto("/dataset/")
    visitor.get_by_role("combobox", name="搜索数据集").press_sequentially("交通运")
    visitor.get_by_role("option", name="交通运输", exact=True).click()
    expect(visitor.locator(".g-active")).to_contain_text("交通运输")


def test_own_words_find_the_data(visitor: Page) -> None:
    for typed in ("哪里可以停车", "停車場", "tingchechang", "停车厂"):
        visitor.goto(f"/dataset/?q={typed}")
        expect(visitor.locator(".g-dataset").first).to_contain_text("示例市公共停车场信息")


def test_a_slip_is_pointed_out(visitor: Page) -> None:
    visitor.goto("/dataset/?q=停车厂")
    visitor.get_by_role("link", name="停车场", exact=True).click()
    expect(visitor.get_by_role("status")).to_contain_text("停车场")


def test_a_yearly_series_is_folded_newest_first(visitor: Page) -> None:
    visitor.goto("/dataset/?q=国民经济主要指标")
    folded = visitor.locator(".g-folded")
    expect(folded).to_have_count(1)
    expect(folded.locator(".g-dataset").first).to_be_hidden()
    folded.locator("summary").click()
    expect(folded.locator(".g-dataset").first).to_be_visible()
    expect(folded.locator(".g-dataset")).to_have_count(4)
    visitor.goto("/dataset/?q=国民经济主要指标&sort=title_string+asc")
    expect(visitor.locator(".g-folded")).to_have_count(0)


def test_nothing_found_leads_on(visitor: Page) -> None:
    visitor.goto("/dataset/?q=南极企鹅迁徙")
    expect(visitor.get_by_text("没有您要的数据？")).to_be_visible()
    visitor.get_by_role("button", name="希望开放这项数据").click()
    expect(visitor.get_by_text("已记下。")).to_be_visible()
    expect(visitor).to_have_url(re.compile("q="))
