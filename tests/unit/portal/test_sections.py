"""The dataset page follows the schema: its sections, its labels, its code tables."""

from __future__ import annotations

from importlib import resources

import yaml
from ckanext.govcn.portal.sections import sections_of

SCHEMA = {
    "sections": [
        {"name": "basic", "label": {"zh_Hans_CN": "基本信息", "en": "Basic"}},
        {"name": "opening", "label": {"zh_Hans_CN": "开放"}},
        {"name": "resources", "label": {"zh_Hans_CN": "挂接资源"}},
    ],
    "dataset_fields": [
        {"field_name": "title", "section": "basic", "label": "名称"},
        {"field_name": "theme", "section": "basic", "label": "领域", "code_table": "theme"},
        {"field_name": "open_condition", "section": "opening", "label": "开放条件"},
        {"field_name": "catalog_status", "label": "编目状态", "code_table": "catalog_status"},
    ],
}


def test_fields_stand_in_their_section_in_order() -> None:
    sections = sections_of(SCHEMA)
    assert [(section.key, [fact.name for fact in section.facts]) for section in sections] == [
        ("basic", ["theme"]),
        ("opening", ["open_condition"]),
    ]
    assert sections[0].facts[0].kind == "code"
    assert sections[0].facts[0].table == "theme"


def test_what_belongs_to_no_section_is_not_shown() -> None:
    assert "catalog_status" not in {fact.name for section in sections_of(SCHEMA) for fact in section.facts}


def test_an_empty_schema_has_no_sections() -> None:
    assert sections_of({}) == ()


def test_the_schema_of_the_project_has_the_guides_sections() -> None:
    text = resources.files("ckanext.govcn.dataset").joinpath("dataset.yaml").read_text("utf-8")
    sections = sections_of(yaml.safe_load(text))
    assert [section.label["zh_Hans_CN"] for section in sections] == [  # type: ignore[index]
        "基本信息", "分类", "分级", "提供方", "格式", "共享", "开放",
    ]  # fmt: skip
