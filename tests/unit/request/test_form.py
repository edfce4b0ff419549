"""What people write into requests, and what steps are given. All of it is made up."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from ckanext.govcn.request import form
from ckanext.govcn.request.kinds import CORRECTION, DEMAND, kinds
from hypothesis import given
from hypothesis import strategies as st

WHOLE = {
    DEMAND: {
        "title": "公共厕所位置", "holder": "", "scenario": "便民地图", "items": "名称、地址", "update_cycle": "7",
    },
    CORRECTION: {"error_kind": "data", "text": "第 12 行有误"},
}  # fmt: skip
IDENTITY = "11010519491231002X"  # made up by the rule; nobody's
TODAY = date(2026, 11, 24)


@pytest.mark.parametrize("kind", list(kinds()))
def test_whole_forms_are_in_order_and_empty_ones_are_drafts(kind: str) -> None:
    assert form.faults(kind, WHOLE[kind], complete=True) == []
    empty = form.read(kind, {})
    assert form.faults(kind, empty, complete=False) == []
    missing = {fault.field for fault in form.faults(kind, empty, complete=True)}
    assert missing == {field.name for field in form.forms().fields[kind].values() if not field.optional}


def test_only_the_department_is_optional() -> None:
    optional = [field.name for fields in form.forms().fields.values() for field in fields.values() if field.optional]
    assert optional == ["holder"]


@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind in WHOLE for field in form.forms().fields[kind]])
def test_what_is_too_long_or_holds_an_identity_number_is_refused(kind: str, field: str) -> None:
    limit = form.forms().fields[kind][field].limit
    for wrong in ("长" * (limit + 1), f"{IDENTITY}", "a\x07b"):
        (fault,) = form.faults(kind, WHOLE[kind] | {field: wrong}, complete=False)
        assert fault.field == field
        assert fault.message
        assert fault.message_en.isascii()


def test_choices_are_chosen_and_lines_are_one_line() -> None:
    for kind, field, wrong in (
        (CORRECTION, "error_kind", "no_such"),
        (DEMAND, "update_cycle", "999"),
        (DEMAND, "title", "a\nb"),
    ):
        assert [fault.field for fault in form.faults(kind, WHOLE[kind] | {field: wrong}, complete=True)] == [field]


@given(st.dictionaries(st.sampled_from(["title", "holder", "text", "x"]), st.none() | st.integers() | st.text()))
def test_whatever_is_sent_becomes_texts_that_can_be_stored(sent: dict) -> None:
    for kind in kinds():
        answers = form.read(kind, sent)
        assert list(answers) == list(form.forms().fields[kind])
        assert all("\0" not in value and value == value.strip() for value in answers.values())
        "".join(answers.values()).encode()
        form.faults(kind, answers, complete=True)


@pytest.mark.parametrize(
    ("promised", "right"),
    [
        ("2026-11-24", False),
        ("2026-11-25", True),
        ((TODAY + timedelta(days=form.forms().longest_promise_days)).isoformat(), True),
        ((TODAY + timedelta(days=form.forms().longest_promise_days + 1)).isoformat(), False),
        ("20261125", False),
        ("明年", False),
    ],
)
def test_a_promise_is_a_day_ahead(promised: str, right: bool) -> None:  # noqa: FBT001
    found = form.step_faults(kinds()[DEMAND].table.fields, {"promised_on": promised}, TODAY)
    assert (found == []) is right


def test_what_a_step_is_given_is_looked_at_field_by_field() -> None:
    wrong = {
        "reason": IDENTITY, "basis": "据" * 1001, "public_title": "a\nb", "promised_level": "none", "department": "\x00",
    }  # fmt: skip
    faults = form.step_faults(kinds()[DEMAND].table.fields, wrong, TODAY)
    assert {fault.field for fault in faults} == set(wrong)
    assert (
        form.step_faults(kinds()[DEMAND].table.fields, {"reason": "一\n二", "promised_level": "conditional"}, TODAY)
        == []
    )
