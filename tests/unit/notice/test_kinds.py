"""Kinds of notices: whole in both languages, and nothing but what they name gets into a text."""

from __future__ import annotations

import string

import pytest
from ckanext.govcn.notice import kinds
from ckanext.govcn.notice.exceptions import UnknownKind
from hypothesis import given
from hypothesis import strategies as st


def names_in(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("kind", kinds.kinds().values(), ids=list(kinds.kinds()))
def test_every_kind_is_whole(kind: kinds.Kind) -> None:
    assert set(kind.title) == set(kind.body) == {"zh", "en"}
    assert set(kind.channels) <= set(kinds.CHANNELS)
    assert set(kind.values.values()) <= {"number", "name"}
    used = set[str]().union(*(names_in(each) for each in (*kind.title.values(), *kind.body.values(), kind.link)))
    assert used == set(kind.values)
    assert kind.link.startswith("/")


def test_texts_are_filled_in() -> None:
    texts = kinds.kind("harvest_refused").texts({"source": "示例来源", "count": 3, "run": 12})
    assert texts.title_zh == "“示例来源”有 3 条记录被退回"
    assert texts.link == "/harvest/run/12"


@pytest.mark.parametrize(
    "values",
    [
        {"source": "来源", "count": 3},
        {"source": "来源", "count": 3, "run": 1, "title": "某条目"},
        {"source": "来源", "count": "三条", "run": 1},
        {"source": 1, "count": 3, "run": 1},
        {"source": "来源", "count": True, "run": 1},
    ],
    ids=["one-missing", "one-more", "text-for-number", "number-for-text", "flag-for-number"],
)
def test_values_are_those_that_the_kind_names(values: kinds.Values) -> None:
    with pytest.raises(UnknownKind):
        kinds.kind("harvest_refused").texts(values)


def test_an_unknown_kind_is_a_mistake() -> None:
    with pytest.raises(UnknownKind):
        kinds.kind("nothing")


@given(st.text())
def test_a_name_is_one_short_line_whatever_it_holds(name: str) -> None:
    texts = kinds.kind("harvest_failing").texts({"source": name, "name": name, "count": 3})
    assert "\n" not in texts.title_zh + texts.link
    assert "\r" not in texts.title_zh + texts.link
    assert len(texts.title_zh) < kinds.LONGEST_NAME + 40
    assert texts.link.count("/") == 3
