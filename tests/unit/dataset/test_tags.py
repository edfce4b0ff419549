"""关键字: what CKAN refuses and Chinese portals publish."""

import pytest
from ckanext.govcn.dataset.tags import split_tags, tag_fault
from hypothesis import given
from hypothesis import strategies as st


def test_separators() -> None:
    assert split_tags("水，电、气;热；网,路\n桥 梁") == ["水", "电", "气", "热", "网", "路", "桥 梁"]
    assert split_tags(" ，， 水、水 ") == ["水"]


@pytest.mark.parametrize(
    "tag", ["水", "科技/教育", "停车（公共）", "《条例》", "“十四五”", "A股", "PM2.5", "é", "한국", "①", "100%"]
)
def test_good_tags(tag: str) -> None:
    assert tag_fault(tag) is None


@pytest.mark.parametrize("tag", ["", "x" * 101, "a\x00b", "零\u200b宽", "\ue000"])
def test_bad_tags(tag: str) -> None:
    fault = tag_fault(tag)
    assert fault is not None
    assert all(fault)


@given(st.text(max_size=300))
def test_split_tags_never_hold_separators_and_splitting_again_changes_nothing(text: str) -> None:
    tags = split_tags(text)
    assert not any(separator in tag for tag in tags for separator in ",，、;；\n")
    assert split_tags("、".join(tags)) == tags
