"""Near-duplicates on a page."""

from __future__ import annotations

from ckanext.govcn.search.folding import folded, series_key
from hypothesis import given
from hypothesis import strategies as st


def dataset(title: str, date: str = "") -> dict[str, str]:
    return {"title": title, "data_updated": date}


def test_a_yearly_series_is_one_group_newest_first() -> None:
    groups = folded(
        [dataset("2020年统计公报", "2021"), dataset("2019年统计公报", "2020"), dataset("2021年统计公报", "2022")]
    )
    assert [(g.first["title"], [o["title"] for o in g.others]) for g in groups] == [
        ("2020年统计公报", ["2021年统计公报", "2019年统计公报"])
    ]


def test_one_title_from_many_districts_is_one_group() -> None:
    groups = folded(
        [dataset("西湖区停车场信息"), dataset("公共厕所"), dataset("余杭区停车场信息"), dataset("杭州市停车场信息")]
    )
    assert [(g.first["title"], len(g.others)) for g in groups] == [("西湖区停车场信息", 2), ("公共厕所", 0)]


def test_different_things_stay_apart() -> None:
    assert series_key("停车场信息") != series_key("停车场收费信息")
    assert series_key("2021") != series_key("2022")


@given(st.lists(st.text(max_size=30), max_size=12))
def test_nothing_is_lost(titles: list[str]) -> None:
    groups = folded([dataset(title) for title in titles])
    assert sorted(p["title"] for g in groups for p in (g.first, *g.others)) == sorted(titles)
