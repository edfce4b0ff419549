"""Who may do what with departments: only the bureau confirms them and decides on proposals."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.bureau import is_bureau, user_of


def _bureau_only(context: Any) -> dict[str, Any]:
    if is_bureau(user_of(context)):
        return {"success": True}
    return {
        "success": False,
        "msg": say("只有数据主管部门可以办理，请联系数据主管部门", "Only the bureau may do this; please ask it"),
    }


def govcn_department_confirm(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    return _bureau_only(context)


def govcn_provider_proposal_list(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    return _bureau_only(context)


def govcn_provider_proposal_decide(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    return _bureau_only(context)


@tk.chained_auth_function
def organization_create(next_auth: Any, context: Any, data_dict: Any) -> Any:
    """The bureau founds departments."""
    return {"success": True} if is_bureau(user_of(context)) else next_auth(context, data_dict)


@tk.chained_auth_function
def organization_update(next_auth: Any, context: Any, data_dict: Any) -> Any:
    """The bureau renames departments."""
    return {"success": True} if is_bureau(user_of(context)) else next_auth(context, data_dict)


@tk.auth_allow_anonymous_access
def govcn_department_list(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Departments are public: the portal lists them."""
    return {"success": True}
