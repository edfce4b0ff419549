"""Suggestions while typing."""

from __future__ import annotations

import pytest
from ckanext.govcn.search import suggest
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("typed", "clause"),
    [
        ("停车", 'title_bigram:"停车"'),
        ("停車", 'title_bigram:"停车"'),
        ("停", 'title_char:"停"'),
        ("tingche", 'title_pinyin:"ting che"'),
        ("tingchech", 'title_pinyin:"ting che"'),
        ("tcc", 'title_initials:"t c c"'),
    ],
)
def test_what_is_asked(typed: str, clause: str) -> None:
    parameters = suggest.parameters(typed)
    assert parameters is not None
    assert clause in parameters["q"]


@pytest.mark.parametrize("nothing", ["", "  ", "\"'(", "。"])
def test_nothing_to_look_for(nothing: str) -> None:
    assert suggest.parameters(nothing) is None


@given(st.text(max_size=80))
def test_any_text_can_be_typed(typed: str) -> None:
    suggest.parameters(typed)
    suggest.themes(typed)


def test_themes_by_name_and_pinyin() -> None:
    assert suggest.themes("交通") == [("6", "交通运输")]
    assert suggest.themes("jiaot") == [("6", "交通运输")]
    assert ("6", "交通运输") in suggest.themes("jtys")


def test_each_title_is_shown_once() -> None:
    shown = suggest.answer(["停车场信息", "停车场信息", "停车位"], [("jtj", "交通局")], ["停车场名称"], "停车")
    assert [(one["kind"], one["text"]) for one in shown] == [
        ("title", "停车场信息"),
        ("title", "停车位"),
        ("department", "交通局"),
        ("item", "停车场名称"),
    ]
