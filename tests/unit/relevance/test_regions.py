"""The place a list of records is named after."""

from __future__ import annotations

import pytest

from benchmarks.relevance.records import regions_named


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("zhejiang_hangzhou", ("330100",)),
        ("zhejiang_zhejiang", ("330000",)),
        ("anhui_suzhou", ("341300",)),
        ("jiangsu_suzhou", ("320500",)),
        ("shaanxi_xian", ("610100",)),
        ("beijing_beijing", ("110000",)),
        ("records", ()),
        ("x_y", ()),
    ],
)
def test_places(name: str, codes: tuple[str, ...]) -> None:
    assert regions_named(name) == codes
