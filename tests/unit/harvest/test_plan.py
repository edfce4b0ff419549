"""Field-by-field differences, kept resource ids, and the rule that an entry never moves by itself."""

from __future__ import annotations

from ckanext.govcn.catalog.entry import CatalogEntry, Item, Resource
from contracts.run_contract import Row, entry_of

from harvesters.entry_json import from_json, to_json
from harvesters.plan import FieldChange, Judged, Known, Seen, differences, matched_resources, plan_batch


def test_differences_name_the_field_with_old_and_new() -> None:
    old, new = entry_of(Row("1", "甲")), entry_of(Row("1", "乙"))
    assert differences(old, new) == (FieldChange("title", "甲", "乙"),)


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


def test_an_entry_never_moves_to_another_department_by_a_harvest() -> None:
    row = Row("1", "停车场", provider="示例市公安局")
    known = {"1": Known("old", "package", owner="jiaotong")}
    plan = plan_batch([row], known, Seen(), lambda _: Judged(entry_of(row), owner="gongan"), lambda _: {})
    ((trouble,),) = plan.refused
    assert (trouble.rule, trouble.field, trouble.given) == ("H01", "provider", "示例市公安局")
    assert not plan.changed
    assert not plan.added


def test_an_unchanged_record_is_not_even_read() -> None:
    row = Row("1", "停车场")

    def never(_: object) -> Judged:
        raise AssertionError("an unchanged record was read")

    plan = plan_batch([row], {"1": Known(row.hash, "package")}, Seen(), never, lambda _: {})
    assert plan.unchanged == {"1": row.hash}


def test_a_record_that_differs_only_in_what_we_do_not_keep_is_unchanged() -> None:
    row = Row("1", "停车场")
    plan = plan_batch(
        [row], {"1": Known("old", "package")}, Seen(), lambda _: Judged(entry_of(row)), lambda _: {"1": entry_of(row)}
    )
    assert plan.unchanged == {"1": row.hash}
