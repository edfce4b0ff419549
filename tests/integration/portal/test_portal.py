"""The portal's pages on the real stack: what they show, what they never show, how they count."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from ckan.plugins import toolkit as tk
from ckan.tests.helpers import call_action
from ckanext.govcn.portal import model, numbers, usage
from integration.making import COMPLETE, create, department, internal, publish

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"}
ADDRESS = "https://inner.example/secret/parking.csv"

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """Numbers are kept for a minute and counts until they are flushed: not from one test to the next."""
    usage.flush()
    numbers.forget()


def published(open_type: str = "unconditional", **more: Any) -> dict[str, Any]:
    resources = [{"name": "停车场.csv", "format": "CSV", "url": ADDRESS}]
    return publish(create(internal(), **(COMPLETE | {"resources": resources} | more)), open_type)


def test_home_counts_what_a_visitor_can_see(app: Any) -> None:
    published(theme=["6"])
    published("conditional", theme=["6"], open_condition="限科研")
    create(internal(), **(COMPLETE | {"theme": ["6"]}))  # a draft
    overview = numbers.overview()
    assert (overview.datasets, overview.open_datasets, overview.departments, overview.resources) == (2, 1, 2, 2)
    assert {theme.code: theme.count for theme in overview.themes}["6"] == 2
    assert app.get("/").status_code == 200


def test_page_of_open_data_offers_the_download(app: Any) -> None:
    dataset = published()
    body = app.get(f"/dataset/{dataset['name']}", headers=BROWSER).body
    assert "无条件开放" in body
    assert "停车场.csv" in body
    for section in ("基本信息", "分类", "分级", "提供方", "格式", "共享", "开放", "数据项", "挂接资源"):
        assert section in body


def test_page_of_conditional_data_shows_conditions_and_no_address(app: Any) -> None:
    dataset = published("conditional", open_condition="限于科研用途")
    for path in (f"/dataset/{dataset['name']}", f"/dataset/{dataset['name']}/resource/{dataset['resources'][0]['id']}"):
        body = app.get(path, headers=BROWSER).body
        assert "inner.example" not in body
        assert "/download/" not in body
        assert "有条件开放" in body
    assert "限于科研用途" in app.get(f"/dataset/{dataset['name']}").body


@pytest.mark.parametrize("path", ["/", "/dataset/", "/organization/", "/developer", "/about", "/user/login", "/nope"])
def test_every_answer_carries_the_policy(app: Any, path: str) -> None:
    response = app.get(path)
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "gravatar" not in response.body
    assert "javascript:" not in response.body


def test_a_download_keeps_its_own_stricter_policy(app: Any) -> None:
    dataset = published()
    path = f"/dataset/{dataset['id']}/resource/{dataset['resources'][0]['id']}/download/x.csv"
    response = app.get(path, follow_redirects=False)
    assert response.status_code == 302
    assert "sandbox" in response.headers["Content-Security-Policy"]


def test_views_and_downloads_are_counted_in_one_write(app: Any) -> None:
    dataset = published()
    resource = dataset["resources"][0]
    for _ in range(3):
        app.get(f"/dataset/{dataset['name']}", headers=BROWSER)
    app.get(f"/dataset/{dataset['name']}", headers={"User-Agent": "Baiduspider/2.0"})
    path = f"/dataset/{dataset['id']}/resource/{resource['id']}/download/x.csv"
    app.get(path, headers=BROWSER, follow_redirects=False)
    app.get(path, headers=BROWSER | {"Range": "bytes=100-"}, follow_redirects=False)  # a download that goes on
    assert model.totals(dataset["id"]) == model.Usage(0, 0)
    assert usage.flush() == 2
    assert model.totals(dataset["id"]) == model.Usage(views=3, downloads=1)
    assert model.most_used(days=90, limit=5) == [dataset["id"]]
    numbers.forget()
    assert [each["id"] for each in numbers.most_used()] == [dataset["id"]]


def test_a_refused_download_is_not_counted(app: Any) -> None:
    dataset = published("conditional", open_condition="限科研")
    path = f"/dataset/{dataset['id']}/resource/{dataset['resources'][0]['id']}/download/x.csv"
    assert app.get(path, headers=BROWSER).status_code == 403
    usage.flush()
    assert model.totals(dataset["id"]).downloads == 0


def test_counts_of_two_workers_add_up() -> None:
    day = datetime.date(2026, 1, 2).isoformat()
    for _ in range(2):
        model.add({(day, "one", "", "views"): 2, (day, "one", "file", "downloads"): 1})
    assert model.totals("one") == model.Usage(views=4, downloads=2)
    assert model.all_downloads() == 2


def test_what_was_closed_is_not_among_the_most_used(app: Any) -> None:
    dataset = published()
    app.get(f"/dataset/{dataset['name']}", headers=BROWSER)
    usage.flush()
    numbers.forget()
    assert [each["id"] for each in numbers.most_used()] == [dataset["id"]]
    publish(dataset, "none")
    assert numbers.most_used() == []
    assert numbers.newest() == []
    assert COMPLETE["title"] not in app.get("/").body


def test_departments_of_one_name_are_told_apart() -> None:
    first = department(region="330106", title="综合行政执法局")
    second = department(region="330108", title="综合行政执法局")
    other = department(title="示例市统计局")
    labels = numbers.department_labels()
    assert len({labels[each["name"]] for each in (first, second)}) == 2
    assert all(labels[each["name"]].startswith("综合行政执法局（") for each in (first, second))
    assert labels[other["name"]] == "示例市统计局"


def test_scripts_get_their_texts_in_chinese(app: Any) -> None:
    texts = json.loads(app.get("/api/i18n/zh_CN").body)
    assert texts["Close"][1] == "关闭"
    assert '<html lang="zh-CN"' in app.get("/").body


@pytest.mark.parametrize(
    ("path", "chinese", "english"),
    [
        ("/nope", "页面不存在", "This page does not exist"),
        ("/dataset/nope", "页面不存在", "This page does not exist"),
        ("/dataset/new", "没有查看权限", "You may not see this"),
    ],
)
def test_errors_speak_both_languages(app: Any, path: str, chinese: str, english: str) -> None:
    assert chinese in app.get(path).body
    assert english in app.get(f"/en{path}").body


def test_english_page_says_title_and_level_in_english(app: Any) -> None:
    dataset = published(title_en="Public car parks")
    body = app.get(f"/en/dataset/{dataset['name']}").body
    assert "Public car parks" in body
    assert "Basic information" in body
    assert "Open" in body


def test_hostile_texts_are_only_text(app: Any) -> None:
    notes = "<script>alert(1)</script>全市公共停车场的名称、地址。<img src=x onerror=alert(2)>[点](javascript:alert(3))"
    dataset = published(notes=notes)
    for path in ("/", "/dataset/", f"/dataset/{dataset['name']}"):
        body = app.get(path, headers=BROWSER).body
        assert "<script>alert" not in body
        assert "<img src=x" not in body
        assert 'href="javascript:' not in body


def test_footer_and_notice_come_from_the_configuration(app: Any, monkeypatch: Any) -> None:
    settings = {
        "sponsor": "示例市人民政府",
        "icp": "示ICP备00000000号",
        "police": "示公网安备00000000号",
        "site_code": "9900000001",
    }
    for key, value in settings.items():
        monkeypatch.setitem(tk.config, f"ckanext.govcn.footer.{key}", value)
    monkeypatch.setitem(tk.config, "ckanext.govcn.portal.notice", "本站为演示环境")
    body = app.get("/").body
    assert all(value in body for value in [*settings.values(), "本站为演示环境"])


def test_developer_page_has_an_open_example(app: Any) -> None:
    published("conditional", open_condition="限科研")
    dataset = published()
    body = app.get("/developer").body
    assert f"package_show?id={dataset['name']}" in body
    assert call_action("package_show", id=dataset["name"])["resources"]


def test_a_slip_is_pointed_out(app: Any) -> None:
    assert "停车场" in app.get("/dataset/?q=停车厂").body
    assert "您要找的是不是" in app.get("/dataset/?q=停车厂").body
    assert "您要找的是不是" not in app.get("/dataset/?q=停车场").body


def test_every_department_is_a_filter(app: Any) -> None:
    """CKAN cuts a list of filters at ten."""
    from ckanext.govcn.portal import helpers

    items = [{"name": f"ju-{n}", "display_name": f"示例局{n}", "count": 1} for n in range(26)]
    with app.flask_app.test_request_context("/dataset/"):
        facets = helpers.govcn_facets({"organization": "部门"}, {"organization": {"items": items}})
    assert len(facets[0]["values"]) == 26


def test_login_page_says_who_issues_accounts(app: Any) -> None:
    assert "账户由平台主办单位开通" in app.get("/user/login").body


def test_a_text_that_nothing_met_is_counted_once_a_page_and_by_no_program(app: Any) -> None:
    for year in (2021, 2022):
        published(title=f"{year}年停车申报名录")
    asked = {"q": "停电申办"}
    body = app.get("/dataset/", query_string=asked, headers=BROWSER).body
    assert "没有找到" in body
    assert "另有 1 个名称相近的数据集" in body
    app.get("/dataset/", query_string=asked | {"theme": "6"}, headers=BROWSER)
    app.get("/dataset/", query_string=asked, headers={"User-Agent": "curl/8"})
    app.get("/dataset/", query_string={"q": "停车"}, headers=BROWSER)
    assert [(row["text"], row["times"]) for row in model.most_missed(1, 1, 10)] == [("停电申办", 1)]
    assert app.get("/govcn/missed-queries", headers=BROWSER).status_code == 403


def test_who_finds_nothing_says_that_the_data_are_wanted(app: Any) -> None:
    page = app.get("/dataset/", query_string={"q": "停电申办"}, headers=BROWSER).body
    assert "希望开放这项数据" in page
    assert "希望开放这项数据" not in app.get("/dataset/", query_string={"q": "13800000000"}, headers=BROWSER).body
    for _ in range(2):  # the same browser says it once a day
        app.post("/govcn/wanted", data={"q": "停电申办"}, headers=BROWSER, follow_redirects=False)
    app.post("/govcn/wanted", data={"q": "停电停水"}, headers={"User-Agent": "curl/8"}, follow_redirects=False)
    app.post("/govcn/wanted", data={"q": "13800000000"}, headers=BROWSER, follow_redirects=False)
    (row,) = model.most_missed(1, 2, 10)
    assert (row["text"], row["times"], row["wanted"]) == ("停电申办", 1, 1)
