"""Template helpers: choices and labels of the code tables, sections of the schema."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.govcn.catalog import codes
from ckanext.govcn.dataset import items
from ckanext.govcn.dataset.language import say


def govcn_say(chinese: str, english: str) -> str:
    """One sentence in the reader's language, for the pages of editors and reviewers."""
    return say(chinese, english)


def govcn_editorial_steps(dataset_id: str) -> list[str]:
    """The editorial steps that the present user may take with this dataset: submit, approve, return, withdraw, restore.

    `editorial/snippets/steps.html` shows them as buttons.
    """
    from ckan import model

    from ckanext.govcn.department.bureau import user_of
    from ckanext.govcn.editorial.action import steps_for

    user = user_of({"user": tk.current_user.name}) if tk.current_user.is_authenticated else None
    package = model.Package.get(dataset_id)
    return [step.value for step in steps_for(user, package)] if package else []


def govcn_code_choices(field: dict[str, Any]) -> list[dict[str, Any]]:
    """Choices of the field's code table, in the table's order, labelled in Chinese and English."""
    return _choices(field["code_table"])


def govcn_table_choices(table: str) -> list[dict[str, Any]]:
    """Choices of a code table by its name."""
    return _choices(table)


def _choices(name: str) -> list[dict[str, Any]]:
    table = codes.table(name)
    return [
        {"value": code, "label": {"zh_Hans_CN": table.label(code), "en": table.label_en(code)}} for code in table.codes
    ]


def govcn_code_label(table: str, code: str | None) -> str:
    """The label of a code in the reader's language; a code the table does not know is shown as it is."""
    if not code:
        return ""
    found = codes.table(table)
    return say(found.label(code), found.label_en(code))


def govcn_sections(object_type: str = "dataset") -> list[dict[str, Any]]:
    """The sections of the dataset schema in order, each with its fields: `name`, `label`, `fields`."""
    schema = tk.h.scheming_get_dataset_schema(object_type)
    return [
        {
            "name": section["name"],
            "label": tk.h.scheming_language_text(section["label"]),
            "fields": [field for field in schema["dataset_fields"] if field.get("section") == section["name"]],
        }
        for section in schema["sections"]
    ]


def govcn_section_start(field: dict[str, Any], object_type: str = "dataset") -> str:
    """The label of the section that begins with this field, or an empty string."""
    name = field.get("start_section")
    if not name:
        return ""
    schema = tk.h.scheming_get_dataset_schema(object_type)
    return next(tk.h.scheming_language_text(s["label"]) for s in schema["sections"] if s["name"] == name)


def govcn_item_columns() -> list[dict[str, Any]]:
    """The columns of the item grid: `name`, `label`, and `choices` where a code table or yes/no limits them."""
    yes_no = [{"value": "true", "label": say("是", "yes")}, {"value": "false", "label": say("否", "no")}]
    tables = {"data_type": "data_type", "share_type": "share_type", "open_type": "open_type"}
    return [
        {
            "name": name,
            "label": say(*_COLUMN_LABELS[name]),
            "choices": yes_no
            if name in items.FLAG_COLUMNS
            else [
                {"value": c["value"], "label": tk.h.scheming_language_text(c["label"])} for c in _choices(tables[name])
            ]
            if name in tables
            else None,
        }
        for name in _COLUMN_LABELS
    ]


_COLUMN_LABELS = {
    "name": ("信息项名称", "Name"),
    "name_en": ("英文名称", "English name"),
    "data_type": ("数据类型", "Type"),
    "length": ("数据长度", "Length"),
    "description": ("说明", "Description"),
    "primary_key": ("主键", "Key"),
    "nullable": ("可为空", "Nullable"),
    "dictionary": ("字典项", "Dictionary"),
    "share_type": ("共享类型", "Sharing"),
    "share_condition": ("共享条件", "Sharing condition"),
    "open_type": ("开放属性", "Opening"),
    "open_condition": ("开放条件", "Opening condition"),
}
