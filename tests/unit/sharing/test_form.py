"""The form of a request for sharing."""

from __future__ import annotations

from datetime import date

import pytest
from ckanext.govcn.sharing.form import faults, form, read

TODAY = date(2026, 11, 24)
GOOD = {
    "title": "示例人口库", "basis": "《某条例》第三条", "scenario": "核验", "scope": "本部门", "method": "api", "use_until": "2027-06-30",
}  # fmt: skip


def test_it_states_what_the_regulation_lists() -> None:
    """《政务数据共享条例》第二十一条: 使用依据、使用场景、使用范围、共享方式、使用时限."""
    assert list(form().fields) == ["title", "basis", "scenario", "scope", "method", "use_until"]
    assert faults(GOOD, TODAY, complete=True) == []
    for name in GOOD:
        assert [fault.field for fault in faults(GOOD | {name: ""}, TODAY, complete=True)] == [name]


def test_a_draft_may_lack_anything_but_its_name() -> None:
    assert faults({"title": "甲"}, TODAY, complete=False) == []
    assert [fault.field for fault in faults({}, TODAY, complete=False)] == ["title"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "甲\n乙"), ("title", "x" * 201), ("basis", "a\x00b"), ("scope", "11010519491231002X"),
        ("method", "飞鸽"), ("use_until", "2026-11-24"), ("use_until", "明年"), ("use_until", "2099-01-01"),
    ],
)  # fmt: skip
def test_what_is_wrong(name: str, value: str) -> None:
    [fault] = faults(GOOD | {name: value}, TODAY, complete=True)
    assert fault.field == name
    assert fault.message_en.isascii()


def test_answers_are_stored_as_texts_and_codes() -> None:
    found = read({"method": "接口服务", "basis": " 甲\r\n乙 ", "scope": 3, "more": "x"})
    assert (found["method"], found["basis"], found["scope"], "more" in found) == ("api", "甲\n乙", "", False)
