"""数据类型 however it is written."""

from __future__ import annotations

import pytest
from ckanext.govcn.catalog.datatypes import DataType, data_type_of
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "letter", "length"),
    [
        ("C", "C", ""),
        ("字符型C", "C", ""),
        ("字符型 C", "C", ""),
        ("字符串型C", "C", ""),
        ("字符型", "C", ""),
        ("字符串", "C", ""),
        ("数值型N", "N", ""),
        ("日期时间型T", "T", ""),
        ("整形", "I", ""),
        ("实型", "N", ""),
        ("布尔型", "L", ""),
        ("varchar(18)", "C", "18"),
        ("VARCHAR2(18 CHAR)", "C", "18"),
        ("decimal(18,2)", "N", "18,2"),
        ("decimal(18, 2)", "N", "18,2"),
        ("numeric（18，2）", "N", "18,2"),
        ("c100", "C", "100"),
        ("c..50", "C", "50"),
        ("n12,2", "N", "12,2"),
        ("d8", "D", "8"),
        ("d14", "T", "14"),
        ("datetime", "T", ""),
        ("int unsigned", "I", ""),
        ("timestamp(6) without time zone", "T", "6"),
        ("longtext", "M", ""),
        ("blob", "G", ""),
    ],
)
def test_read(text: str, letter: str, length: str) -> None:
    assert data_type_of(text) == DataType(letter, length)


@pytest.mark.parametrize("text", ["", "Z", "字符型N", "火星型", "varchar(", "x100", "100", "字符型数值型"])
def test_not_read(text: str) -> None:
    assert data_type_of(text) is None


@given(st.text(max_size=60))
def test_never_raises(text: str) -> None:
    data_type_of(text)
