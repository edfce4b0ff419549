"""What may be kept of a query that found nothing."""

from __future__ import annotations

import re

import pytest
from ckanext.govcn.portal.missed import LONGEST, masked
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("停车场", "停车场"),
        ("  公交\t线路 ", "公交 线路"),
        ("２０２３年 停车场", "2023年 停车场"),
        ("张某 13800000000", "张某 *"),
        ("138 0000 0000 是谁", "* 是谁"),
        ("11010119900307123X 低保", "* 低保"),
        ("who@example.org 电话", "* 电话"),
        ("1380000", ""),
        ("长" * (LONGEST + 1), ""),
        ("", ""),
    ],
)
def test_masked(text: str, kept: str) -> None:
    assert masked(text) == kept


@given(st.text())
def test_no_long_number_is_ever_kept(text: str) -> None:
    assert not re.search(r"[0-9]{5}", masked(text))
