"""Field-by-field differences, kept resource ids, and the rule that an entry never moves by itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ckanext.govcn.catalog.entry import CatalogEntry, Item, Resource
from contracts.run_contract import Row, entry_of

from harvesters.entry_json import from_json, to_json
from harvesters.plan import Different, FieldChange, Judged, Known, Seen, change_of, matched_resources, plan_batch


@dataclass
class Held:
    """The entries last harvested; nobody has edited them."""

    last: dict[str, CatalogEntry] = field(default_factory=dict[str, CatalogEntry])

    def last_entries(self, remote_ids: Collection[str]) -> Mapping[str, CatalogEntry]:
        return {key: entry for key, entry in self.last.items() if key in remote_ids}

    def present(self, remote_ids: Collection[str]) -> Mapping[str, CatalogEntry]:
        return {}


def differences(old: CatalogEntry, new: CatalogEntry) -> tuple[FieldChange, ...]:
    return change_of(Different("1", "h", Judged(new), Known("was", "p")), old).fields


def test_differences_name_the_field_with_old_and_new() -> None:
    old, new = entry_of(Row("1", "甲")), entry_of(Row("1", "乙"))
    assert differences(old, new) == (FieldChange("title", "甲", "乙", theirs="甲"),)


def test_what_never_reaches_the_dataset_is_no_difference() -> None:
    assert differences(CatalogEntry(unread={"共享方式": "？"}), CatalogEntry(secrecy="否")) == ()


def test_an_entry_survives_being_kept_as_json() -> None:
    entry = CatalogEntry(
        title="停车场",
        theme=("6", "5"),
        items=(Item("名称", primary_key=False),),
        resources=(Resource("a.csv", size=3),),
    )
    assert from_json(to_json(entry)) == entry
    assert to_json(CatalogEntry()) == {}


def test_three_hundred_items_keep_their_order_as_json() -> None:
    entry = entry_of(Row("1", "宽表", items=300))
    assert [each.name for each in from_json(to_json(entry)).items] == [f"数据项{number}" for number in range(300)]


def test_resources_keep_their_ids_by_remote_id_then_url_then_position() -> None:
    old = [Resource("a", remote_id="1"), Resource("b"), Resource("c")]
    new = [Resource("new", remote_id="9"), Resource("c"), Resource("a2", remote_id="1"), Resource("d")]
    assert matched_resources(old, ["ID1", "IDB", "IDC"], new) == [None, "IDC", "ID1", None]
    assert matched_resources(old[1:], ["IDB", "IDC"], [Resource("b2"), Resource("c")]) == ["IDB", "IDC"]


def test_an_entry_that_moves_to_another_department_is_a_change_that_says_so() -> None:
    row = Row("1", "停车场", provider="示例市公安局")
    known = {"1": Known("old", "package", owner="jiaotong")}
    plan = plan_batch([row], known, Seen(), lambda _: Judged(entry_of(row), owner="gongan"), Held())
    (change,) = plan.changed
    assert (change.moves, plan.refused, plan.added) == (True, [], [])
    pending = {"1": Known("old", "package", owner="")}
    plan = plan_batch([row], pending, Seen(), lambda _: Judged(entry_of(row), owner="gongan"), Held())
    assert not plan.changed[0].moves


def test_an_unchanged_record_is_not_even_read() -> None:
    row = Row("1", "停车场")

    def never(_: object) -> Judged:
        raise AssertionError("an unchanged record was read")

    plan = plan_batch([row], {"1": Known(row.hash, "package")}, Seen(), never, Held())
    assert plan.unchanged == {"1": row.hash}


def test_a_record_that_differs_only_in_what_we_do_not_keep_is_unchanged() -> None:
    row = Row("1", "停车场")
    plan = plan_batch(
        [row], {"1": Known("old", "package")}, Seen(), lambda _: Judged(entry_of(row)), Held({"1": entry_of(row)})
    )
    assert plan.unchanged == {"1": row.hash}
