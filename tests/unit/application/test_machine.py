"""States of an application: the whole table, every state × event × role, not samples of it."""

from __future__ import annotations

import copy
import itertools
from importlib import resources

import pytest
import yaml
from ckanext.govcn.application.machine import step, steps_for, table
from ckanext.govcn.workflow import exceptions
from ckanext.govcn.workflow.machine import Asker
from ckanext.govcn.workflow.table import table_of

A, B, O, C = "applicant", "bureau", "owner", "clock"  # noqa: E741
# the table as issue and rules state it, written a second time: state → event → (state after, who)
ENDED = {"terminate": ("terminated", {O, B}), "withdraw": ("withdrawn", {A}), "expire": ("expired", {C})}
STOPPED = {"suspend": ("suspended", {O, B}), "suspend_on_notice": ("suspended", {O, B})}
EXPECTED: dict[str, dict[str, tuple[str, set[str]]]] = {
    "draft": {"submit": ("formal_review", {A}), "withdraw": ("withdrawn", {A})},
    "formal_review": {
        "ask_correction": ("correction", {B}),
        "pass": ("owner_review", {B}),
        "withdraw": ("withdrawn", {A}),
    },
    "correction": {"submit": ("second_review", {A}), "withdraw": ("withdrawn", {A})},
    "second_review": {"pass": ("owner_review", {B}), "refuse": ("refused", {B}), "withdraw": ("withdrawn", {A})},
    "owner_review": {
        "approve": ("agreement", {O}),
        "refuse": ("refused", {O}),
        "extend": ("owner_review", {O}),
        "ask_right_holder": ("right_holder", {O}),
        "ask_experts": ("expert_review", {O}),
        "withdraw": ("withdrawn", {A}),
    },
    "right_holder": {"continue_review": ("owner_review", {O}), "withdraw": ("withdrawn", {A})},
    "expert_review": {"continue_review": ("owner_review", {O}), "withdraw": ("withdrawn", {A})},
    "agreement": {"sign": ("in_use", {A}), **ENDED},
    "in_use": {"report": ("reported", {A}), "renew": ("renewal_check", {A}), **STOPPED, **ENDED},
    "reported": {"report": ("reported", {A}), "renew": ("renewal_check", {A}), **STOPPED, **ENDED},
    "renewal_check": {"pass": ("renewal_review", {B}), "drop_renewal": ("in_use", {A}), **STOPPED, **ENDED},
    "renewal_review": {
        "approve_renewal": ("renewal_agreement", {O}),
        "refuse_renewal": ("in_use", {O}),
        "extend": ("renewal_review", {O}),
        "drop_renewal": ("in_use", {A}),
        **STOPPED,
        **ENDED,
    },
    "renewal_agreement": {"sign": ("in_use", {A}), "drop_renewal": ("in_use", {A}), **STOPPED, **ENDED},
    "suspended": {"resume": ("in_use", {O, B}), **ENDED},
    "refused": {},
    "expired": {},
    "terminated": {},
    "withdrawn": {},
}
EVERYTHING = {
    "reason": "理由", "reason_class": "law", "basis": "依据", "commitment": "x", "agreement": "x", "until": "2027-06-30",
    "days": "5", "notice_on": "2026-11-01", "notice_by": "一家企业",
}  # fmt: skip
ROLES = [frozenset(chosen) for n in range(5) for chosen in itertools.combinations((A, B, O, C), n)]
STATES, EVENTS = list(table().states), list(table().events)


def test_the_table_is_the_expected_one() -> None:
    assert set(STATES) == set(EXPECTED)
    found = {state: {} for state in STATES}
    for (state, event), rule in table().rules.items():
        found[state][event] = (rule.to, set(rule.by))
    assert found == EXPECTED


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", STATES)
def test_every_state_event_and_set_of_roles(state: str, event: str) -> None:
    for roles in ROLES:
        asker = Asker("u", roles)
        expected = EXPECTED[state].get(event)
        if expected is None:
            refused: type[Exception] | None = exceptions.WrongState
        elif not expected[1] & roles:
            refused = exceptions.NotYourStep
        elif A in roles and expected[1] & roles & {B, O}:
            refused = exceptions.AskerDecides
        else:
            refused = None
        offered = {each.name for each in steps_for(state, asker)}
        if refused:
            with pytest.raises(refused):
                step(state, event, asker, EVERYTHING)
            assert event not in offered
        else:
            assert expected is not None
            assert step(state, event, asker, EVERYTHING) == expected[0]
            assert event in offered


def test_who_asks_never_decides_whatever_else_they_are() -> None:
    for state, event in table().rules:
        asker = Asker("u", {A, B, O})
        if table().rules[state, event].by & {B, O}:
            with pytest.raises(exceptions.AskerDecides):
                step(state, event, asker, EVERYTHING)


@pytest.mark.parametrize(
    ("state", "event", "earlier"),
    [
        ("owner_review", "approve", "pass"),
        ("renewal_review", "approve_renewal", "pass"),
        ("suspended", "resume", "suspend"),
        ("suspended", "resume", "suspend_on_notice"),
    ],
)
def test_what_needs_a_second_person(state: str, event: str, earlier: str) -> None:
    roles = {B, O}
    with pytest.raises(exceptions.SamePerson):
        step(state, event, Asker("u", roles, {earlier: "u"}), EVERYTHING)
    assert step(state, event, Asker("u", roles, {earlier: "v"}), EVERYTHING)


