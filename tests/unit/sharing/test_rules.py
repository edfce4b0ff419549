"""States of a request for sharing: the whole table, every state × event × set of roles, and what the table cannot say."""

from __future__ import annotations

import itertools
from datetime import date

import pytest
from ckanext.govcn.sharing import exceptions as own
from ckanext.govcn.sharing import rules
from ckanext.govcn.sharing.rules import step, steps_for, table
from ckanext.govcn.workflow import exceptions
from ckanext.govcn.workflow.machine import Asker

R, P, B, C = "requester", "provider", "bureau", "clock"
# the table as issue and rules state it, written a second time: state → event → (state after, who)
ANSWER = {"approve": ("agreed", {P}), "refuse": ("refused", {P}), "withdraw": ("withdrawn", {R})}
EXPECTED: dict[str, dict[str, tuple[str, set[str]]]] = {
    "draft": {"submit": ("submitted", {R}), "withdraw": ("withdrawn", {R})},
    "submitted": ANSWER | {"ask_correction": ("correction", {P}), "extend": ("submitted", {B})},
    "correction": {"submit": ("completed", {R}), "withdraw": ("withdrawn", {R})},
    "completed": ANSWER | {"extend": ("completed", {B})},
    "agreed": {"provide": ("provided", {P}), "dispute": ("negotiation", {R}), "withdraw": ("withdrawn", {R})},
    "refused": {"dispute": ("negotiation", {R}), "accept": ("closed", {R}), "expire": ("expired", {C})},
    "provided": {"confirm": ("received", {R}), "dispute": ("negotiation", {R}), "expire": ("expired", {C})},
    "received": {"dispute": ("negotiation", {R, P}), "end": ("ended", {R, P}), "expire": ("expired", {C})},
    "negotiation": {
        "concede": ("agreed", {P}),
        "accept": ("closed", {R}),
        "coordinate": ("coordination", {R, P}),
        "withdraw": ("withdrawn", {R}),
        "resume": ("received", {R}),
    },
    "coordination": {
        "settle": ("agreed", {B}),
        "uphold": ("coordinated", {B}),
        "appeal": ("ruling", {R, P, B}),
        "withdraw": ("withdrawn", {R}),
        "resume": ("received", {R}),
    },
    "coordinated": {"appeal": ("ruling", {R}), "accept": ("closed", {R}), "expire": ("expired", {C})},
    "ruling": {
        "settle": ("agreed", {B}),
        "uphold": ("closed", {B}),
        "withdraw": ("withdrawn", {R}),
        "resume": ("received", {R}),
    },
    "ended": {},
    "closed": {},
    "withdrawn": {},
    "expired": {},
}
EVERYTHING = {
    "reason": "理由", "reason_class": "not_shared", "basis": "依据", "days": "5", "delivered_on": "2026-11-02", "way": "接口",
}  # fmt: skip
ROLES = [frozenset(chosen) for n in range(5) for chosen in itertools.combinations((R, P, B, C), n)]
STATES, EVENTS = list(table().states), list(table().events)
FINALS = {"ended", "closed", "withdrawn", "expired"}
DECIDING = {P, B}


def test_the_table_is_the_expected_one() -> None:
    found: dict[str, dict[str, tuple[str, set[str]]]] = {state: {} for state in STATES}
    for (state, event), rule in table().rules.items():
        found[state][event] = (rule.to, set(rule.by))
    assert found == EXPECTED


