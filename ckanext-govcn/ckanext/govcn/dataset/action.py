"""Actions of the dataset's schema: check, code assignment, code tables; and what CKAN's bulk actions may not do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.catalog import codes
from ckanext.govcn.catalog.exceptions import UnknownTableError
from ckanext.govcn.catalog.text import normalize
from ckanext.govcn.dataset import checking, lifecycle
from ckanext.govcn.dataset.language import say

MAX_CHOICES = 50


@tk.side_effect_free
def govcn_dataset_check(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """All problems of a stored dataset (`id`), or of a dataset dict that is not saved (without `id`).

    `profile`: guide (default) or portal. Each problem has rule, field, form_field, given, severity, message,
    message_en; `refused` says whether it could be published as it is.
    """
    tk.check_access("govcn_dataset_check", context, data_dict)
    profile = data_dict.get("profile") or "guide"
    if profile not in ("guide", "portal"):
        raise tk.ValidationError({"profile": [say("请填 guide 或 portal", "Please give guide or portal")]})
    dataset = data_dict
    if data_dict.get("id"):
        dataset = tk.get_action("package_show")(tk.fresh_context(context), {"id": data_dict["id"]})
    try:
        problems = checking.problems_of(dataset, profile)
    except (AttributeError, KeyError, TypeError, ValueError) as unreadable:
        message = say(
            "数据集的结构不对，请对照 API 说明", "The dataset's shape is wrong; please compare the API's description"
        )
        raise tk.ValidationError({"message": [message]}) from unreadable
    return {
        "refused": any(problem.severity == "refuse" for problem in problems),
        "held": any(problem.severity == "hold" for problem in problems),
        "problems": [asdict(problem) | {"form_field": checking.form_field(problem)} for problem in problems],
    }


def govcn_code_assign(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Hang dataset `id` under `categories`: new codes are made, the old ones become related codes."""
    tk.check_access("govcn_code_assign", context, data_dict)
    identifier, categories = tk.get_or_bust(data_dict, ["id", "categories"])
    dataset = tk.get_action("package_patch")(tk.fresh_context(context), {"id": identifier, "categories": categories})
    return {key: dataset.get(key) for key in ("id", "codes", "code_provisional", "related_codes")}


@tk.side_effect_free
def govcn_code_table(context: Any, data_dict: dict[str, Any]) -> list[dict[str, str]]:
    """The codes in force of code table `table`, with labels in Chinese and English."""
    tk.check_access("govcn_code_table", context, data_dict)
    table = _table(data_dict)
    return [{"code": code, "label": table.label(code), "label_en": table.label_en(code)} for code in table.codes]


@tk.side_effect_free
def govcn_code_lookup(context: Any, data_dict: dict[str, Any]) -> list[dict[str, str]]:
    """Codes of `table` whose code begins with `q` or whose label holds it, at most 50: `value` and `label`."""
    tk.check_access("govcn_code_lookup", context, data_dict)
    table, word = _table(data_dict), normalize(str(data_dict.get("q") or "")[:50])
    if not word:
        return []
    found = (code for code in table.codes if code.startswith(word) or word in normalize(table.label(code)))
    return [
        {"value": code, "label": f"{code} {say(table.label(code), table.label_en(code))}"}
        for _, code in zip(range(MAX_CHOICES), found, strict=False)
    ]


def _table(data_dict: dict[str, Any]) -> codes.CodeTable:
    name = tk.get_or_bust(data_dict, "table")
    try:
        return codes.table(str(name))
    except UnknownTableError as unknown:
        raise tk.ObjectNotFound(say(unknown.message, unknown.message_en)) from unknown


@tk.chained_action
def bulk_update_private(next_action: Any, context: Any, data_dict: dict[str, Any]) -> Any:
    """Refused: `private` follows from 编目状态 and 开放属性."""
    _refuse_bulk(context, data_dict, "bulk_update_private")


@tk.chained_action
def bulk_update_public(next_action: Any, context: Any, data_dict: dict[str, Any]) -> Any:
    """Refused: `private` follows from 编目状态 and 开放属性."""
    _refuse_bulk(context, data_dict, "bulk_update_public")


@tk.chained_action
def package_create(next_action: Any, context: Any, data_dict: dict[str, Any]) -> Any:
    """Only datasets of the schema: a type of one's own would escape every rule, `private` and the reviews."""
    kind = data_dict.get("type") or "dataset"
    if kind not in tk.h.scheming_dataset_schemas():
        message = say("只能新建数据集（type: dataset）", "Only datasets can be made (type: dataset)")
        raise tk.ValidationError({"type": [message]})
    data_dict["type"] = kind
    return next_action(context, data_dict)


@tk.chained_action
def package_delete(next_action: Any, context: Any, data_dict: dict[str, Any]) -> Any:
    """A person withdraws a published dataset; CKAN's delete would lose groups and let its name be taken."""
    package = model.Package.get(data_dict.get("id") or "")
    if package is not None and lifecycle.is_kept(package) and not context.get("ignore_auth"):
        tk.check_access("package_delete", context, data_dict)
        raise tk.ValidationError({"state": [say(*lifecycle.KEPT)]})
    return next_action(context, data_dict)


@tk.chained_action
def package_owner_org_update(next_action: Any, context: Any, data_dict: dict[str, Any]) -> Any:
    """Moving a dataset to another department is an edit like any other: it goes through the schema's rules."""
    if context.get("defer_commit"):  # CKAN's own step within package_create and package_update
        return next_action(context, data_dict)
    tk.check_access("package_owner_org_update", context, data_dict)
    identifier, owner = tk.get_or_bust(data_dict, ["id", "organization_id"])
    tk.get_action("package_patch")(tk.fresh_context(context), {"id": identifier, "owner_org": owner})
    return None


def _refuse_bulk(context: Any, data_dict: dict[str, Any], action: str) -> None:
    tk.check_access(action, context, data_dict)
    model.Session.rollback()
    raise tk.ValidationError(
        {
            "private": [
                say(
                    "是否公开由编目状态和开放属性决定，请提交审核、下架或修改开放属性",
                    "What is public follows from the catalogue status and the opening; submit, withdraw or change them",
                )
            ]
        }
    )
