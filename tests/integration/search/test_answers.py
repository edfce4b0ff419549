"""What a search says beside its results: folding, nearest matches, dropped words; and why one is first."""

from __future__ import annotations

from typing import Any

import pytest
from ckan.plugins import toolkit as tk
from ckan.tests import helpers
from integration.search.test_search import index

pytestmark = pytest.mark.usefixtures("clean")
SYSADMIN = {"ignore_auth": True, "user": ""}


def result(**parameters: Any) -> dict[str, Any]:
    return helpers.call_action("package_search", dict(SYSADMIN), fl="name,series", **parameters)


@pytest.fixture
def entries(clean: None) -> None:
    del clean
    for year in (2019, 2020, 2021, 2022):
        index(f"yearbook-{year}", f"{year}年停车场统计公报", open_type="unconditional", data_updated=f"{year}-12-31")
    for number, place in enumerate(("西湖区", "余杭区", "杭州市")):
        index(f"parking-{number}", f"{place}公共停车场信息", open_type="conditional")
    index("toilets", "公共厕所信息", open_type="unconditional")


@pytest.mark.usefixtures("entries")
def test_a_series_is_one_result_wherever_its_members_would_stand() -> None:
    found = result(q="停车场", ext_fold="1", rows=1, start=1)
    assert found["count"] == 2
    assert found["answered"]["datasets"] == 7
    assert found["answered"]["folded"] == 5


@pytest.mark.usefixtures("entries")
def test_facets_count_the_folded_datasets_too() -> None:
    asked = {"q": "停车场", "facet.field": ["open_type"]}
    assert result(**asked)["search_facets"] == result(**asked, ext_fold="1")["search_facets"]


@pytest.mark.usefixtures("entries")
def test_the_members_of_a_series_are_found_by_its_key() -> None:
    head = result(q="停车场", ext_fold="1")["results"][0]
    found = result(q="停车场", fq=f'+series:"{head["series"]}"')
    assert found["count"] in (3, 4)


@pytest.mark.usefixtures("entries")
def test_folding_is_asked_for_each_time() -> None:
    assert result(q="停车场", ext_fold="1")["count"] == 2
    assert result(q="停车场")["count"] == 7


@pytest.mark.usefixtures("entries")
def test_what_meets_nothing_that_was_asked_is_said_to_be_only_near() -> None:
    found = result(q="停车位预约挂号")
    assert found["answered"]["nearest"] is False or found["count"] > 0
    assert result(q="厕纸")["answered"]["nearest"] is True
    assert result(q="停车场")["answered"]["nearest"] is False


@pytest.mark.usefixtures("entries")
def test_words_that_were_left_out_are_said() -> None:
    assert result(q="我想找停车场")["answered"]["dropped"]


@pytest.mark.usefixtures("entries")
def test_a_fielded_query_and_a_list_of_everything_say_nothing_of_an_earlier_text() -> None:
    result(q="停车场")
    assert "answered" not in result(q="open_type:unconditional")
    assert "answered" not in result(q="")


@pytest.mark.usefixtures("entries")
def test_why_one_is_first_is_shown_part_by_part() -> None:
    explained = helpers.call_action("govcn_search_explain", dict(SYSADMIN), q="西湖区停车场", rows=3)
    first = explained["results"][0]
    assert first["name"] == "parking-0"
    parts = {part["part"]: part for part in first["parts"]}
    assert sum(part["score"] for part in first["parts"]) > 0
    assert any("停车场" in part["words"] for part in parts.values())
    assert 1 <= first["raised"] <= 1.1
    assert first["score"] == pytest.approx(sum(part["score"] for part in first["parts"]) * first["raised"], rel=0.01)


@pytest.mark.usefixtures("entries")
def test_only_a_sysadmin_is_told_why() -> None:
    with pytest.raises(tk.NotAuthorized):
        helpers.call_action("govcn_search_explain", {"ignore_auth": False, "user": ""}, q="停车场")
