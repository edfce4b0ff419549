"""What a query is understood as."""

from __future__ import annotations

from importlib import resources

import pytest
import yaml
from ckanext.govcn.search import lexicon
from ckanext.govcn.search.understand import segment, understand
from hypothesis import given
from hypothesis import strategies as st


def found_by(text: str) -> set[str]:
    """The query's own words and every other word it is looked up by."""
    concepts = understand(text).concepts
    return {concept.word for concept in concepts} | {word for concept in concepts for word, _ in concept.alternatives}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("市监局", "市场监督管理局"),
        ("工商局", "市场监管局"),
        ("卫计委", "卫健委"),
        ("停车", "泊位"),
        ("小孩上学", "学校"),
        ("老赖", "失信被执行人"),
        ("GDP", "地区生产总值"),
        ("計程車", "出租车"),
        ("kongqizhiliang", "空气质量"),
        ("kqzl", "空气质量"),
        ("tingchechang", "停车场"),
        ("空气质亮", "空气质量"),
        ("行政处法", "行政处罚"),
        ("律师事物所", "律师事务所"),
        ("西湖区", "西湖"),
    ],
)
def test_other_words_for_the_same(text: str, expected: str) -> None:
    assert expected in found_by(text)


def test_a_county_is_found_under_its_city_with_less_weight() -> None:
    (concept,) = understand("余杭区").concepts
    weights = dict(concept.alternatives)
    assert concept.kind == "region"
    assert weights["杭州"] < weights["余杭"]


def test_request_words_are_dropped_and_said() -> None:
    understood = understand("我想找杭州的停车场")
    assert [concept.word for concept in understood.concepts] == ["杭州", "停车场"]
    assert understood.dropped == ("我想找", "的")


def test_a_query_of_request_words_alone_keeps_them() -> None:
    assert understand("哪里有").concepts


def test_a_slip_is_told() -> None:
    assert ("律师事物所", "律师事务所") in understand("律师事物所").corrections


@pytest.mark.parametrize("right", ["停车场", "空气质量和水质", "2021年规模以上工业", "律师事务所名单"])
def test_what_is_right_is_not_corrected(right: str) -> None:
    assert understand(right).corrections == ()


@given(st.text(max_size=80))
def test_any_text_is_understood(text: str) -> None:
    understand(text)


@given(st.text(alphabet="停车场空气质量学校医院市监局的哪里有杭州西湖区公安", min_size=1, max_size=20))
def test_cutting_loses_nothing(text: str) -> None:
    assert "".join(word for word, _ in segment(text)) == text


def test_the_files_are_clean() -> None:
    for word, entry in lexicon.entries().items():
        assert word == word.strip().casefold()
        assert word not in dict(entry.alternatives)
        assert all(0 < weight <= 1 for _, weight in entry.alternatives)


@pytest.mark.parametrize(
    ("region", "short"),
    [
        ("广西壮族自治区", "广西"),
        ("新疆维吾尔自治区", "新疆"),
        ("延边朝鲜族自治州", "延边"),
        ("湘西土家族苗族自治州", "湘西"),
        ("浦东新区", "浦东"),
        ("杭州市", "杭州"),
        ("忠县", "忠县"),
    ],
)
def test_short_names_of_places(region: str, short: str) -> None:
    assert lexicon.short_name(region) == short


def test_every_word_list_says_where_it_comes_from() -> None:
    folder = resources.files("ckanext.govcn.standards").joinpath("search")
    told = yaml.safe_load(folder.joinpath("index.yaml").read_text("utf-8"))
    assert set(told) == {file.name for file in folder.iterdir() if file.name != "index.yaml"}
    assert all(one["origin"] and one["date"] for one in told.values())
