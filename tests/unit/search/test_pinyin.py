"""Pinyin of text and the reading of typed pinyin."""

from __future__ import annotations

import pytest
from ckanext.govcn.search import pinyin
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("kongqizhiliang", ["kong", "qi", "zhi", "liang"]),
        ("tingche chang", ["ting", "che", "chang"]),
        ("xi'an", ["xi", "an"]),
        ("lüyou", ["lv", "you"]),
        ("kqzl", None),
        ("csv", None),
        ("空气", None),
        ("", None),
    ],
)
def test_reading(letters: str, expected: list[str] | None) -> None:
    assert pinyin.read(letters) == expected


def test_words_with_several_readings_are_read_in_context() -> None:
    assert pinyin.syllables("重庆市银行") == ["chong", "qing", "shi", "yin", "hang"]


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    pinyin.syllables(text)
    pinyin.initials(text)
    pinyin.read(text)


@given(st.text(alphabet="空气质量停车场公共数据医院学校", min_size=1, max_size=8))
def test_what_is_indexed_can_be_typed(text: str) -> None:
    letters = " ".join(pinyin.syllables(text))
    assert pinyin.read(letters) is not None
