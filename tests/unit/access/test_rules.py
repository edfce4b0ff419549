"""The decision table of levels, row by row, and what must hold for every combination."""

import itertools

import pytest
from ckanext.govcn.access import rules
from ckanext.govcn.access.rules import What, Who
from hypothesis import given
from hypothesis import strategies as st

OWNER, OTHER = "owner-org", "other-org"

PERSONS = {
    "anonymous": Who(),
    "stranger": Who(user_id="s"),
    "department": Who(user_id="d", organizations=frozenset({OTHER}), department=True),
    "unconfirmed": Who(user_id="u", organizations=frozenset({"self-made"})),
    "editor": Who(user_id="e", organizations=frozenset({OWNER}), department=True),
    "bureau": Who(user_id="b", organizations=frozenset({"bureau"}), department=True, bureau=True),
    "sysadmin": Who(user_id="a", sysadmin=True),
}
ALL = frozenset(PERSONS)
INSIDE = {"editor", "bureau", "sysadmin"}
LOGGED_IN = ALL - {"anonymous"}


def published(**fields: str) -> What:
    return What(owner=OWNER, status="published", **fields)


# what → who sees the entry, who gets the data
TABLE = {
    "无条件": (published(open_type="unconditional", access_mode="anonymous"), ALL, ALL),
    "无条件, 未写获取方式": (published(open_type="unconditional"), ALL, ALL),
    "登录": (published(open_type="unconditional", access_mode="login"), ALL, LOGGED_IN),
    "有条件": (published(open_type="conditional"), ALL, {"editor"}),
    "有条件, 写了获取方式": (published(open_type="conditional", access_mode="anonymous"), ALL, {"editor"}),
    "不予, 无条件共享": (
        published(open_type="none", share_type="1"), {"department", "editor", "bureau", "sysadmin"}, {"editor"}),
    "不予, 有条件共享": (
        published(open_type="none", share_type="2"), {"department", "editor", "bureau", "sysadmin"}, {"editor"}),
    "不予, 不予共享": (published(open_type="none", share_type="3"), INSIDE, {"editor"}),
    "不予, 未写共享": (published(open_type="none"), INSIDE, {"editor"}),
    "不予, 共享未知": (published(open_type="none", share_type="9"), INSIDE, {"editor"}),
    "待核定": (published(), INSIDE, {"editor", "bureau"}),
    "未知开放属性": (published(open_type="部分"), INSIDE, {"editor", "bureau"}),
    "未知获取方式": (published(open_type="unconditional", access_mode="vip"), INSIDE, {"editor", "bureau"}),
    "草稿": (What(OWNER, "unconditional", "anonymous", status="draft"), INSIDE,
             {"editor", "bureau"}),
    "待审核": (What(OWNER, "unconditional", "anonymous", status="bureau_review"), INSIDE,
               {"editor", "bureau"}),
    "已下架": (What(OWNER, "unconditional", "anonymous", status="withdrawn"), INSIDE,
               {"editor", "bureau"}),
    "无状态": (What(OWNER, "unconditional", "anonymous"), INSIDE, {"editor", "bureau"}),
    "已删除": (What(OWNER, "unconditional", "anonymous", status="published", active=False), {"editor", "sysadmin"},
               {"editor"}),
}


@pytest.mark.parametrize("name", TABLE)
def test_entry_is_seen_by_exactly(name):
    what, sees, _gets = TABLE[name]
    assert {p for p, who in PERSONS.items() if rules.may_see_entry(who, what)} == set(sees)


@pytest.mark.parametrize("name", TABLE)
def test_data_is_given_to_exactly(name):
    what, _sees, gets = TABLE[name]
    assert {p for p, who in PERSONS.items() if rules.may_get_data(who, what).allowed} == set(gets)


VALUES = {
    "owner": ["", OWNER],
    "open_type": ["", "unconditional", "conditional", "none", "公开", "UNCONDITIONAL"],
    "access_mode": ["", "anonymous", "login", "x"],
    "share_type": ["", "1", "2", "3", "x"],
    "status": ["", "draft", "department_review", "bureau_review", "published", "withdrawn", "x"],
    "active": [True, False],
}


def every_what():
    for values in itertools.product(*VALUES.values()):
        yield What(**dict(zip(VALUES, values, strict=True)))


def test_the_public_gets_data_only_of_published_unconditional():
    for what in every_what():
        if rules.may_get_data(Who(), what).allowed:
            assert what.active
            assert (what.status, what.open_type) == ("published", "unconditional")
            assert what.access_mode in ("", "anonymous")


def test_whoever_gets_the_data_sees_the_entry():
    for what in every_what():
        for who in PERSONS.values():
            if rules.may_get_data(who, what).allowed:
                assert rules.may_see_entry(who, what), (who, what)


def test_being_administrator_never_adds_data():
    for what in every_what():
        for who in PERSONS.values():
            if who.user_id:
                raised = Who(who.user_id, who.organizations, who.department, who.bureau, sysadmin=True)
                assert rules.may_get_data(raised, what) == rules.may_get_data(who, what)


def test_nobody_sees_nothing_by_an_empty_label_list():
    for what in every_what():
        assert rules.labels_for(what)


def test_an_empty_owner_is_nobodys_organization():
    who = Who(user_id="x", organizations=frozenset({""}))
    assert not rules.may_get_data(who, What(open_type="conditional", status="published")).allowed
    assert not rules.may_see_entry(who, What(open_type="none", status="published"))


def test_an_anonymous_visitor_holds_one_label_whatever_else_is_claimed():
    assert rules.labels_of(Who(organizations=frozenset({OWNER}), department=True, bureau=True)) == ["public"]


words = st.text(alphabet="abnou 无条件开放", max_size=8)
known = st.sampled_from(["unconditional", "conditional", "none", "anonymous", "login", "published", "1", "2"])
anything = st.one_of(known, st.none(), words, st.integers(), st.lists(known, max_size=2), st.booleans())


@given(st.dictionaries(st.sampled_from(["open_type", "access_mode", "share_type", "catalog_status"]), anything))
def test_wild_fields_never_open(fields):
    what = What.from_fields(fields, owner=OWNER, state="active")
    if rules.may_get_data(Who(), what).allowed:
        assert fields["open_type"] == "unconditional"
        assert fields["catalog_status"] == "published"


def test_every_refusal_says_why_in_both_languages():
    for what in every_what():
        for who in PERSONS.values():
            decision = rules.may_get_data(who, what)
            assert decision.code
            assert decision.reason
            assert decision.reason_en
