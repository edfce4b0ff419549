"""Applying for conditional data in Chromium: the applicant, the bureau and the department, each in a browser of their own."""

from __future__ import annotations

import datetime
import secrets
from typing import Any

import pytest
from conftest import look
from playwright.sync_api import Page, expect

DATASET = {
    "title": "公共自行车站点实时可借数",
    "notes": "公共自行车站点的名称、地址、桩位总数和可借车辆数，每五分钟更新。数据为虚构。",
    "update_cycle": "1",
    "share_type": "1",
    "share_use": "工作参考",
    "share_method_class": "1",
    "share_method": "file",
    "open_type": "conditional",
    "open_condition": "说明用途和安全保障措施；不得用于识别特定车辆",
    "open_method": "文件下载",
    "open_requirements": "注明数据来源",
    "open_safeguards": "访问留痕",
    "security_level": "2",
    "format_class": "2",
    "formats": ["XLSX"],
    "categories": ["209"],
    "items": [{"name": "站点名称", "data_type": "C", "length": "100"}],
}
ANSWERS = {
    "利用主体名称": "示例出行科技有限公司",
    "统一社会信用代码": "1141160000593120X0",
    "应用场景": "在本公司的出行应用中显示各站点的可借车辆，引导市民前往有车的站点。",
    "用途": "向公众提供可借车辆查询",
    "使用范围": "示例市范围内的手机应用和路侧诱导屏。",
    "技术能力": "专用服务器两台，数据工程师三名，已通过网络安全等级保护二级测评。",
    "安全保障措施": "数据加密存储，按岗位授权访问，访问留痕并保存六个月，到期后销毁。",
}


@pytest.fixture(scope="module")
def world(administrator: Any, make_person: Any) -> dict[str, Any]:
    """A department with two editors, the bureau, an applicant, and a published conditional dataset."""
    found = {each["name"] for each in administrator("organization_list", all_fields=True, limit=1000)}
    if "data-bureau" not in found:
        administrator("organization_create", name="data-bureau", title="示例市数据局", region_code="330100")
    bureau = administrator("organization_show", id="data-bureau")["title"]
    title = f"示例市交通运输局{secrets.token_hex(2)}"
    organization = administrator("organization_create", title=title, region_code="330100")
    people = {
        "editor": make_person(title, "editor"),
        "owner": make_person(title, "admin"),
        "bureau": make_person(bureau, "editor"),
        "applicant": make_person(),
    }
    dataset = administrator("package_create", owner_org=organization["id"], **DATASET)
    return {"people": people, "dataset": dataset, "administrator": administrator}


def test_the_whole_way(world: dict[str, Any], logged_in: Any) -> None:
    _publish(world, logged_in)
    applicant, bureau, owner = (logged_in(world["people"][who]) for who in ("applicant", "bureau", "owner"))
    address = _ask(applicant, world["dataset"]["name"])
    _complete(applicant, bureau, address)
    _decide(owner, address)
    _use(applicant, owner, address)


def _ask(applicant: Page, dataset: str) -> str:
    """From the dataset's page to the submitted application; its address."""
    applicant.goto(f"/dataset/{dataset}")
    look(applicant, "1-dataset")
    applicant.get_by_role("link", name="申请使用").click()
    look(applicant, "2-form", inspected=True)
    applicant.get_by_role("button", name="提交申请").click()
    expect(applicant.get_by_role("alert")).to_contain_text("请填写：应用场景")
    look(applicant, "3-form-incomplete")
    applicant.get_by_label("利用主体类型").select_option("法人或其他组织")
    for label, text in ANSWERS.items():
        applicant.get_by_label(label, exact=True).fill(text)
    until = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=180)
    applicant.get_by_label("使用期限至").fill(until.isoformat())
    applicant.get_by_role("button", name="保存草稿").click()
    expect(applicant.get_by_text("草稿已保存")).to_be_visible()
    applicant.get_by_label("已阅读并接受").check()
    applicant.get_by_role("button", name="提交申请").click()
    expect(applicant.locator(".a-state")).to_have_text("待规范性审查")
    look(applicant, "4-submitted", inspected=True)
    return applicant.url


