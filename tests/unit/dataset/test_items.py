"""数据项: order, shape and what is refused."""

import json

import pytest
from ckanext.govcn.dataset.items import FLAG_COLUMNS, TEXT_COLUMNS, ItemsError, items_from
from hypothesis import given
from hypothesis import strategies as st

words = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=8)
rows = st.lists(
    st.fixed_dictionaries(
        {"name": words},
        optional=dict.fromkeys(TEXT_COLUMNS[1:], words)
        | dict.fromkeys(FLAG_COLUMNS, st.booleans())
        | {"data_type": st.sampled_from("CNDI"), "share_type": st.sampled_from("123"), "open_type": st.just("none")},
    ),
    max_size=40,
)


@given(rows)
def test_rows_come_out_as_they_went_in(given_rows: list[dict[str, object]]) -> None:
    assert items_from(given_rows) == given_rows
    assert items_from(json.dumps(given_rows, ensure_ascii=False)) == given_rows


def test_three_hundred_items_keep_their_order() -> None:
    names = [f"字段{n}" for n in range(300)]
    assert [row["name"] for row in items_from([{"name": name} for name in names])] == names


def test_empty_rows_and_cells_are_dropped() -> None:
    assert items_from([{"name": ""}, {"name": " 名 称 ", "length": None, "nullable": ""}]) == [{"name": "名 称"}]
    assert items_from(None) == items_from("") == items_from("[]") == []


def test_names_become_codes_and_unknown_words_stay() -> None:
    read = items_from([{"name": "a", "data_type": "字符型C", "length": "20", "share_type": "有条件共享"}])
    assert read == [{"name": "a", "data_type": "C", "length": "20", "share_type": "2"}]
    assert items_from([{"name": "a", "data_type": "varchar(18)"}]) == [{"name": "a", "data_type": "C", "length": "18"}]
    assert items_from([{"name": "a", "data_type": "随便"}]) == [{"name": "a", "data_type": "随便"}]


@pytest.mark.parametrize(("word", "flag"), [("是", True), ("Y", True), ("否", False), ("×", False), (1, True)])
def test_flags_are_read_from_words(word: object, flag: bool) -> None:
    assert items_from([{"name": "a", "primary_key": word}]) == [{"name": "a", "primary_key": flag}]


@pytest.mark.parametrize(
    "value",
    ["{", '{"name": 1}', "7", [3], [{"name": "a", "nmae": "b"}], [{"name": "a", "nullable": "也许"}],
     [{"name": "x" * 2001}], [{"name": "x"}] * 2001],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_two_languages(value: object) -> None:
    with pytest.raises(ItemsError) as refused:
        items_from(value)
    assert all(refused.value.sentence)
