"""部门 names: pinyin order, URL names, roles."""

import re

import pytest
from ckanext.govcn.department.naming import is_role, sort_key, url_name
from hypothesis import given
from hypothesis import strategies as st


def test_pinyin_order() -> None:
    names = ["杭州市公安局", "安徽省水利厅", "示例市交通运输局", "重庆市教委", "北京市教委"]
    assert sorted(names, key=sort_key) == [
        "安徽省水利厅",
        "北京市教委",
        "重庆市教委",
        "杭州市公安局",
        "示例市交通运输局",
    ]


def test_names_that_sound_alike_get_different_url_names() -> None:
    assert url_name("330100", "市食药局") != url_name("330100", "市实药局")
    assert url_name("330100", "综合行政执法局") != url_name("330200", "综合行政执法局")
    assert url_name("330100", "公安局").startswith("330100-gong-an-ju-")


@given(st.text(max_size=150), st.sampled_from(["", "330100"]))
def test_url_names_fit(name: str, region: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]{2,100}", url_name(region, name))


@pytest.mark.parametrize("name", ["地区管理员", " 管理员 ", "系统管理员", "ADMIN"])
def test_roles_are_no_departments(name: str) -> None:
    assert is_role(name)


def test_departments_are_no_roles() -> None:
    assert not is_role("城市管理局")
    assert not is_role("机关事务管理局")
