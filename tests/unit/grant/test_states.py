"""The life of a grant: every state × step × role, and what its terms may say."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from ckanext.govcn.grant import states, terms
from ckanext.govcn.grant.exceptions import TermsRefused
from ckanext.govcn.grant.states import Role, State, Step
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
YEAR = timedelta(days=365)
# step → from which states, by whom: written down here, apart from the table
STEPS = {
    "suspend": ({"pending", "in_force"}, {"provider", "bureau", "operator", "security"}),
    "resume": ({"suspended"}, {"provider", "bureau"}),
    "end": ({"pending", "in_force", "suspended"}, {"provider", "bureau", "operator", "security", "grantee"}),
    "key_create": ({"pending", "in_force"}, {"grantee"}),
    "key_revoke": ({s.value for s in State}, {"provider", "bureau", "operator", "security", "grantee"}),
}


def test_every_state_and_step_and_role():
    assert set(STEPS) == {step.value for step in Step}
    for step, state, role in itertools.product(Step, State, Role):
        from_states, by = STEPS[step.value]
        refusal = states.may_take(step, state, frozenset({role}), reason="理由", same_person=False)
        assert (refusal is None) == (state.value in from_states and role.value in by), (step, state, role)


def test_nobody_without_a_role_does_anything():
    for step, state in itertools.product(Step, State):
        assert states.may_take(step, state, frozenset(), reason="理由", same_person=False).rule == "role"


def test_what_the_application_suspended_is_resumed_there_and_ended_here():
    by = {"reason": "理由", "same_person": False, "held": True}
    for role in (Role.PROVIDER, Role.BUREAU):
        assert states.may_take(Step.RESUME, State.SUSPENDED, frozenset({role}), **by) is states.ELSEWHERE
        assert states.may_take(Step.END, State.SUSPENDED, frozenset({role}), **by) is None


def test_a_reason_is_needed_to_suspend_resume_and_end():
    for step, state, reason in (
        (Step.SUSPEND, State.IN_FORCE, ""),
        (Step.RESUME, State.SUSPENDED, " "),
        (Step.END, State.IN_FORCE, "\n"),
    ):
        assert states.may_take(step, state, frozenset({Role.BUREAU}), reason=reason, same_person=False).rule == "reason"


def test_one_person_suspends_and_another_resumes():
    provider = frozenset({Role.PROVIDER})
    assert states.may_take(Step.SUSPEND, State.IN_FORCE, provider, reason="通知", same_person=True) is None
    resumed = states.may_take(Step.RESUME, State.SUSPENDED, provider, reason="查清", same_person=True)
    assert resumed.rule == "second_person"


def test_nobody_gives_or_resumes_for_himself():
    both = frozenset({Role.GRANTEE, Role.PROVIDER, Role.BUREAU})
    assert states.may_give(both, "理由").rule == "own"
    assert states.may_take(Step.RESUME, State.SUSPENDED, both, reason="理由", same_person=False).rule == "own"


def test_a_system_administrator_narrows_and_never_widens():
    operator = frozenset({Role.OPERATOR})
    assert states.may_give(operator, "理由").rule == "role"
    assert states.may_take(Step.SUSPEND, State.IN_FORCE, operator, reason="理由", same_person=False) is None


def test_giving_needs_a_reason():
    assert states.may_give(frozenset({Role.PROVIDER}), "  ").rule == "reason"
    assert states.may_give(frozenset({Role.PROVIDER}), "符合条件") is None


def test_states_by_time():
    day = timedelta(days=1)
    assert states.state_of(NOW, NOW + day, None, None, NOW) == "in_force"
    assert states.state_of(NOW + day, NOW + 2 * day, None, None, NOW) == "pending"
    assert states.state_of(NOW - day, NOW, None, None, NOW) == "expired"
    assert states.state_of(NOW - day, NOW + day, NOW, None, NOW) == "suspended"
    assert states.state_of(NOW - day, NOW + day, NOW, NOW, NOW) == "ended"


def test_every_refusal_speaks_both_languages():
    for name, refusal in vars(states).items():
        if isinstance(refusal, states.Refusal):
            assert refusal.message, name
            assert refusal.message_en, name


GIVEN = {"purpose": "停车诱导服务", "reason": "符合开放条件", "until": "2026-12-31"}


def read(**changed):
    return terms.read({**GIVEN, **changed}, NOW, YEAR)


def test_a_date_stands_for_the_whole_day_in_beijing():
    said = read(begins="2026-12-01")
    assert said.begins.isoformat() == "2026-12-01T00:00:00+08:00"
    assert said.until.isoformat() == "2027-01-01T00:00:00+08:00"
    assert read().begins == NOW
    assert read().channel == "opening"


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("until", {"until": None}),
        ("until", {"until": "2026-11-23"}),
        ("until", {"until": "2027-11-25"}),
        ("until", {"until": "2026-12-31T00:00:00"}),
        ("until", {"until": "9999-12-31"}),
        ("until", {"begins": "2027-01-02", "until": "2027-01-01"}),
        ("begins", {"begins": "明天"}),
        ("purpose", {"purpose": " "}),
        ("purpose", {"purpose": "x" * 501}),
        ("reason", {"reason": None}),
        ("reason", {"reason": "a\0b"}),
        ("channel", {"channel": "both"}),
        ("versions", {"versions": ["abc"]}),
        ("versions", {"versions": ["a" * 64] * 101}),
    ],
)
def test_terms_that_are_missing_or_wrong_are_refused(field, changed):
    with pytest.raises(TermsRefused) as refused:
        read(**changed)
    assert refused.value.field == field
    assert refused.value.message
    assert refused.value.message_en


def test_versions_are_digests_or_the_current_ones():
    assert read().versions == ()
    assert read(versions="current").versions is None
    assert read(versions=["B" * 64, "a" * 64]).versions == ("a" * 64, "b" * 64)


anything = st.one_of(st.none(), st.text(max_size=30), st.integers(), st.dates().map(str), st.lists(st.text(max_size=3)))


@given(st.dictionaries(st.sampled_from(["channel", "purpose", "begins", "until", "reason", "versions"]), anything))
def test_wild_terms_are_read_or_refused(wild):
    try:
        said = terms.read({**GIVEN, **wild}, NOW, YEAR)
    except TermsRefused:
        return
    assert max(said.begins, NOW) < said.until <= said.begins + YEAR
    assert said.purpose
    assert said.reason
