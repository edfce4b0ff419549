"""A grant opens what it names and nothing else: every level, person, channel and state of a grant, and wild ones."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from ckanext.govcn.access import rules
from ckanext.govcn.access.rules import OPENING, SHARING, Grant, Who
from hypothesis import given
from hypothesis import strategies as st
from unit.access.test_rules import PERSONS, every_what, published

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DATASET, PURPOSE = "dataset-1", "停车诱导服务"
GRANT = Grant("g1", DATASET, OPENING, PURPOSE, NOW - timedelta(days=1), NOW + timedelta(days=1))
WHAT = replace(published(open_type="conditional"), dataset=DATASET, version="a" * 64)


def holding(*grants: Grant) -> Who:
    return Who(user_id="s", grants=grants)


def asked(*grants: Grant, what=WHAT, channel=OPENING, purpose=PURPOSE, now=NOW) -> rules.Decision:
    return rules.may_get_data(holding(*grants), what, channel, purpose, now)


def test_a_grant_in_force_gives_the_data_and_is_named():
    decision = asked(GRANT)
    assert (decision.allowed, decision.code, decision.grant) == (True, "granted", "g1")


@pytest.mark.parametrize(
    ("grant", "code"),
    [
        (replace(GRANT, until=NOW), "expired"),
        (replace(GRANT, until=NOW - SECOND), "expired"),
        (replace(GRANT, begins=NOW + SECOND), "not_begun"),
        (replace(GRANT, suspended=True), "suspended"),
        (replace(GRANT, purpose="广告"), "other_purpose"),
        (replace(GRANT, channel=SHARING), "other_channel"),
        (replace(GRANT, deliveries=frozenset({rules.INTERFACE})), "other_delivery"),
        (replace(GRANT, deliveries=frozenset()), "other_delivery"),
        (replace(GRANT, versions=frozenset({"b" * 64})), "other_version"),
        (replace(GRANT, dataset="dataset-2"), "conditional"),
    ],
)
def test_a_grant_that_does_not_fit_says_why(grant, code):
    decision = asked(grant)
    assert (decision.allowed, decision.code) == (False, code)
    assert decision.reason
    assert decision.reason_en
    assert decision.grant == ("" if code == "conditional" else "g1")


def test_it_begins_at_its_beginning_and_is_over_at_its_end():
    assert asked(GRANT, now=GRANT.begins).code == "granted"
    assert asked(GRANT, now=GRANT.until - timedelta(microseconds=1)).code == "granted"
    assert asked(GRANT, now=GRANT.until).code == "expired"


def test_a_grant_of_one_channel_never_serves_the_other():
    assert asked(replace(GRANT, channel=SHARING), channel=OPENING).code == "other_channel"
    assert asked(GRANT, channel=SHARING).code == "other_channel"
    assert not asked(replace(GRANT, channel="x"), channel=OPENING).allowed


def test_a_grant_serves_by_the_deliveries_it_names_and_no_other():
    for size in range(len(rules.DELIVERIES) + 1):
        for named in itertools.combinations(rules.DELIVERIES, size):
            grant = replace(GRANT, deliveries=frozenset(named))
            for delivery in rules.DELIVERIES:
                what, sharing = replace(WHAT, delivery=delivery), replace(grant, channel=SHARING)
                assert asked(grant, what=what).allowed == (delivery in named)
                assert asked(sharing, what=what).code == "other_channel", "sharing serves no way of opening"
                found = rules.purpose_in_force(holding(grant), what, OPENING, NOW)
                assert found == (PURPOSE if delivery in named else "")


def test_a_version_that_is_named_is_given():
    assert asked(replace(GRANT, versions=frozenset({WHAT.version}))).allowed
    assert not asked(replace(GRANT, versions=frozenset({"b" * 64})), what=replace(WHAT, version="")).allowed


def test_whoever_names_no_purpose_or_no_time_gets_nothing_by_a_grant():
    assert not rules.may_get_data(holding(GRANT), WHAT).allowed
    assert not asked(GRANT, now=None).allowed
    assert not asked(GRANT, purpose="").allowed
    assert not asked(replace(GRANT, purpose=""), purpose="").allowed
    assert not asked(replace(GRANT, dataset=""), what=replace(WHAT, dataset="")).allowed


def test_nobody_holds_a_grant_anonymously():
    assert not rules.may_get_data(Who(grants=(GRANT,)), WHAT, OPENING, PURPOSE, NOW).allowed


def test_of_several_grants_the_one_in_force_decides_and_else_the_nearest_is_told():
    expired, suspended = replace(GRANT, id="e", until=NOW), replace(GRANT, id="s", suspended=True)
    other = replace(GRANT, id="o", channel=SHARING)
    for order in itertools.permutations([expired, suspended, other, GRANT]):
        assert asked(*order).grant == "g1"
    for order in itertools.permutations([expired, suspended, other]):
        assert (asked(*order).code, asked(*order).grant) == ("suspended", "s")


def test_the_decision_carries_the_columns_and_of_several_grants_the_one_that_gives_most():
    some, more = (replace(GRANT, id=name, fields=frozenset(name)) for name in ("a", "bc"))
    for order in itertools.permutations([some, more, replace(GRANT, id="x", until=NOW)]):
        assert (asked(*order).grant, asked(*order).fields) == ("bc", {"b", "c"})
        assert (asked(GRANT, *order).grant, asked(*order, GRANT).fields) == ("g1", frozenset())
    assert asked(replace(some, until=NOW)).fields == {"a"}
    member = replace(holding(some), organizations=frozenset({WHAT.owner}))
    assert rules.may_get_data(member, WHAT, OPENING, PURPOSE, NOW) == rules.OWNER


def test_the_purpose_is_taken_from_the_grants_when_they_agree():
    other = replace(GRANT, id="g2", purpose="研究")

    def purpose(*grants: Grant) -> str:
        return rules.purpose_in_force(holding(*grants), WHAT, OPENING, NOW)

    assert purpose(GRANT, replace(other, until=NOW), replace(other, channel=SHARING)) == PURPOSE
    assert purpose(GRANT, other) == ""
    assert purpose(replace(GRANT, suspended=True)) == ""
    assert asked(GRANT, other, purpose=purpose(GRANT, other)).code == "other_purpose"


def test_without_a_grant_channel_purpose_and_time_change_nothing():
    for what in every_what():
        for who in PERSONS.values():
            without = rules.may_get_data(who, what)
            for channel in (OPENING, SHARING):
                assert rules.may_get_data(who, replace(what, dataset=DATASET), channel, PURPOSE, NOW) == without


def test_a_grant_opens_nothing_but_published_conditional_data():
    for what in every_what():
        for who in PERSONS.values():
            without = rules.may_get_data(who, what)
            with_one = rules.may_get_data(
                replace(who, grants=(GRANT,)), replace(what, dataset=DATASET), OPENING, PURPOSE, NOW
            )
            if with_one != without and with_one.allowed:
                assert with_one.code == "granted"
                assert who.user_id
                assert what.active
                assert (what.status, what.open_type) == ("published", "conditional")


def test_a_grant_shows_no_entry():
    for what in every_what():
        for who in PERSONS.values():
            named = replace(what, dataset=DATASET)
            assert rules.may_see_entry(replace(who, grants=(GRANT,)), named) == rules.may_see_entry(who, named)


@pytest.mark.parametrize("who", [Who(user_id="b", bureau=True), Who(user_id="a", sysadmin=True)])
def test_no_role_of_administration_opens_conditional_data(who):
    for channel in (OPENING, SHARING):
        assert rules.may_get_data(who, WHAT, channel, PURPOSE, NOW).code == "conditional"
    assert rules.may_get_data(replace(who, grants=(GRANT,)), WHAT, OPENING, PURPOSE, NOW).code == "granted"


moments = st.datetimes(NOW.replace(tzinfo=None) - timedelta(3), NOW.replace(tzinfo=None) + timedelta(3)).map(
    lambda each: each.replace(tzinfo=UTC)
)
wild = st.builds(
    Grant,
    id=st.text(max_size=3),
    dataset=st.sampled_from([DATASET, "dataset-2", ""]),
    channel=st.sampled_from([OPENING, SHARING, "", "OPENING"]),
    purpose=st.sampled_from([PURPOSE, "研究", ""]),
    begins=moments,
    until=moments,
    suspended=st.booleans(),
    versions=st.frozensets(st.sampled_from([WHAT.version, "b" * 64]), max_size=2),
)


@given(st.lists(wild, max_size=4), st.sampled_from([OPENING, SHARING, ""]), st.sampled_from([PURPOSE, ""]), moments)
def test_wild_grants_give_data_only_when_one_of_them_fits_in_every_respect(grants, channel, purpose, now):
    decision = asked(*grants, channel=channel, purpose=purpose, now=now)
    fits = [
        g for g in grants
        if g.dataset == DATASET and g.channel == channel and g.purpose == purpose != "" and not g.suspended
        and g.begins <= now < g.until and (not g.versions or WHAT.version in g.versions)
    ]  # fmt: skip
    assert decision.allowed == bool(fits)
    assert not decision.allowed or decision.grant in {g.id for g in fits}
