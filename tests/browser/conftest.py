"""Fixtures of the browser tests: Debian's Chromium, the running portal with the demo, and a watch on every page.

`./govcn test browser` sets GOVCN_TEST_URL, GOVCN_TEST_ADMIN and GOVCN_TEST_ADMIN_PASSWORD.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

CHROMIUM = os.environ.get("GOVCN_TEST_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip with a visible reason where there is no browser or no portal."""
    reason = ""
    if not os.path.exists(CHROMIUM):
        reason = "没有安装 Chromium（apt-get install chromium）/ Chromium is not installed"
    elif not os.environ.get("GOVCN_TEST_URL"):
        reason = "没有给出 GOVCN_TEST_URL；用 ./govcn test browser 运行 / GOVCN_TEST_URL is not set"
    if reason:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's own Chromium, without its background traffic."""
    quiet = "--disable-gpu --disable-quic --no-first-run --disable-background-networking"
    more = "--no-sandbox --disable-component-update --disable-sync"
    return {"executable_path": CHROMIUM, "headless": True, "args": [*quiet.split(), *more.split()]}


@pytest.fixture(scope="session")
def portal_url() -> str:
    """Address of the portal under test, without a slash at the end."""
    return os.environ["GOVCN_TEST_URL"].rstrip("/")


