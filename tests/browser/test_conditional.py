"""Nobody without the right reaches conditional data: not by page, API, download or search."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, expect


def status_of(url: str) -> tuple[int, bytes]:
    """(HTTP status, body) of an anonymous request."""
    try:
        with urllib.request.urlopen(url, timeout=60) as response:  # noqa: S310  the portal under test
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_page_shows_conditions_and_no_download(visitor: Page, demo: Any) -> None:
    visitor.goto(f"/dataset/{demo.conditional['name']}")
    expect(visitor.locator(".g-page__head .g-level")).to_have_text("有条件开放")
    expect(visitor.get_by_role("heading", name="获取数据")).to_be_visible()
    expect(visitor.get_by_role("link", name="下载")).to_have_count(0)
    assert visitor.locator("a[href*='/download/']").count() == 0
    expect(visitor.locator("#resources")).to_contain_text("按条件获取")


def test_resource_page_shows_no_download(visitor: Page, demo: Any) -> None:
    dataset = demo.conditional
    visitor.goto(f"/dataset/{dataset['name']}/resource/{dataset['resources'][0]['id']}")
    expect(visitor.get_by_role("heading", level=1)).to_be_visible()
    assert visitor.locator("a[href*='/download/']").count() == 0


def test_download_is_refused(portal_url: str, demo: Any) -> None:
    for resource in demo.conditional["resources"]:
        url = f"{portal_url}/dataset/{demo.conditional['id']}/resource/{resource['id']}/download/x.csv"
        code, body = status_of(url)
        assert code == 403
        assert b"<html" in body


def test_api_tells_no_address(api: Any, portal_url: str, demo: Any) -> None:
    shown = api("package_show", id=demo.conditional["id"])
    found = api("package_search", q=f"name:{demo.conditional['name']}")["results"]
    for dataset in (shown, *found):
        for resource in dataset["resources"]:
            assert resource["url"].startswith(portal_url), resource["url"]
            assert "file://" not in json.dumps(resource)


@pytest.mark.parametrize("words", ["files/", "http", "demo"])
def test_resource_search_finds_no_address(api: Any, portal_url: str, words: str) -> None:
    code, answer = api.ask("resource_search", query=f"url:{words}")
    if code == 200:
        assert all(each["url"].startswith(portal_url) for each in answer["result"]["results"])


def test_closed_entries_are_not_there(visitor: Page, api: Any) -> None:
    levels = {each["open_type"] for each in api("package_search", rows=1000)["results"]}
    assert levels <= {"unconditional", "conditional"}
    assert api("package_search", fq="open_type:none")["count"] == 0
    visitor.goto("/dataset/?open_type=none")
    expect(visitor.locator(".g-nothing")).to_be_visible()


def test_login_data_asks_for_a_login(visitor: Page, portal_url: str, demo: Any) -> None:
    visitor.goto(f"/dataset/{demo.login['name']}")
    expect(visitor.locator(".g-page__head .g-level")).to_have_text("登录后可下载")
    assert visitor.locator("a[href*='/download/']").count() == 0
    url = f"{portal_url}/dataset/{demo.login['id']}/resource/{demo.login['resources'][0]['id']}/download/x.csv"
    assert status_of(url)[0] in (401, 403)
    visitor.locator(".g-get").get_by_role("link", name="登录后下载").click()
    expect(visitor.get_by_label("用户名或电子邮箱")).to_be_visible()


def test_a_citizen_gets_login_data_but_not_conditional(logged_in: Any, make_person: Any, demo: Any) -> None:
    page = logged_in(make_person())
    page.goto(f"/dataset/{demo.login['name']}")
    with page.expect_download() as download:
        page.locator(".g-get .g-file").first.click()
    assert download.value.suggested_filename
    page.goto(f"/dataset/{demo.conditional['name']}")
    assert page.locator("a[href*='/download/']").count() == 0
