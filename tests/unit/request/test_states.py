"""States of demands and corrections: the whole tables, every state × event × set of roles, not samples of them."""

from __future__ import annotations

import itertools

import pytest
from ckanext.govcn.request.kinds import CORRECTION, DEMAND, Kind, kinds, title_shown
from ckanext.govcn.workflow import exceptions
from ckanext.govcn.workflow.machine import Asker, step, steps_for

A, B, D, C = "requester", "bureau", "department", "clock"
R = "reporter"
ANSWERS = {"will_open": {D}, "opened": {D}, "by_application": {D}, "refuse": {D}}
WITHDRAW = {"withdraw": ("withdrawn", {A})}
# the tables as the issue states them, written a second time: state → event → (state after, who)
EXPECTED: dict[str, dict[str, dict[str, tuple[str, set[str]]]]] = {
    DEMAND: {
        "draft": {"submit": ("received", {A}), **WITHDRAW},
        "received": {
            "ask_completion": ("completion", {B}),
            "assign": ("assigned", {B}),
            "decline": ("declined", {B}),
            **WITHDRAW,
        },
        "completion": {"submit": ("completed", {A}), "decline": ("declined", {B}), **WITHDRAW},
        "completed": {"assign": ("assigned", {B}), "decline": ("declined", {B}), **WITHDRAW},
        "assigned": {
            "hand_back": ("handed_back", {D}),
            "assign": ("assigned", {B}),
            **{event: ("answered", who) for event, who in ANSWERS.items()},
            **WITHDRAW,
        },
        "handed_back": {"assign": ("assigned", {B}), "decline": ("declined", {B}), **WITHDRAW},
        "answered": {"accept": ("closed", {A}), "dispute": ("disputed", {A}), "close": ("closed", {C})},
        "disputed": {"uphold": ("closed", {B}), "answer_again": ("assigned_again", {B})},
        "assigned_again": {
            "assign": ("assigned_again", {B}),
            **{event: ("closed", who) for event, who in ANSWERS.items()},
        },
        "closed": {},
        "declined": {},
        "withdrawn": {},
    },
    CORRECTION: {
        "draft": {
            "submit": ("received", {R}),
            "submit_to_bureau": ("with_bureau", {R}),
            "withdraw": ("withdrawn", {R}),
        },
        "received": {
            "start": ("checking", {D}),
            "refer": ("with_bureau", {D}),
            "assign": ("checking", {B}),
            "supervise": ("received", {B}),
            "withdraw": ("withdrawn", {R}),
        },
        "checking": {
            "correct": ("corrected", {D}),
            "confirm": ("no_error", {D}),
            "refer": ("with_bureau", {D}),
            "assign": ("checking", {B}),
            "supervise": ("checking", {B}),
            "withdraw": ("withdrawn", {R}),
        },
        "with_bureau": {
            "correct": ("corrected", {B}),
            "confirm": ("no_error", {B}),
            "assign": ("checking", {B}),
            "withdraw": ("withdrawn", {R}),
        },
        "corrected": {},
        "no_error": {},
        "withdrawn": {},
    },
}
EVERYTHING = {
    "reason": "理由", "reason_class": "law", "basis": "依据", "department": "d", "public_title": "名称",
    "promised_on": "2027-01-01", "promised_level": "conditional", "dataset": "x",
}  # fmt: skip
CELLS = [(name, state, event) for name, k in kinds().items() for state in k.table.states for event in k.table.events]


@pytest.fixture(params=list(kinds().values()), ids=list(kinds()))
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


def test_the_table_is_the_expected_one(kind: Kind) -> None:
    found = {state: {} for state in kind.table.states}
    for (state, event), rule in kind.table.rules.items():
        found[state][event] = (rule.to, set(rule.by))
    assert found == EXPECTED[kind.name]


@pytest.mark.parametrize(("name", "state", "event"), CELLS)
def test_every_state_event_and_set_of_roles(name: str, state: str, event: str) -> None:
    table, asking = kinds()[name].table, kinds()[name].asking
    expected = EXPECTED[name][state].get(event)
    for roles in (set(chosen) for n in range(5) for chosen in itertools.combinations(table.roles, n)):
        asker = Asker("u", roles)
        if expected is None:
            refused: type[Exception] | None = exceptions.WrongState
        elif not expected[1] & roles:
            refused = exceptions.NotYourStep
        elif asking in roles and expected[1] & {B, D}:
            refused = exceptions.AskerDecides
        else:
            refused = None
        offered = {each.name for each in steps_for(table, state, asker)}
        assert (event in offered) == (refused is None)
        if refused:
            with pytest.raises(refused):
                step(table, state, event, asker, EVERYTHING)
        else:
            assert expected is not None
            assert step(table, state, event, asker, EVERYTHING) == expected[0]


