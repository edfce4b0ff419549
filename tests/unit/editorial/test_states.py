"""编目状态: the whole table, not samples of it."""

import itertools

import pytest
from ckanext.govcn.editorial.states import (
    TABLE,
    Opening,
    Refusal,
    Role,
    Status,
    Step,
    is_private,
    settled,
    status_after_edit,
    step,
    widens,
    zone_refuses,
)  # fmt: skip

ROLES = [frozenset(c) for n in range(4) for c in itertools.combinations(Role, n)]
# the table as the house rules state it, written a second time: state, step → state, who, may a writer
EXPECTED = {
    ("draft", "submit"): ("department_review", {"editor", "reviewer", "bureau"}, True),
    ("department_review", "approve"): ("bureau_review", {"reviewer"}, False),
    ("department_review", "return"): ("draft", {"reviewer", "bureau"}, True),
    ("bureau_review", "approve"): ("published", {"bureau"}, False),
    ("bureau_review", "return"): ("draft", {"bureau"}, True),
    ("published", "withdraw"): ("withdrawn", {"reviewer", "bureau"}, True),
    ("withdrawn", "restore"): ("department_review", {"editor", "reviewer", "bureau"}, True),
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("action", Step)
def test_every_state_step_role_and_writer(status: Status, action: Step) -> None:
    for roles, writer in itertools.product(ROLES, (False, True)):
        result = step(status, action, roles, is_writer=writer, reason="理由")
        expected = EXPECTED.get((status.value, action.value))
        if expected is None:
            assert isinstance(result, Refusal)
            assert result.rule == "state"
        elif not expected[1] & roles:
            assert isinstance(result, Refusal)
            assert result.rule == "role"
        elif writer and not expected[2]:
            assert isinstance(result, Refusal)
            assert result.rule == "four_eyes"
        else:
            assert result == expected[0]


def test_the_table_has_no_other_rows() -> None:
    assert {(s.value, a.value) for s, a in TABLE} == set(EXPECTED)


def test_nobody_publishes_alone() -> None:
    """From every state, one person with every role who wrote the entry cannot reach 已发布."""
    reached = {Status.DRAFT}
    while True:
        new = {
            result
            for status, action in itertools.product(reached, Step)
            if isinstance(result := step(status, action, set(Role), is_writer=True, reason="x"), Status)
        }
        if new <= reached:
            break
        reached |= new
    assert Status.PUBLISHED not in reached


@pytest.mark.parametrize(("status", "action"), [k for k, rule in TABLE.items() if rule.needs_reason])
def test_returning_and_withdrawing_need_a_reason(status: Status, action: Step) -> None:
    result = step(status, action, set(Role), is_writer=False, reason="  ")
    assert isinstance(result, Refusal)
    assert result.rule == "reason"
    assert result.message
    assert result.message_en


@pytest.mark.parametrize("status", ["", "unknown", *Status])
@pytest.mark.parametrize("open_type", ["", "unknown", "unconditional", "conditional", "none"])
def test_private_unless_published_and_open(status: str, open_type: str) -> None:
    public = status == "published" and open_type in ("unconditional", "conditional")
    assert is_private(status, open_type) is not public


@pytest.mark.parametrize(
    ("before", "after", "wider"),
    [
        (Opening("unconditional"), Opening("unconditional"), False),
        (Opening("unconditional"), Opening("conditional"), False),
        (Opening("unconditional"), Opening(""), False),
        (Opening("conditional"), Opening("unconditional"), True),
        (Opening("none"), Opening("conditional"), True),
        (Opening(""), Opening("unconditional"), True),
        (Opening("unconditional", "login"), Opening("unconditional", "anonymous"), True),
        (Opening("unconditional", "login"), Opening("unconditional", ""), True),
        (Opening("unconditional", "anonymous"), Opening("unconditional", "login"), False),
        (Opening("conditional", security_level="3"), Opening("conditional", security_level="1"), True),
        (Opening("conditional", owner="a"), Opening("conditional", owner="b"), True),
    ],
)
def test_what_widens_an_opening(before: Opening, after: Opening, wider: bool) -> None:
    assert widens(before, after) is wider


def test_an_edit_under_review_goes_back_to_draft_and_a_widening_one_is_reviewed_again() -> None:
    same = Opening("conditional")
    assert status_after_edit("department_review", same, same) == "draft"
    assert status_after_edit("bureau_review", same, same) == "draft"
    assert status_after_edit("published", same, same) == "published"
    assert status_after_edit("published", same, Opening("unconditional")) == "draft"
    assert status_after_edit("published", same, Opening("none")) == "published"
    assert status_after_edit("withdrawn", same, Opening("unconditional")) == "withdrawn"
    assert status_after_edit("", same, same) == "draft"


def test_an_undecided_level_is_never_published() -> None:
    assert settled("published", "") == "draft"
    assert settled("published", "none") == "published"
    assert settled("withdrawn", "") == "withdrawn"


@pytest.mark.parametrize("zone", ["internal", "both", "public"])
def test_zone(zone: str) -> None:
    for status, open_type, released in itertools.product(
        ["", *Status], ["", "none", "conditional", "unconditional"], [True, False]
    ):
        held = status in ("published", "withdrawn") and open_type in ("conditional", "unconditional") and released
        assert zone_refuses(zone, status, open_type, released=released) is (zone == "public" and not held)