@pytest.mark.parametrize("state", STATES)
def test_every_event_and_set_of_roles(state: str) -> None:
    for event, roles, took in itertools.product(EVENTS, ROLES, ({}, {"provide": "v"})):
        asker, expected = Asker("u", roles, took), EXPECTED[state].get(event)
        if expected is None:
            refused: type[Exception] | None = exceptions.WrongState
        elif not expected[1] & roles:
            refused = exceptions.NotYourStep
        elif R in roles and expected[1] & roles & DECIDING:
            refused = exceptions.AskerDecides
        elif event in ({"withdraw", "accept"} if took else {"resume"}) and (state, event) != ("coordinated", "accept"):
            refused = own.OtherwiseSince
        else:
            refused = None
        offered = {each.name for each in steps_for(state, asker)}
        assert (event in offered) is (refused is None)
        for share_type in rules.ASKED_FOR:
            if refused:
                with pytest.raises(refused):
                    step(state, event, asker, EVERYTHING, share_type=share_type)
            else:
                assert expected is not None
                assert step(state, event, asker, EVERYTHING, share_type=share_type) == expected[0]


def test_a_clerk_of_both_departments_never_decides() -> None:
    both = Asker("u", {R, P, B})
    for state, event in table().rules:
        if event in {"approve", "refuse", "concede", "settle", "uphold", "provide", "extend", "ask_correction"}:
            with pytest.raises(exceptions.AskerDecides):
                step(state, event, both, EVERYTHING, share_type="2")


def test_nobody_decides_on_two_sides() -> None:
    """Of every clerk: who is of the provider takes no step that is the bureau's alone, who asks none that decides."""
    for requester, provider, bureau in itertools.product((False, True), repeat=3):
        roles = rules.roles_of(requester=requester, provider=provider, bureau=bureau)
        assert roles == {name for name, held in ((R, requester), (P, provider), (B, bureau and not provider)) if held}
        for state, event in table().rules:
            by = table().rules[state, event].by
            offered = event in {each.name for each in steps_for(state, Asker("u", roles))}
            if by == {B}:
                assert offered is (bureau and not provider and not requester)
            if by == {P}:
                assert offered is (provider and not requester)


@pytest.mark.parametrize(("state", "event"), list(table().rules))
def test_every_needed_field_is_asked_for(state: str, event: str) -> None:
    asker = Asker("u", {next(iter(sorted(table().rules[state, event].by)))})
    needs = [*table().events[event].needs]
    for name in [*needs, "basis"] if "reason_class" in needs else needs:
        for nothing in ({k: v for k, v in EVERYTHING.items() if k != name}, EVERYTHING | {name: " \n"}):
            with pytest.raises(exceptions.FieldMissing) as refused:
                step(state, event, asker, nothing, share_type="2")
            assert refused.value.field == name


@pytest.mark.parametrize("state", ["submitted", "completed"])
def test_what_is_not_shared_is_refused_with_a_legal_basis_only(state: str) -> None:
    """Whatever the class; so is what was described in words, unless there is no such data."""
    for class_, share_type in itertools.product(table().reason_classes, rules.ASKED_FOR):
        if class_ == "material" and state == "submitted":
            continue
        given = {"reason": "理由", "reason_class": class_, "basis": " "}
        named = table().reason_classes[class_].needs_basis
        if named or share_type == "3" or (share_type == "" and class_ != "absent"):
            with pytest.raises(exceptions.FieldMissing) as refused:
                step(state, "refuse", Asker("u", {P}), given, share_type=share_type)
            assert refused.value.field == "basis"
        else:
            assert step(state, "refuse", Asker("u", {P}), given, share_type=share_type) == "refused"
        assert (
            step(state, "refuse", Asker("u", {P}), given | {"basis": "某法第一条"}, share_type=share_type) == "refused"
        )


def test_papers_are_no_reason_before_they_could_be_completed_once() -> None:
    given = EVERYTHING | {"reason_class": "material"}
    with pytest.raises(own.NotToldYet):
        step("submitted", "refuse", Asker("u", {P}), given, share_type="2")
    assert step("completed", "refuse", Asker("u", {P}), given, share_type="2") == "refused"
    after = _reachable("correction") - {"correction"}
    assert "correction" not in {rule.to for (state, _event), rule in table().rules.items() if state in after}


