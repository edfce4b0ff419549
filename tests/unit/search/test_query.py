"""Text → Solr parameters."""

from __future__ import annotations

import csv
import re
from importlib import resources
from pathlib import Path

import pytest
from ckanext.govcn.search import query
from ckanext.govcn.search.exceptions import SearchRefused
from hypothesis import given
from hypothesis import strategies as st

CONFIGSET = Path(__file__).parents[3] / "config/solr/conf"


def test_the_known_fields_are_the_indexed_fields_of_the_schema() -> None:
    schema = (CONFIGSET / "schema.xml").read_text(encoding="utf-8")
    indexed = set(re.findall(r'<field name="(\w+)"[^>]*indexed="true"', schema))
    assert indexed == query.KNOWN_FIELDS


def test_the_schema_keeps_what_ckan_checks() -> None:
    assert '<schema name="ckan-2.12" version="1.6">' in (CONFIGSET / "schema.xml").read_text(encoding="utf-8")


def test_solr_and_the_platform_share_one_table_of_traditional_characters() -> None:
    table = resources.files("ckanext.govcn.standards").joinpath("search/traditional.csv").read_text(encoding="utf-8")
    rows = [(row["traditional"], row["simplified"]) for row in csv.DictReader(table.splitlines())]
    mapping = re.findall(r'^"(.)" => "(.)"$', (CONFIGSET / "traditional.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert mapping == rows


@pytest.mark.parametrize(
    ("q", "kind"),
    [
        ("", "all"),
        ("*:*", "all"),
        ("\x00\x01", "all"),
        ("停车", "text"),
        ("12:00", "text"),
        ("时间：12：00", "text"),
        ("foo:bar", "text"),
        ('"title:x"', "text"),
        ("title:停车", "fielded"),
        ("停车 AND (organization:jtj)", "fielded"),
        ('name:"a" OR id:"b"', "fielded"),
        ("vocab_场景:a", "text"),
        ("vocab_scene:a", "fielded"),
    ],
)
def test_kinds_of_query(q: str, kind: str) -> None:
    assert query.kind_of(q) == kind


@pytest.mark.parametrize(
    "hostile",
    ["(" * 50 + "title:a", "title:/(a+)+$/", "title:a* " * 20, "title:*a", "title:?a", "title:" + "a" * 30_000],
)
def test_hostile_syntax_is_refused(hostile: str) -> None:
    with pytest.raises(SearchRefused) as refused:
        query.refuse_hostile(hostile)
    assert not refused.value.transient


@pytest.mark.parametrize(
    "usual", ['+owner_org:"a" +state:active', "title:停车*", '+site_id:"(((((((((((((((("', "tags:(a OR (b AND c))"]
)
def test_usual_filters_are_not_refused(usual: str) -> None:
    query.refuse_hostile(usual)


@given(st.text())
def test_no_operator_survives_escaping(text: str) -> None:
    escaped = query.escape(query.normalize(text))
    assert len(escaped) <= 2 * query.LONGEST_TEXT
    assert not re.search(r'(?<!\\)(?:\\\\)*[+\-&|!(){}\[\]^"~*?:/]', escaped)
    assert not re.search(r"AND|OR|NOT", escaped)


def test_width_is_folded() -> None:
    assert query.normalize("ＰＭ２．５　数据\u200b") == "PM2.5 数据"


def test_the_nearest_titles_are_asked_for_by_characters() -> None:
    nearest = query.nearest_parameters("逐鹿之野！")
    assert nearest is not None
    assert nearest["nearest_text"] == "逐 鹿 之 野"
    assert query.nearest_parameters("！？") is None


def test_a_place_alone_is_no_answer_to_a_query_that_names_more() -> None:
    sent = query.parameters("西湖区 停车")
    places = [name for name in ("c0", "c1") if "西湖" in sent[f"{name}v"]]
    assert len(places) == 1
    assert places[0] not in sent["fits"]
    assert f"should=${places[0]}" in sent["asked"]


def test_a_place_alone_is_the_answer_when_nothing_else_was_named() -> None:
    assert "should=$c0" in query.parameters("西湖区")["fits"]
