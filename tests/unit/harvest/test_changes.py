"""变更清单 as a person reads it."""

from __future__ import annotations

from typing import Any

import pytest
from ckanext.govcn.harvest.changes import FOLD, Part, fields_of_new, shown, text_of, veiled
from hypothesis import given
from hypothesis import strategies as st


def change(field: str, old: Any, new: Any, **more: Any) -> dict[str, Any]:
    return {"field": field, "old": old, "new": new} | more


def test_codes_are_words() -> None:
    told = shown(change("open_type", "conditional", "unconditional"))
    assert (told.old, told.new) == ("有条件开放", "无条件开放")
    assert text_of("theme", ["A99", "未知"]).endswith("未知")
    assert text_of("record_count", 12) == "12"
    assert text_of("provider", {"name": "示例市统计局", "unit": "普查中心"}) == "示例市统计局，普查中心"
    assert text_of("notes", None) == ""
    assert text_of("code_provisional", value=True, english=True) == "yes"


def test_items_are_told_by_what_was_added_taken_away_and_changed() -> None:
    old = [{"name": "编号", "data_type": "C", "length": "20"}, {"name": "地址", "data_type": "C"}]
    new = [{"name": "编号", "data_type": "N", "length": "30"}, {"name": "经度", "data_type": "N"}]
    told = shown(change("items", old, new))
    assert [part.kind for part in told.parts] == ["removed", "added", "changed"]
    assert told.parts[0].text.startswith("地址")
    assert told.parts[1].text.startswith("经度")
    assert "数据长度 20 → 30" in told.parts[2].detail


def test_tags_are_told_one_by_one_and_texts_are_not() -> None:
    assert shown(change("tags", ["公交", "线路"], ["公交", "站点"])).parts == (
        Part("removed", "线路"),
        Part("added", "站点"),
    )
    assert shown(change("notes", "甲", "乙")).parts == ()


def test_two_items_of_one_name_are_shown_as_they_are() -> None:
    told = shown(change("items", [{"name": "值"}, {"name": "值"}], [{"name": "值"}]))
    assert told.parts == ()
    assert told.old == "值、值"


@pytest.mark.parametrize("field", ["url", "resources"])
def test_addresses_are_for_those_who_get_the_data(field: str) -> None:
    secret = change(field, "", [{"url": "http://10.0.0.1/geheim.xlsx", "name": "表"}], theirs="http://10.0.0.2")
    kept = veiled(secret, addresses=False)
    assert "10.0.0" not in repr(kept)
    assert shown(kept).hidden
    assert veiled(secret, addresses=True) == secret
    assert veiled(change("notes", "甲", "乙"), addresses=False)["new"] == "乙"
    assert [each["field"] for each in fields_of_new({"title": "甲", "notes": "乙", "unread": {"x": "y"}, "url": ""})] == ["notes"]


def test_a_persons_edit_stands_beside_old_and_new() -> None:
    told = shown(change("title", "甲", "乙", theirs="丙", conflict=True))
    assert (told.old, told.theirs, told.new, told.edited, told.conflict) == ("甲", "丙", "乙", True, True)
    untouched = shown(change("title", "甲", "乙", theirs="甲", conflict=False))
    assert not untouched.edited
    assert untouched.theirs == ""


def test_long_values_are_folded() -> None:
    assert shown(change("notes", "", "字" * (FOLD + 1))).long
    assert not shown(change("notes", "", "字" * FOLD)).long


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(["title", "theme", "items", "resources", "provider", "ｘ"]), VALUES, VALUES, VALUES)
def test_no_value_of_a_source_breaks_the_page(field: str, old: Any, new: Any, theirs: Any) -> None:
    told = shown(change(field, old, new, theirs=theirs, conflict=True), english=True)
    assert isinstance(told.old + told.new + told.theirs, str)
