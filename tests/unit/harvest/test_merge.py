"""三方合并: what only one side changed is taken, what both changed is asked."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from ckanext.govcn.catalog.entry import CatalogEntry, Item, Resource
from contracts.run_contract import Row, entry_of
from hypothesis import given
from hypothesis import strategies as st

from harvesters.merge import PLATFORM, ROWS, Choice, kept, merge, width

BASE = replace(
    entry_of(Row("1", "停车场")),
    tags=("停车", "泊位"),
    resources=(Resource("https://a.example/1.csv", "一", "csv"), Resource("https://a.example/2", "二", remote_id="2")),
)
OPEN, CLOSED = {"open_type": "unconditional", "access_mode": "anonymous"}, {"open_type": "none", "access_mode": ""}
LOGIN = {"open_type": "unconditional", "access_mode": "login"}
CONDITIONAL = {"open_type": "conditional", "access_mode": ""}
UNDECIDED = {"open_type": "", "access_mode": ""}

entries = st.builds(
    lambda title, notes, theme, tags, level, items: replace(
        BASE, title=title, notes=notes, theme=theme, tags=tags, items=items, **level
    ),
    st.sampled_from(["甲", "乙", "丙"]),
    st.sampled_from(["", "摘要", "另一个摘要"]),
    st.sampled_from([("1",), ("1", "6"), ()]),
    st.sampled_from([("停车",), ("泊位", "停车"), ("停车", "泊位")]),
    st.sampled_from([OPEN, LOGIN, CONDITIONAL, CLOSED, UNDECIDED]),
    st.lists(
        st.builds(Item, st.sampled_from(["名称", "地址", "数量"]), description=st.sampled_from(["", "说明"])),
        max_size=3,
        unique_by=lambda item: item.name,
    ).map(tuple),
)


@given(old=entries, new=entries)
def test_without_edits_the_source_decides(old: CatalogEntry, new: CatalogEntry) -> None:
    merged = merge(old, old, new)
    assert kept(merged.entry) == kept(new)
    assert not merged.conflicts


@given(old=entries, theirs=entries)
def test_without_news_nothing_of_a_persons_is_touched(old: CatalogEntry, theirs: CatalogEntry) -> None:
    merged = merge(old, theirs, old)
    assert kept(merged.entry) == kept(theirs)
    assert merged.fields == ()


@given(old=entries, theirs=entries, new=entries)
def test_every_field_has_the_value_of_the_side_that_changed_it(
    old: CatalogEntry, theirs: CatalogEntry, new: CatalogEntry
) -> None:
    merged = merge(old, theirs, new)
    was, now, comes, result = (kept(each) for each in (old, theirs, new, merged.entry))
    by_field = {each.field: each for each in merged.fields}
    for name in (each.name for each in fields(CatalogEntry)):
        if name in PLATFORM or name in ROWS or name in ("open_type", "access_mode"):
            continue
        before, present, after, value = (getattr(each, name) for each in (was, now, comes, result))
        assert value in (present, after)
        assert (name in by_field) == (before != after)
        if before == after:
            assert value == present
        if present == before:
            assert value == after
        if name in by_field:
            assert by_field[name].conflict == (present not in (before, after))


@given(old=entries, theirs=entries, new=entries)
def test_merging_never_opens_beyond_what_either_side_says(
    old: CatalogEntry, theirs: CatalogEntry, new: CatalogEntry
) -> None:
    merged = merge(old, theirs, new)
    assert width(merged.entry) <= max(width(theirs), width(new))
    if width(new) < width(theirs) and width(new) != width(old):
        assert width(merged.entry) == width(new)


@given(old=entries, theirs=entries, new=entries, chosen=st.sampled_from(["theirs", "new"]))
def test_a_decision_ends_every_conflict(
    old: CatalogEntry, theirs: CatalogEntry, new: CatalogEntry, chosen: Any
) -> None:
    assert not merge(old, theirs, new, lambda _: chosen).conflicts


def edited(**values: Any) -> CatalogEntry:
    return replace(BASE, **values)


def test_both_changed_is_shown_with_all_three_and_chosen() -> None:
    theirs, new = edited(title="人工"), edited(title="来源")
    (change,) = merge(BASE, theirs, new).fields
    assert (change.field, change.old, change.theirs, change.new, change.conflict) == (
        "title",
        "停车场",
        "人工",
        "来源",
        True,
    )
    assert merge(BASE, theirs, new, lambda _: "theirs").entry.title == "人工"
    assert merge(BASE, theirs, new, lambda _: "new").entry.title == "来源"


def test_both_changed_to_the_same_is_no_conflict() -> None:
    assert not merge(BASE, edited(title="新名"), edited(title="新名")).conflicts


def test_items_are_merged_by_name() -> None:
    one, two = BASE.items
    theirs = edited(items=(replace(one, description="人工说明"), two, Item("人工项")))
    new = edited(items=(one, replace(two, length="99"), Item("来源项")))
    merged = merge(BASE, theirs, new)
    assert not merged.conflicts
    assert [each.name for each in merged.entry.items] == ["数据项0", "数据项1", "来源项", "人工项"]
    assert (merged.entry.items[0].description, merged.entry.items[1].length) == ("人工说明", "99")
    assert merge(
        BASE, edited(items=(replace(one, length="7"), two)), edited(items=(replace(one, length="8"), two))
    ).conflicts


def test_an_item_that_a_person_took_away_stays_away() -> None:
    one, two = BASE.items
    merged = merge(BASE, edited(items=(one,)), edited(items=(replace(one, length="9"), two)))
    assert [each.name for each in merged.entry.items] == ["数据项0"]
    assert not merged.conflicts


def test_resources_are_merged_by_the_sources_id_or_the_address() -> None:
    one, two = BASE.resources
    theirs = edited(resources=(one, replace(two, name="人工名")))
    new = edited(resources=(replace(one, format="xlsx"), replace(two, url="https://a.example/3")))
    merged = merge(BASE, theirs, new)
    assert not merged.conflicts
    assert [(each.name, each.url) for each in merged.entry.resources] == [
        ("一", "https://a.example/1.csv"),
        ("人工名", "https://a.example/3"),
    ]


ROUTE = "https://portal.example/dataset/d/resource/r/download"


def readdressed(resource: Resource) -> Resource:
    """As `present` gives a resource of which a person replaced the address."""
    return replace(resource, url=ROUTE, remote_id=resource.remote_id or resource.url)


def test_an_address_of_a_persons_own_stays_while_the_source_keeps_its_own() -> None:
    one, two = BASE.resources
    theirs = edited(resources=(readdressed(one), two))
    merged = merge(BASE, theirs, edited(resources=(replace(one, name="新名"), two)))
    assert not merged.conflicts
    assert [(each.url, each.name, each.remote_id) for each in merged.entry.resources] == [
        (ROUTE, "新名", ""),
        (two.url, "二", "2"),
    ]


@pytest.mark.parametrize(("choice", "url"), [
    (None, ROUTE), ("theirs", ROUTE), ("new", "https://a.example/new.csv"),
])  # fmt: skip
@pytest.mark.parametrize("place", [0, 1])
def test_the_sources_new_address_over_a_persons_own_is_a_conflict(place: int, choice: Choice | None, url: str) -> None:
    came = list(BASE.resources)
    came[place] = replace(came[place], url="https://a.example/new.csv")
    theirs = list(BASE.resources)
    theirs[place] = readdressed(theirs[place])
    merged = merge(BASE, edited(resources=tuple(theirs)), edited(resources=tuple(came)), lambda _field: choice)
    assert merged.conflicts is (choice is None)
    assert [each.url for each in merged.entry.resources] == [
        url if at == place else each.url for at, each in enumerate(BASE.resources)
    ]


def test_a_new_address_of_the_source_leaves_a_persons_name_on_it() -> None:
    one, two = BASE.resources
    new = edited(resources=(replace(one, url="https://a.example/new.csv"), two))
    merged = merge(BASE, edited(resources=(replace(one, name="人工名"), two)), new)
    assert not merged.conflicts
    assert [(each.url, each.name) for each in merged.entry.resources] == [
        ("https://a.example/new.csv", "人工名"),
        (two.url, "二"),
    ]


@pytest.mark.parametrize(("theirs", "new", "taken", "conflict"), [
    (OPEN, CLOSED, CLOSED, False),
    (CONDITIONAL, CLOSED, CLOSED, False),
    (LOGIN, CONDITIONAL, CONDITIONAL, False),
    (CLOSED, CONDITIONAL, CLOSED, True),
    (CONDITIONAL, LOGIN, CONDITIONAL, True),
])  # fmt: skip
def test_the_level_is_one_value_and_narrowing_is_no_conflict(
    theirs: dict[str, str], new: dict[str, str], taken: dict[str, str], conflict: bool
) -> None:
    merged = merge(BASE, edited(**theirs), edited(**new))
    assert (merged.entry.open_type, merged.entry.access_mode) == tuple(taken.values())
    assert merged.conflicts is conflict


def test_a_higher_grade_closes_what_a_person_had_opened() -> None:
    old, theirs = edited(**CLOSED), edited(**CONDITIONAL)
    assert merge(old, theirs, replace(old, security_level="core")).entry.open_type == "none"


def test_blanks_and_the_order_of_tags_are_no_edit() -> None:
    theirs = edited(title=" 停车场 ", tags=("泊位", "停车"))
    assert merge(BASE, theirs, edited(title="新名")).fields[0].conflict is False
