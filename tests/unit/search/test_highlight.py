"""What is marked in a title."""

from __future__ import annotations

import pytest
from ckanext.govcn.search.highlight import marks
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "q", "marked"),
    [
        ("西湖区停车场信息", "停車場", ["停车场"]),
        ("道路停车泊位信息", "哪里可以停车", ["停车", "泊位"]),
        ("空气质量日报", "kqzl", ["空气质量"]),
        ("ＡＰＩ 接口", "api", ["ＡＰＩ"]),
        ("人口信息", "", []),
    ],
)
def test_marked(text: str, q: str, marked: list[str]) -> None:
    found = "".join(piece if is_marked else "|" for piece, is_marked in marks(text, q))
    assert [word for word in marked if word not in found] == []


@given(st.text(max_size=60), st.text(max_size=30))
def test_nothing_of_the_text_is_lost(text: str, q: str) -> None:
    assert "".join(piece for piece, _ in marks(text, q)) == text