def _complete(applicant: Page, bureau: Page, address: str) -> None:
    """一次性告知补正, once, and the review passed."""
    bureau.goto("/govcn/applications")
    look(bureau, "5-queue")
    bureau.get_by_role("link", name=DATASET["title"]).first.click()
    step(bureau, "一次性告知补正", "请补充路侧诱导屏的数量和位置。")
    expect(bureau.locator(".a-state")).to_have_text("补正")
    applicant.goto(address)
    applicant.get_by_role("link", name="填写并提交").click()
    expect(applicant.locator("#told + p")).to_contain_text("诱导屏")
    look(applicant, "6-correction", inspected=True)
    applicant.get_by_label("使用范围").fill("示例市范围内的手机应用和 12 块路侧诱导屏（清单见网站）。")
    applicant.get_by_label("已阅读并接受").check()
    applicant.get_by_role("button", name="提交申请").click()
    bureau.goto(address)
    expect(bureau.get_by_text("一次性告知补正", exact=True)).to_have_count(1)  # in the history alone
    step(bureau, "规范性审查通过")


def _decide(owner: Page, address: str) -> None:
    """No refusal by law without its basis; then the department agrees."""
    owner.goto(address)
    owner.locator("summary", has_text="不同意").click()
    owner.get_by_label("理由类别").select_option("法律、行政法规或国家有关规定不予开放")
    owner.get_by_label("不同意的理由").fill("依法不予开放")
    owner.get_by_role("button", name="不同意").click()
    expect(owner.locator(".error-block")).to_contain_text("依据")
    look(owner, "7-owner")
    owner.reload()
    owner.goto(address)
    step(owner, "同意")


def _use(applicant: Page, owner: Page, address: str) -> None:
    """The agreement accepted, the use reported, the decision public without a name."""
    applicant.goto(address)
    look(applicant, "8-agreement", inspected=True)
    applicant.locator("summary", has_text="接受协议").click()
    applicant.get_by_label("已阅读并接受").check()
    applicant.get_by_role("button", name="接受协议").click()
    expect(applicant.locator(".a-state")).to_have_text("使用中")
    step(applicant, "成果反馈", "应用已上线，日均查询约两千次。")
    look(applicant, "9-reported")
    applicant.goto("/govcn/applications")
    look(applicant, "10-mine", inspected=True)
    _grant(applicant, owner)
    applicant.goto(address.replace("/govcn/", "/en/govcn/"))
    look(applicant, "11-english")
    applicant.goto("/govcn/decisions")
    expect(applicant.get_by_role("cell", name="同意", exact=True).first).to_be_visible()
    assert ANSWERS["利用主体名称"] not in applicant.content()
    look(applicant, "12-decisions", inspected=True)


def _grant(applicant: Page, owner: Page) -> None:
    """What was agreed is a grant; a key of it is shown once; the department sees who uses its data."""
    applicant.goto("/govcn/grants")
    expect(applicant.get_by_text("有效", exact=True)).to_be_visible()
    look(applicant, "13-grants", inspected=True)
    applicant.get_by_role("button", name="新建访问密钥").click()
    expect(applicant.locator(".g-grant-key")).to_contain_text("govcn-key-")
    look(applicant, "14-key")
    owner.goto("/govcn/grants/department")
    expect(owner.get_by_role("link", name=DATASET["title"])).to_be_visible()
    look(owner, "15-grants-of-the-department", inspected=True)


def test_strangers_find_nothing(world: dict[str, Any], logged_in: Any, make_person: Any, visitor: Page) -> None:
    visitor.goto(f"/govcn/applications/new?dataset={world['dataset']['name']}")
    expect(visitor.get_by_label("用户名或电子邮箱")).to_be_visible()
    stranger = logged_in(make_person())
    stranger.goto("/govcn/applications?which=all")
    expect(stranger.get_by_role("link", name="待我办理")).to_have_count(0)
    assert stranger.locator(".a-list__item").count() == 0


def step(page: Page, event: str, reason: str = "") -> None:
    """Open the step, give its text, press its button."""
    form = page.locator("details.a-step", has=page.locator("summary", has_text=event)).first
    form.locator("summary").click()
    if reason:
        form.locator("textarea[name=reason]").fill(reason)
    form.get_by_role("button", name=event).click()
    expect(page.get_by_text("已办理")).to_be_visible()


def _publish(world: dict[str, Any], logged_in: Any) -> None:
    """The two reviews, on the pages of the reviewers."""
    name = world["dataset"]["name"]
    world["administrator"]("govcn_submit", id=name)
    for who in ("owner", "bureau"):
        page = logged_in(world["people"][who])
        page.goto(f"/dataset/{name}")
        page.get_by_role("button", name="审核通过").click()