@dataclass
class Watch:
    """What a page did that it should not do."""

    home: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def on_request(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:", "blob:", "about:")):
            self.foreign.append(request.url)

    def on_console(self, message: ConsoleMessage) -> None:
        # a missing page is asked for on purpose in some tests; the browser reports it as an error of its own
        if message.type == "error" and "status of 4" not in message.text:
            self.errors.append(message.text)

    def clean(self) -> bool:
        return not self.foreign and not self.errors


def watched(context: BrowserContext, home: str) -> tuple[Page, Watch]:
    """A page whose requests and console are written down."""
    page, watch = context.new_page(), Watch(home)
    page.on("request", watch.on_request)
    page.on("console", watch.on_console)
    page.on("pageerror", lambda error: watch.errors.append(str(error)))
    return page, watch


@pytest.fixture
def visitor(browser: Browser, portal_url: str) -> Iterator[Page]:
    """An anonymous visitor on a desktop. At the end: no request to another host, no error in the console."""
    context = browser.new_context(viewport=DESKTOP, locale="zh-CN", base_url=portal_url, accept_downloads=True)
    page, watch = watched(context, portal_url)
    yield page
    assert watch.foreign == []
    assert watch.errors == []
    context.close()


@pytest.fixture
def phone(browser: Browser, portal_url: str) -> Iterator[Page]:
    """An anonymous visitor with a phone of 390 pixels."""
    context = browser.new_context(
        viewport=PHONE, locale="zh-CN", base_url=portal_url, has_touch=True, is_mobile=True, device_scale_factor=2
    )
    page, watch = watched(context, portal_url)
    yield page
    assert watch.foreign == []
    assert watch.errors == []
    context.close()


@dataclass(frozen=True)
class Api:
    """The action API over HTTP, as anybody or with a token."""

    root: str
    token: str = ""

    def __call__(self, action: str, **parameters: Any) -> Any:
        """The result of an action. Raises AssertionError with the portal's own words when it fails."""
        status, answer = self.ask(action, **parameters)
        assert status == 200, (action, status, answer)
        return answer["result"]

    def ask(self, action: str, **parameters: Any) -> tuple[int, Any]:
        """(HTTP status, answer)."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": self.token} if self.token else {})
        request = urllib.request.Request(  # noqa: S310  the portal under test
            f"{self.root}/api/3/action/{action}", json.dumps(parameters).encode(), headers, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  the portal under test
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")


@pytest.fixture(scope="session")
def api(portal_url: str) -> Api:
    """The API for an anonymous program."""
    return Api(portal_url)


def log_in(page: Page, name: str, password: str) -> None:
    """Log in by the form."""
    page.goto("/user/login")
    page.get_by_label("用户名或电子邮箱").fill(name)
    page.get_by_label("密码", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "/user/login" not in url)


@pytest.fixture(scope="session")
def administrator(browser: Browser, portal_url: str) -> Iterator[Api]:
    """The API with the administrator's token, which is made on his own page as he would make it."""
    name = os.environ.get("GOVCN_TEST_ADMIN", "admin")
    password = os.environ.get("GOVCN_TEST_ADMIN_PASSWORD")
    if not password:
        pytest.skip("没有给出 GOVCN_TEST_ADMIN_PASSWORD / GOVCN_TEST_ADMIN_PASSWORD is not set")
    context = browser.new_context(viewport=DESKTOP, locale="zh-CN", base_url=portal_url)
    page, watch = watched(context, portal_url)
    log_in(page, name, password)
    page.goto(f"/user/{name}/api-tokens")
    page.get_by_label("名称").fill("browser-" + secrets.token_hex(4))
    page.get_by_role("button", name="创建接口令牌").click()
    token = page.locator("code.g-token").first
    token.wait_for()
    assert watch.clean(), watch
    yield Api(portal_url, (token.text_content() or "").strip())
    context.close()


@dataclass(frozen=True)
class Person:
    """A user made for the tests."""

    name: str
    password: str


@pytest.fixture(scope="session")
def make_person(administrator: Api) -> Any:
    """`make_person(department title | "", role)` → a new user, a member of that department."""

    def make(department: str = "", role: str = "editor") -> Person:
        person = Person("test-" + secrets.token_hex(4), "Pw-" + secrets.token_urlsafe(12))
        administrator(
            "user_create", name=person.name, password=person.password, email=f"{person.name}@test.example",
            fullname="测试用户",
        )  # fmt: skip
        if department:
            found = administrator("organization_list", all_fields=True, limit=1000)
            organization = next(each for each in found if each["title"] == department)
            administrator("organization_member_create", id=organization["id"], username=person.name, role=role)
        return person

    return make


@pytest.fixture
def logged_in(browser: Browser, portal_url: str) -> Iterator[Any]:
    """`logged_in(person)` → a watched page of that person."""
    opened: list[tuple[BrowserContext, Watch]] = []

    def open_page(person: Person) -> Page:
        context = browser.new_context(viewport=DESKTOP, locale="zh-CN", base_url=portal_url, accept_downloads=True)
        page, watch = watched(context, portal_url)
        opened.append((context, watch))
        log_in(page, person.name, person.password)
        return page

    yield open_page
    for context, watch in opened:
        assert watch.foreign == []
        assert watch.errors == []
        context.close()


@dataclass(frozen=True)
class Demo:
    """One dataset of the demo for each level."""

    open: dict[str, Any]
    login: dict[str, Any]
    conditional: dict[str, Any]


@pytest.fixture(scope="session")
def demo(api: Api) -> Demo:
    """Datasets of the demo, found as a visitor finds them."""

    def first(test: Any) -> dict[str, Any]:
        return next(each for each in found if test(each) and each["resources"])

    found = api("package_search", rows=1000)["results"]
    return Demo(
        open=first(lambda each: each["open_type"] == "unconditional" and each.get("access_mode") != "login"),
        login=first(lambda each: each["open_type"] == "unconditional" and each.get("access_mode") == "login"),
        conditional=first(lambda each: each["open_type"] == "conditional"),
    )


def look(page: Page, name: str, *, inspected: bool = False) -> None:
    """The page is as wide as the window on a phone and on a desktop, and accessible where `inspected`.

    GOVCN_TEST_SHOTS names a folder for pictures of it at both widths.
    """
    page.wait_for_load_state()  # a click returns while the page it leads to still lacks its style sheets
    before = page.viewport_size
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, (name, size["width"], too_wide)
        if folder := os.environ.get("GOVCN_TEST_SHOTS"):
            page.screenshot(path=Path(folder) / f"{name}-{size['width']}.png", full_page=True)
    if before:
        page.set_viewport_size(before)
    if inspected:
        page.context.new_cdp_session(page).send("Page.setBypassCSP", {"enabled": True})  # axe is a script of its own
        page.reload()
        faults = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]}).response["violations"]
        assert faults == [], (name, [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in faults])
