"""Search through CKAN on the real Solr: Chinese, facets, fields, hostile input."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ckan.lib import search
from ckan.lib.search.common import SearchQueryError
from ckan.lib.search.index import PackageSearchIndex
from ckan.tests import helpers

pytestmark = pytest.mark.usefixtures("clean")
FACETS = ["theme", "open_type", "formats", "update_cycle", "region_codes", "region_path"]


def index(identifier: str, title: str, **entry: Any) -> None:
    """Index an entry as CKAN's indexer does, without the forms' rules."""
    package = {
        "id": identifier,
        "name": identifier,
        "title": title,
        "type": "dataset",
        "state": "active",
        "private": False,
        "notes": entry.pop("notes", ""),
        "tags": [{"name": tag} for tag in entry.pop("tags", [])],
        "groups": [],
        "resources": [],
        "organization": None,
        "metadata_created": "2024-01-01T00:00:00",
        "metadata_modified": "2024-01-01T00:00:00",
    }
    package["with_custom_schema"] = {**package, **entry}
    PackageSearchIndex().index_package(package)


def titles(**parameters: Any) -> list[str]:
    context = {"ignore_auth": True, "user": ""}
    found = helpers.call_action("package_search", context, fl="name,title", **parameters)
    return [one["title"] for one in found["results"]]


def result(**parameters: Any) -> dict[str, Any]:
    return helpers.call_action("package_search", {"ignore_auth": True, "user": ""}, fl="name", **parameters)


@pytest.fixture
def entries(clean: None) -> None:
    del clean
    index(
        "parking",
        "西湖区公共停车场信息",
        theme=["6"],
        region_codes=["330106"],
        open_type="unconditional",
        formats=["csv"],
    )
    index(
        "air",
        "空气质量监测数据",
        theme=["10"],
        region_codes=["330100"],
        open_type="conditional",
        formats=["csv", "xlsx"],
    )
    index("hours", "图书馆开放时间", notes="每天 12:00 闭馆", items=[{"name": "统一社会信用代码"}])


FOUND_FIRST = {
    "停车场": "西湖区公共停车场信息",
    "停車場": "西湖区公共停车场信息",
    "哪里可以停车": "西湖区公共停车场信息",
    "tingchechang": "西湖区公共停车场信息",
    "停车厂": "西湖区公共停车场信息",
    "杭州 停车": "西湖区公共停车场信息",
    "空氣質量": "空气质量监测数据",
    "kqzl": "空气质量监测数据",
    "12:00": "图书馆开放时间",
    "12：00": "图书馆开放时间",
    "统一社会信用代码": "图书馆开放时间",
    "title:空气": "空气质量监测数据",
    'name:"hours"': "图书馆开放时间",
}
HOSTILE_TEXT = (
    "(" * 5000,
    "{!func}ord(title)",
    "*" * 200,
    "\x00\x01",
    "停车" * 5000,
    '"' * 99,
    "\\" * 99,
    "title:[* TO",
    "-" * 50,
    "😀" * 50,
)
HOSTILE_SYNTAX = (
    {"q": "title:" + "(" * 50 + "a"},
    {"q": "title:/(.*a){50}/"},
    {"q": "title:a* " * 10},
    {"q": "title:*a"},
    {"q": "停车", "fq": "(("},
    {"q": "停车", "fq": "{!frange}x"},
    {"q": "停车", "sort": "nothing asc"},
)


@pytest.mark.usefixtures("entries")
def test_found_first() -> None:
    assert {q: next(iter(titles(q=q)), None) for q in FOUND_FIRST} == FOUND_FIRST


@pytest.mark.usefixtures("entries")
def test_facets_count_codes_one_by_one() -> None:
    facets = result(q="*:*", **{"facet.field": FACETS})["search_facets"]
    counts = {name: {one["name"]: one["count"] for one in facet["items"]} for name, facet in facets.items()}
    assert counts["formats"] == {"csv": 2, "xlsx": 1}
    assert counts["theme"] == {"6": 1, "10": 1}
    assert counts["region_path"] == {"330000": 2, "330100": 2, "330106": 1}


@pytest.mark.usefixtures("entries")
def test_filters_sorting_and_pages_work_with_text() -> None:
    assert titles(q="空气 停车 时间", fq="+theme:10") == ["空气质量监测数据"]
    assert len(titles(q="停车 空气 图书馆", sort="name asc", rows=2)) == 2
    assert titles(q="停车 空气 图书馆", sort="name asc", start=1, rows=1) == ["图书馆开放时间"]


def test_four_hundred_items_are_indexed() -> None:
    index("wide", "宽表", items=[{"name": f"第{number}项指标", "description": "说明" * 200} for number in range(400)])
    assert titles(q="第399项指标")[0] == "宽表"


@pytest.mark.usefixtures("entries")
def test_a_withdrawn_or_hidden_entry_is_not_found_by_text() -> None:
    query = search.query_for("package")
    query.run({"q": "停车场", "fl": "name"}, permission_labels=["nobody"])
    assert query.count == 0


@pytest.mark.usefixtures("entries")
def test_hostile_text_has_an_answer_and_hostile_syntax_is_refused() -> None:
    result(q="warm up")
    for q in HOSTILE_TEXT:
        started = time.monotonic()
        result(q=q)
        assert time.monotonic() - started < 1, q[:20]
    for parameters in HOSTILE_SYNTAX:
        with pytest.raises(SearchQueryError):
            search.query_for("package").run({"fl": "name", **parameters})
