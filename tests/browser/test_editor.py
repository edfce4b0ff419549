"""An editor of a department logs in and edits, with the item grid."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from playwright.sync_api import Page, expect

DEPARTMENT = "示例市交通运输局"


@pytest.fixture
def editor(logged_in: Any, make_person: Any) -> Page:
    page: Page = logged_in(make_person(DEPARTMENT, "editor"))
    return page


def test_edits_an_entry_in_the_grid(editor: Page, api: Any) -> None:
    found = api("package_search", q="示例市公交线路", rows=10)["results"]
    name = next(each["name"] for each in found if each["title"] == "示例市公交线路")
    before = api("package_show", id=name)["items"]
    word = "说明" + secrets.token_hex(3)

    editor.goto(f"/dataset/{name}")
    editor.get_by_role("link", name="编辑目录").click()
    rows = editor.locator(".govcn-grid tbody tr")
    expect(rows).to_have_count(len(before))
    rows.nth(1).locator("[data-column=description]").fill(word)
    editor.get_by_role("button", name="保存", exact=True).click()

    expect(editor.get_by_role("heading", level=1)).to_have_text("示例市公交线路")
    expect(editor.locator("#item-table")).to_contain_text(word)
    after = api("package_show", id=name)["items"]
    assert [item["name"] for item in after] == [item["name"] for item in before]
    assert after[1]["description"] == word


def test_cannot_edit_another_department(editor: Page, api: Any) -> None:
    other = next(
        each["name"]
        for each in api("package_search", rows=1000)["results"]
        if each["organization"]["title"] == "示例市统计局"
    )
    editor.goto(f"/dataset/{other}")
    expect(editor.get_by_role("link", name="编辑目录")).to_have_count(0)
    response = editor.goto(f"/dataset/edit/{other}")
    assert response
    assert response.status == 403
    expect(editor.get_by_role("heading", level=1)).to_have_text("没有查看权限")


@pytest.mark.parametrize("path", ["/dataset/new", "/dashboard/datasets", "/dashboard/organizations"])
def test_pages_of_an_editor_open(editor: Page, path: str) -> None:
    response = editor.goto(path)
    assert response
    assert response.status == 200


def test_a_resource_can_be_added_as_a_link(editor: Page, api: Any) -> None:
    """The buttons that choose between file and link work without scripts in attributes."""
    found = api("package_search", q="示例市公交线路", rows=10)["results"]
    name = next(each["name"] for each in found if each["title"] == "示例市公交线路")
    editor.goto(f"/dataset/{name}/resource/new")
    editor.locator(".resource-upload-field, [data-module=image-upload]").get_by_text("链接").first.click()
    expect(editor.locator("input[name=url]").last).to_be_visible()