@pytest.mark.parametrize("event", ["settle", "uphold"])
@pytest.mark.parametrize("earlier", ["approve", "refuse"])
def test_whoever_answered_does_not_coordinate(event: str, earlier: str) -> None:
    with pytest.raises(exceptions.SamePerson):
        step("coordination", event, Asker("u", {P, B}, {earlier: "u"}), EVERYTHING, share_type="2")
    assert step("coordination", event, Asker("u", {P, B}, {earlier: "v"}), EVERYTHING, share_type="2")


def test_the_three_levels_follow_each_other() -> None:
    into = {to: {state for (state, _event), rule in table().rules.items() if rule.to == to} for to in STATES}
    assert into["negotiation"] == {"refused", "agreed", "provided", "received"}
    assert into["coordination"] == {"negotiation"}
    assert into["ruling"] == {"coordination", "coordinated"}
    for event in ("dispute", "coordinate", "appeal"):
        assert {"reason", "days"} <= set(table().events[event].needs)


def test_every_state_is_reached_and_none_is_a_dead_end() -> None:
    assert _reachable(table().first) == set(STATES)
    assert {name for name, state in table().states.items() if state.final} == FINALS
    assert {state for state, _event in table().rules} == set(STATES) - FINALS
    assert all(_reachable(state) & FINALS for state in STATES)


def test_somebody_can_move_whatever_waits_for_somebody() -> None:
    for name, state in table().states.items():
        if state.waits_for:
            assert steps_for(name, Asker("u", {state.waits_for})), name


def test_no_state_gives_data_and_nothing_asks_for_the_level_of_opening() -> None:
    assert not any(state.grant for state in table().states.values())
    assert not any(event.open_dataset for event in table().events.values())


def test_a_deadline_runs_wherever_an_authority_has_to_answer() -> None:
    for state in table().states.values():
        assert bool(state.process) == (state.waits_for in (P, B) or state.name == "correction"), state.name


def test_names_are_told_apart_in_a_workbook() -> None:
    for named in (table().states, table().events, table().roles, table().reason_classes):
        assert len({each.zh for each in named.values()}) == len(named)
        assert all(each.en.isascii() for each in named.values())


@pytest.mark.parametrize(
    ("event", "given", "wrong"),
    [
        ("extend", {"days": "0"}, "days"),
        ("extend", {"days": "251"}, "days"),
        ("extend", {"days": "五"}, "days"),
        ("extend", {"days": "٣"}, "days"),
        ("extend", {"days": "2.5"}, "days"),
        ("provide", {"delivered_on": "2026-11-25"}, "delivered_on"),
        ("provide", {"delivered_on": "20261101"}, "delivered_on"),
        ("provide", {"way": "x" * 201}, "way"),
        ("refuse", {"reason": "身份证 11010519491231002X"}, "reason"),
        ("refuse", {"reason": "a\x0bb"}, "reason"),
        ("approve", {"reason": "多余"}, "reason"),
    ],
)
def test_what_is_wrong_with_a_field(event: str, given: dict[str, str], wrong: str) -> None:
    found = rules.faults(event, given, date(2026, 11, 24))
    assert list(found) == [wrong]
    assert found[wrong][1].isascii()


def test_what_is_right_with_the_fields() -> None:
    assert rules.faults("provide", {"delivered_on": "2026-11-24", "way": "接口"}, date(2026, 11, 24)) == {}
    assert (rules.days_of(" 10 "), rules.days_of("")) == (10, None)


def test_refusals_say_it_in_both_languages() -> None:
    for error in (own.NotToldYet(), own.Off(), own.BookRefused(why="甲", why_en="a")):
        assert error.message
        assert error.message_en.isascii()
        assert not error.transient


def _reachable(start: str) -> set[str]:
    reached, new = {start}, [start]
    while new:
        state = new.pop()
        following = {rule.to for (before, _event), rule in table().rules.items() if before == state} - reached
        reached |= following
        new += following
    return reached