def test_one_role_asks_and_the_authorities_decide(kind: Kind) -> None:
    assert {role.name for role in kind.table.roles.values() if role.decides} == {B, D}
    assert [role.name for role in kind.table.roles.values() if role.asks] == [kind.asking]


def test_every_needed_field_is_asked_for(kind: Kind) -> None:
    for (state, event), rule in kind.table.rules.items():
        asker = Asker("u", {next(iter(rule.by))})
        for name in kind.table.events[event].needs:
            for nothing in ({k: v for k, v in EVERYTHING.items() if k != name}, EVERYTHING | {name: " \n"}):
                with pytest.raises(exceptions.FieldMissing) as refused:
                    step(kind.table, state, event, asker, nothing)
                assert refused.value.field == name


@pytest.mark.parametrize("state", ["assigned", "assigned_again"])
def test_not_to_be_opened_needs_a_reason_a_class_and_a_legal_basis(state: str) -> None:
    table, asker = kinds()[DEMAND].table, Asker("u", {D})
    whole = {"reason": "理由", "reason_class": "rights", "basis": "依据"}
    for name in whole:
        for given in (whole | {name: "  "}, {k: v for k, v in whole.items() if k != name}):
            with pytest.raises(exceptions.FieldMissing):
                step(table, state, "refuse", asker, given)
    with pytest.raises(exceptions.FieldMissing):
        step(table, state, "refuse", asker, whole | {"reason_class": "没有这一类"})
    assert step(table, state, "refuse", asker, whole)
    assert all(each.needs_basis for each in table.reason_classes.values())


def test_what_is_found_right_needs_a_reason() -> None:
    for role, state in ((D, "checking"), (B, "with_bureau")):
        with pytest.raises(exceptions.FieldMissing):
            step(kinds()[CORRECTION].table, state, "confirm", Asker("u", {role}), {})


@pytest.mark.parametrize("answer", list(ANSWERS))
@pytest.mark.parametrize("review", ["uphold", "answer_again"])
def test_a_second_person_reviews_an_answer(answer: str, review: str) -> None:
    table = kinds()[DEMAND].table
    with pytest.raises(exceptions.SamePerson):
        step(table, "disputed", review, Asker("u", {B, D}, {answer: "u"}), EVERYTHING)
    assert step(table, "disputed", review, Asker("u", {B, D}, {answer: "v"}), EVERYTHING)


@pytest.mark.parametrize("answer", list(ANSWERS))
def test_whoever_had_it_answered_again_does_not_answer_it(answer: str) -> None:
    table = kinds()[DEMAND].table
    for took in ({"answer_again": "u"}, {"answer_again": "u", "assign": "u"}):
        with pytest.raises(exceptions.SamePerson):
            step(table, "assigned_again", answer, Asker("u", {B, D}, took), EVERYTHING)
    assert step(table, "assigned_again", answer, Asker("v", {B, D}, {"answer_again": "u"}), EVERYTHING)


def test_told_once_and_disputed_once() -> None:
    for state in ("completion", "disputed"):
        assert state not in _after(kinds()[DEMAND], state)


@pytest.mark.parametrize(("public", "owns", "bureau"), list(itertools.product((True, False), repeat=3)))
def test_a_closed_dataset_gives_its_title_to_its_department_and_the_bureau(
    *, public: bool, owns: bool, bureau: bool
) -> None:
    assert title_shown(CORRECTION, public=public, owns=owns, bureau=bureau) == (public or owns or bureau)
    assert title_shown(DEMAND, public=public, owns=owns, bureau=bureau)


def test_every_state_is_reached_and_none_is_a_dead_end(kind: Kind) -> None:
    first = kind.table.first
    assert _after(kind, first) | {first} == set(kind.table.states)
    leaving = {state for state, _event in kind.table.rules}
    assert leaving == set(kind.table.states) - set(kind.finals)
    assert all(_after(kind, state) & set(kind.finals) for state in leaving)


def test_the_bureau_moves_on_whatever_has_been_handed_in_and_not_answered(kind: Kind) -> None:
    for state in kind.table.states.values():
        if state.name not in ("draft", "answered") and not state.final:
            taken = {
                event for (before, event), rule in kind.table.rules.items() if before == state.name and B in rule.by
            }
            assert taken - {"supervise"}, state.name


def test_a_deadline_runs_wherever_an_authority_has_to_act(kind: Kind) -> None:
    for state in kind.table.states.values():
        assert bool(state.process) == (state.waits_for in (B, D) or state.name == "completion"), state.name
        assert bool(state.waits_for) != state.final


def _after(kind: Kind, start: str) -> set[str]:
    """What can follow a state, in any number of steps."""
    reached: set[str] = set()
    new = {start}
    while new:
        new = {rule.to for (before, _event), rule in kind.table.rules.items() if before in new} - reached
        reached |= new
    return reached
