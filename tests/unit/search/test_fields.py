"""Dataset dict → Solr document."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ckanext.govcn.search import fields
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SCHEMA = Path(__file__).parents[3] / "config/solr/conf/schema.xml"


def package(**dataset: Any) -> dict[str, Any]:
    """What CKAN's indexer hands over."""
    return {
        "id": "1",
        "index_id": "1",
        "site_id": "default",
        "title": dataset.get("title", ""),
        "validated_data_dict": json.dumps(dataset),
        "data_dict": "{}",
    }


def declared() -> set[str]:
    return set(re.findall(r'<field name="(\w+)"', SCHEMA.read_text(encoding="utf-8")))


def test_four_hundred_items_are_searched_one_by_one() -> None:
    items = [{"name": f"数据项{number}", "description": "说明" * 500} for number in range(400)]
    document = fields.document(package(title="人口", items=items))
    assert len(document["items"]) == 400
    several = ("items", "item_names", "validated_data_dict")
    longest = max(len(str(value).encode()) for key, value in document.items() if key not in several)
    assert longest < 32_766


def test_nothing_outside_the_allow_list_is_indexed() -> None:
    given_package = package(title="人口", secret="x") | {"extras_secret": "x" * 40_000, "extras": {"a": 1}}
    document = fields.document(given_package)
    assert "secret" not in document
    assert "extras_secret" not in document
    assert set(document) <= declared()


def test_ckans_own_json_is_handed_through_unchanged() -> None:
    given_package = package(title="人口\x08")
    assert fields.document(given_package)["validated_data_dict"] == given_package["validated_data_dict"]


def test_codes_are_values_of_their_own_and_bring_their_labels() -> None:
    names = {("theme", "traffic"): "交通运输", ("region", "330000"): "浙江省", ("region", "330100"): "杭州市"}
    document = fields.document(
        package(title="公交", theme=["traffic", "other"], region_codes='["330106"]'), lambda *key: names.get(key)
    )
    assert document["theme"] == ["traffic", "other"]
    assert document["labels"] == ["交通运输", "浙江省", "杭州市"]
    assert document["region_path"] == ["330000", "330100", "330106"]


def test_pinyin_of_title_and_provider() -> None:
    document = fields.document(package(title="空气质量", organization={"title": "市环保局"}, provider_unit="监测站"))
    assert document["title_pinyin"] == "kong qi zhi liang"
    assert document["title_initials"] == "k q z l"
    assert document["provider_initials"] == ["s h b j", "j c z"]


@pytest.mark.parametrize(
    ("given_date", "expected"),
    [("2020-02-29", "2020-02-29T00:00:00Z"), ("2020-02-30", None), ("2020", None), (None, None), (5, None)],
)
def test_only_real_dates_are_sent(given_date: Any, expected: str | None) -> None:
    assert fields.document(package(title="x", pub_date=given_date)).get("pub_date") == expected


def test_what_a_series_and_a_gap_count_by_is_indexed() -> None:
    document = fields.document(package(title="西湖区2021年停车场信息", incomplete=["notes", "theme"]))
    assert document["series"] == "停车场信息"
    assert document["incomplete_count"] == 2


KEYS = [*fields.SINGLE_CODES, *fields.MULTIPLE_CODES, *fields.DATES, "title", "items", "organization", "record_count"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(KEYS), json_values, max_size=5))
def test_any_dataset_becomes_a_flat_document(dataset: dict[str, Any]) -> None:
    document = fields.entry_fields(dataset)
    assert set(document) <= declared()
    for value in document.values():
        assert isinstance(value, (str, int)) or all(isinstance(item, str) for item in value)
