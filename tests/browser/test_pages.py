"""Every page: only this host, no error in the console, readable on a phone, accessible, in one language."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

PATHS = {
    "home": "/",
    "list": "/dataset/",
    "search": "/dataset/?q=统计&open_type=unconditional",
    "open": "/dataset/{open}",
    "conditional": "/dataset/{conditional}",
    "departments": "/organization/",
    "department": "/organization/{department}",
    "developer": "/developer",
    "about": "/about",
    "login": "/user/login",
    "missing": "/dataset/there-is-no-such-dataset",
}
AXE = ("home", "list", "open", "conditional", "departments", "developer", "login", "missing")
# words that are the same in Chinese pages: formats, names of software and standards
LATIN = re.compile(
    r"CKAN|AGPL-3.0-or-later|AGPL|English|API|CSV|XLSX?|JSON|XML|PDF|ZIP|SHA|HTTPS?|GDP|Python|Authorization|organization|title|rows|"
    r"start|token|url|DS/OL|GB/T|localhost|dataset|codes?|curl|package|resources?",
    re.I,
)


@pytest.fixture
def address(demo: Any) -> Any:
    names = {
        "open": demo.open["name"],
        "conditional": demo.conditional["name"],
        "department": demo.open["organization"]["name"],
    }
    return lambda page: PATHS[page].format(**names)


@pytest.mark.parametrize("name", PATHS)
def test_desktop_page_is_clean(visitor: Page, address: Any, name: str) -> None:
    """The fixture checks hosts and console; here: the headers and one main heading."""
    response = visitor.goto(address(name))
    assert response
    assert "script-src 'self'" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert visitor.locator("h1").count() == 1
    assert visitor.locator("main").count() == 1
    visitor.wait_for_load_state("networkidle")


@pytest.mark.parametrize("name", PATHS)
def test_phone_page_fits(phone: Page, address: Any, name: str) -> None:
    phone.goto(address(name))
    phone.wait_for_load_state("networkidle")
    width = phone.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    menu = phone.locator(".g-menu")
    expect(menu.get_by_role("link", name="数据目录")).to_be_hidden()
    menu.locator("summary").click()
    expect(menu.get_by_role("link", name="数据目录")).to_be_visible()


def violations(page: Page) -> list[Any]:
    """Serious and critical findings of axe: (rule, first elements)."""
    return [
        (each["id"], [node["html"][:160] for node in each["nodes"]][:3])
        for each in Axe().run(page).response["violations"]
        if each["impact"] in ("serious", "critical")
    ]


@pytest.fixture
def inspected(browser: Any, portal_url: str) -> Iterator[Any]:
    """`inspected(size)` → a page that axe may put its script into, which the portal's own policy forbids."""
    contexts: list[BrowserContext] = []

    def open_page(size: dict[str, int]) -> Page:
        contexts.append(browser.new_context(viewport=size, locale="zh-CN", base_url=portal_url, bypass_csp=True))
        return contexts[-1].new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", AXE)
def test_no_serious_accessibility_violation(inspected: Any, address: Any, name: str) -> None:
    page = inspected({"width": 1280, "height": 900})
    page.goto(address(name))
    page.wait_for_load_state("networkidle")
    assert violations(page) == []


@pytest.mark.parametrize("name", ["home", "list", "open"])
def test_no_serious_accessibility_violation_on_a_phone(inspected: Any, address: Any, name: str) -> None:
    page = inspected({"width": 390, "height": 844})
    page.goto(address(name))
    page.wait_for_load_state("networkidle")
    assert violations(page) == []


@pytest.mark.parametrize("name", [name for name in PATHS if name != "developer"])
def test_chinese_page_is_chinese(visitor: Page, address: Any, name: str) -> None:
    visitor.goto(address(name))
    text = visitor.locator("body").inner_text()
    visible = "\n".join(
        line for line in text.splitlines() if not re.search(r"https?:|[\w.+-]+@[\w.-]+|^\s*[a-z][a-z0-9_]*\s*$", line)
    )
    assert re.findall(r"[A-Za-z]{4,}", LATIN.sub("", visible)) == []


@pytest.mark.parametrize("name", PATHS)
def test_english_page_has_english_words(visitor: Page, address: Any, name: str) -> None:
    """Frame, headings and buttons are English; what departments wrote stays Chinese."""
    visitor.goto("/en" + address(name))
    frame = visitor.locator(".g-header, .g-footer__nav, .g-filters h2, .g-anchors, .g-facts dt, button, label")
    for text in frame.all_inner_texts():
        rest = text.replace("中文", "")
        assert not re.search(r"[\u4e00-\u9fff]", rest), text


def test_keyboard_reaches_the_content_first(visitor: Page) -> None:
    visitor.goto("/")
    visitor.keyboard.press("Tab")
    skip = visitor.get_by_role("link", name="跳到主要内容")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()


def test_works_without_scripts(browser: Any, portal_url: str, demo: Any) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=portal_url)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("搜索数据集").fill("统计")
    page.get_by_role("button", name="搜索").click()
    page.locator(".g-dataset a").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("#resources")).to_be_visible()
    context.close()


def test_developer_examples_run(visitor: Page, tmp_path: Path) -> None:
    """What the page says can be run is run."""
    visitor.goto("/developer")
    for block in visitor.locator("pre code").all():
        text = block.text_content() or ""
        if text.startswith("curl"):
            command = [part.replace("$TOKEN", "") for part in shlex.split(text)]
            done = subprocess.run([*command, "-sS", "-f"], capture_output=True, text=True, timeout=60, check=False)
            if "$KEY" in text:  # the key and the resource are the reader's own: tests/integration/grant/test_interface.py
                assert "404" in done.stderr, (text, done.stderr)
                continue
            assert done.returncode == 0, (text, done.stderr)
            assert '"success": true' in done.stdout
        else:
            done = subprocess.run(
                [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
            )
            assert done.returncode == 0, done.stderr
            assert list(tmp_path.iterdir())