def test_every_event_that_gives_data_asks_whether_the_dataset_is_open() -> None:
    """Whatever leads towards data is only for a dataset that is still conditional; ending is always possible."""
    guarded = {"submit", "approve", "sign", "resume", "renew", "approve_renewal"}
    for (state, event), rule in table().rules.items():
        asker = Asker("u", {next(iter(rule.by))})
        if event in guarded:
            with pytest.raises(exceptions.NotConditional):
                step(state, event, asker, EVERYTHING, dataset_open=False)
            assert event not in {each.name for each in steps_for(state, asker, dataset_open=False)}
        else:
            assert step(state, event, asker, EVERYTHING, dataset_open=False) == rule.to


def test_nothing_becomes_active_but_by_signing_and_resuming() -> None:
    active = {name for name, state in table().states.items() if state.grant == "active"}
    assert active == {"in_use", "reported", "renewal_check", "renewal_review", "renewal_agreement"}
    into = {event for (state, event), rule in table().rules.items() if rule.to in active and state not in active}
    assert into == {"sign", "resume"}


@pytest.mark.parametrize(("state", "event"), list(table().rules))
def test_every_needed_field_is_asked_for(state: str, event: str) -> None:
    asker = Asker("u", {next(iter(table().rules[state, event].by))})
    needs = [*table().events[event].needs]
    for name in [*needs, "basis"] if "reason_class" in needs else needs:
        for nothing in ({k: v for k, v in EVERYTHING.items() if k != name}, EVERYTHING | {name: " \n"}):
            with pytest.raises(exceptions.FieldMissing) as refused:
                step(state, event, asker, nothing)
            assert refused.value.field == name


@pytest.mark.parametrize(
    ("state", "event", "to"),
    [
        ("second_review", "refuse", "refused"),
        ("owner_review", "refuse", "refused"),
        ("renewal_review", "refuse_renewal", "in_use"),
    ],
)
def test_a_refusal_without_reason_or_by_law_without_basis_is_impossible(state: str, event: str, to: str) -> None:
    asker = Asker("u", {B, O})
    for given in (
        {},
        {"reason": "理由"},
        {"reason_class": "purpose"},
        {"reason": "理由", "reason_class": "没有这一类"},
        {"reason": "理由", "reason_class": "law"},
        {"reason": "理由", "reason_class": "rights", "basis": "  "},
    ):
        with pytest.raises(exceptions.FieldMissing):
            step(state, event, asker, given)
    assert step(state, event, asker, {"reason": "理由", "reason_class": "purpose"}) == to


def test_a_renewal_takes_the_review_of_an_application() -> None:
    """Nothing but the bureau's check and the department's decision leads to a longer use."""
    assert {state for (state, _event), rule in table().rules.items() if rule.to == "renewal_agreement"} == {
        "renewal_review"
    }
    assert {event for (_state, event), rule in table().rules.items() if rule.to == "renewal_review"} == {
        "pass",
        "extend",
    }


def test_it_is_told_once_what_is_to_be_completed() -> None:
    """On no way through the table is 补正 entered twice, and no papers are refused before they could be completed."""
    after = _reachable("correction") - {"correction"}
    assert {rule.to for (state, _event), rule in table().rules.items() if state in after} & {"correction"} == set()
    assert ("formal_review", "refuse") not in table().rules


def test_every_state_is_reached_and_none_is_a_dead_end() -> None:
    assert _reachable(table().first) == set(STATES)
    finals = {name for name, state in table().states.items() if state.final}
    leaving = {state for state, _event in table().rules}
    assert leaving == set(STATES) - finals
    assert all(_reachable(state) & finals for state in STATES)
    assert finals == {"refused", "expired", "terminated", "withdrawn"}


def test_somebody_can_move_whatever_waits_for_somebody() -> None:
    """Also when the dataset was closed meanwhile."""
    for name, state in table().states.items():
        if state.waits_for:
            assert steps_for(name, Asker("u", {state.waits_for}), dataset_open=False), name


def test_a_deadline_runs_wherever_an_authority_has_to_answer() -> None:
    for state in table().states.values():
        answering = state.waits_for in (B, O) and state.grant != "suspended"
        assert bool(state.process) == (answering or state.name == "correction"), state.name


def test_every_refusal_says_it_in_both_languages() -> None:
    for error in (
        exceptions.WrongState(),
        exceptions.NotYourStep("甲", "a"),
        exceptions.AskerDecides(),
        exceptions.SamePerson(),
        exceptions.NotConditional(),
        exceptions.FieldMissing("reason", "理由", "the reason"),
    ):
        assert error.message
        assert error.message_en.isascii()
        assert not error.transient
        assert error.rule


def _sound() -> dict:
    return yaml.safe_load(resources.files("ckanext.govcn.application").joinpath("states.yaml").read_text("utf-8"))


def test_a_wrong_table_is_refused() -> None:
    def broken(change) -> dict:
        given = copy.deepcopy(_sound())
        change(given)
        return given

    assert table_of(_sound(), "states.yaml") == table()
    for change in (
        lambda t: t.pop("roles"),
        lambda t: t["events"]["approve"]["steps"][0].update(to="nowhere"),
        lambda t: t["events"]["approve"]["steps"][0].update(by=["nobody"]),
        lambda t: t["events"]["approve"].update(needs=["no_such_field"]),
        lambda t: t["events"]["submit"]["steps"].append({"from": ["draft"], "to": "in_use", "by": ["applicant"]}),
        lambda t: t["states"]["draft"].update(unknown=1),
    ):
        with pytest.raises(exceptions.TableError):
            table_of(broken(change), "states.yaml")


def _reachable(start: str) -> set[str]:
    reached, new = {start}, [start]
    while new:
        state = new.pop()
        following = {rule.to for (before, _event), rule in table().rules.items() if before == state} - reached
        reached |= following
        new += following
    return reached
