"""Near-duplicates below the result they belong to."""

from __future__ import annotations

from typing import Any

from ckanext.govcn.search.folding import grouped
from ckanext.govcn.search.series import series_key
from hypothesis import given
from hypothesis import strategies as st


def dataset(identifier: str, title: str) -> dict[str, Any]:
    return {"id": identifier, "title": title}


def test_members_stand_below_the_best_of_their_series() -> None:
    firsts = [dataset("a", "2020年统计公报"), dataset("x", "公共厕所信息")]
    keys = [series_key(first["title"]) for first in firsts]
    members = [dataset("c", "2021年统计公报"), dataset("a", "2020年统计公报"), dataset("b", "2019年统计公报")]
    found = grouped(firsts, keys, members, {keys[0]: 9, keys[1]: 1})
    assert [(g.first["id"], [o["id"] for o in g.others], g.more) for g in found] == [("a", ["c", "b"], 6), ("x", [], 0)]


def test_one_title_from_many_districts_is_one_series() -> None:
    assert len({series_key(f"{place}停车场信息") for place in ("西湖区", "余杭区", "杭州市", "")}) == 1


def test_a_yearly_series_is_one_series() -> None:
    assert len({series_key(title) for title in ("2021年统计年鉴", "统计年鉴（2022年）", "统计年鉴_2023年度")}) == 1


def test_different_things_stay_apart() -> None:
    assert series_key("停车场信息") != series_key("停车场收费信息")
    assert series_key("2021") != series_key("2022")


@given(st.lists(st.text(max_size=30), max_size=12))
def test_every_result_stays_a_result(titles: list[str]) -> None:
    firsts = [dataset(str(number), title) for number, title in enumerate(titles)]
    found = grouped(firsts, [series_key(title) for title in titles], firsts, {})
    assert [group.first for group in found] == firsts
    assert not any(group.others for group in found)
