"""Who may carry out a plan: everything but opening and moving is the department's own."""

from __future__ import annotations

import itertools

import pytest
from ckanext.govcn.harvest.rules import (
    MOVE,
    OPENS,
    OPERATOR,
    Person,
    Stewardship,
    may_apply,
    may_decide,
)

SOURCE = Stewardship(edited_by="clerk", asked_by="starter", clerks=3)
BUREAU = Person("bureau", bureau=True)
PLAIN = frozenset({"added", "changed", "removed"})


@pytest.mark.parametrize(
    ("person", "kinds", "code"),
    [
        (Person("clerk", capacity="editor"), PLAIN, "department"),
        (Person("chief", capacity="admin"), PLAIN, "department"),
        (Person("stranger"), PLAIN, "stranger"),
        (BUREAU, PLAIN, "bureau"),
        (OPERATOR, PLAIN, "bureau"),
        (Person("other", capacity="editor"), {OPENS}, "opens"),
        (Person("chief", capacity="admin"), {"changed", OPENS}, "department"),
        (Person("clerk", capacity="admin"), {"changed", OPENS}, "same_person"),
        (Person("starter", capacity="admin"), {"changed", OPENS}, "same_person"),
        (Person("clerk", bureau=True), {"changed", OPENS}, "same_person"),
        (Person("starter", bureau=True), {"changed", OPENS}, "bureau"),
        (BUREAU, {OPENS}, "bureau"),
        (OPERATOR, {OPENS}, "bureau"),
        (Person("chief", capacity="admin"), {MOVE}, "move"),
        (BUREAU, {MOVE}, "bureau"),
        (Person("stranger"), {MOVE}, "stranger"),
    ],
)
def test_who_may_carry_out_what(person: Person, kinds: set[str], code: str) -> None:
    assert may_apply(person, kinds, SOURCE).code == code


def test_the_bureau_decides_for_a_department_of_one_and_that_is_said() -> None:
    decision = may_apply(BUREAU, {OPENS}, Stewardship("clerk", "clerk", clerks=1))
    assert (decision.allowed, decision.code) == (True, "bureau_for_one_clerk")
    assert "只有一名" in decision.reason


def test_nobody_without_a_role_ever_may_and_more_kinds_never_allow_more() -> None:
    people = [
        Person(name, bureau=bureau, capacity=capacity)
        for name, bureau, capacity in itertools.product(
            ("", "clerk", "starter", "x"), (True, False), ("", "editor", "admin")
        )
    ]
    for person in people:
        for size in range(len(PLAIN | {OPENS, MOVE}) + 1):
            for kinds in itertools.combinations(sorted(PLAIN | {OPENS, MOVE}), size):
                allowed = may_apply(person, kinds, SOURCE).allowed
                assert not allowed or person.bureau or person.capacity
                for more in (OPENS, MOVE):
                    assert allowed or not may_apply(person, {*kinds, more}, SOURCE).allowed


@pytest.mark.parametrize(
    ("person", "allowed"),
    [(OPERATOR, True), (BUREAU, True), (Person("a", capacity="editor"), True), (Person("a"), False)],
)
def test_who_may_reject_and_undo(person: Person, allowed: bool) -> None:
    assert may_decide(person).allowed is allowed
