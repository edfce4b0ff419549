"""What an answer says, and what of it is kept. Names and numbers are made up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ckanext.govcn.identity.exceptions import AnswerInvalid
from ckanext.govcn.identity.identity import Choice, Level, Reading, identity_of, shown_name, text_at, trusted_enough
from hypothesis import given
from hypothesis import strategies as st

NUMBER = "11010519491231002X"  # the example of GB 11643
NOW = datetime(2026, 1, 5, tzinfo=UTC)
LEVELS = {name: Level(name, name, name) for name in ("basic", "strong")}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("a",), "x"),
        (("n",), "12"),
        (("list", "1", "b"), "y"),
        (("list", "7"), ""),
        (("list", "-1"), ""),
        (("a", "b"), ""),
        (("flag",), ""),
        (("nothing",), ""),
        (("list",), ""),
        ((), ""),
    ],
)
def test_places(path: tuple[str, ...], expected: str) -> None:
    answer = {"a": " x ", "n": 12, "flag": True, "nothing": None, "list": [0, {"b": "y"}]}
    assert text_at(answer, path) == expected


@given(JSON, st.lists(st.sampled_from(["a", "b", "0", "1", "²"]), max_size=4).map(tuple))
def test_whatever_it_is_a_text_comes_out(answer: Any, path: tuple[str, ...]) -> None:
    assert isinstance(text_at(answer, path), str)


@given(JSON)
def test_whatever_it_is_an_identity_or_a_no(answer: Any) -> None:
    reading = Reading(("a",), ("b",), Choice(("c",), {"1": "person"}), Choice())
    try:
        found = identity_of("p", reading, answer, NOW)
    except AnswerInvalid:
        return
    assert found.subject
    assert found.kind == "person"


@pytest.mark.parametrize("subject", ["", " ", "x" * 513, "a\x00b", "a\u202eb"])
def test_a_subject_that_is_none(subject: str) -> None:
    with pytest.raises(AnswerInvalid):
        identity_of("p", Reading(("s",), ("n",), Choice(default="person"), Choice()), {"s": subject}, NOW)


@pytest.mark.parametrize(
    ("given_", "shown"),
    [
        (" 张三 ", "张三"),
        (f"张三{NUMBER}", ""),
        (f"张三（{NUMBER.lower()}）", ""),
        (NUMBER, ""),
        ("a\nb", "a b"),
        ("名" * 300, "名" * 200),
        ("示例公司110105194912310029", "示例公司110105194912310029"),  # its check digit is wrong
    ],
)
def test_names(given_: str, shown: str) -> None:
    assert shown_name(given_) == shown


@pytest.mark.parametrize(
    ("trust", "least", "enough"),
    [
        ("basic", "", True),
        ("strong", "basic", True),
        ("basic", "basic", True),
        ("basic", "strong", False),
        ("", "", False),
        ("", "basic", False),
        ("gone", "", False),
        ("strong", "gone", False),
    ],
)
def test_the_scale(trust: str, least: str, enough: bool) -> None:
    assert trusted_enough(trust, least, LEVELS) is enough
