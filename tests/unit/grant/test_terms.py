"""The columns that a grant names: read whole, or refused; what is not understood never becomes "all of them"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ckanext.govcn.grant.exceptions import TermsRefused
from ckanext.govcn.grant.terms import LONGEST_FIELD, MOST_FIELDS, read
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def fields(given: object) -> tuple[str, ...]:
    said = {"purpose": "停车诱导", "reason": "符合条件", "until": "2026-12-31", "fields": given}
    return read(said, NOW, timedelta(days=100)).fields


def test_names_stay_in_their_order_and_nothing_names_all():
    assert fields(["车位", " 名称 "]) == ("车位", "名称")
    assert fields([]) == fields(None) == ()


@pytest.mark.parametrize(
    "given",
    [
        "名称", "", {}, {"名称": 1}, 0, False, 1, ["名称", 1], ["名称", None], [""], [" "], ["名称", "名称 "],
        ["a" * (LONGEST_FIELD + 1)], ["a\0"], [str(number) for number in range(MOST_FIELDS + 1)],
    ],
)  # fmt: skip
def test_what_is_no_list_of_different_names_is_refused(given):
    with pytest.raises(TermsRefused) as refusal:
        fields(given)
    assert refusal.value.field == "fields"


@given(st.none() | st.text() | st.integers() | st.lists(st.text() | st.integers(), max_size=4) | st.booleans())
def test_whatever_is_given_never_widens(given):
    try:
        found = fields(given)
    except TermsRefused:
        return
    assert list(found) == [each.strip() for each in given or []]
