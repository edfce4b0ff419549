"""Who may ask for checks, codes and code tables."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk


def govcn_dataset_check(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Those who may edit the dataset; a dict that is no dataset yet: those who may create one."""
    action = "package_update" if data_dict.get("id") else "package_create"
    try:
        tk.check_access(action, context, data_dict)
    except tk.NotAuthorized as refusal:
        return {"success": False, "msg": refusal.message or ""}
    return {"success": True}


def govcn_code_assign(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Those who may edit the dataset."""
    return govcn_dataset_check(context, data_dict)


@tk.auth_allow_anonymous_access
def govcn_code_lookup(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Code tables are public."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def govcn_code_table(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Code tables are public."""
    return {"success": True}
