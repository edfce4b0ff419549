"""Who may ask for an editorial step. Which step is allowed in which state, and by whom, is in `states`."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.bureau import is_bureau, user_of


def _concerned(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Those who have any role towards the entry; others do not learn that it exists."""
    from ckanext.govcn.editorial.action import roles_of

    user, package = user_of(context), model.Package.get(data_dict.get("id") or "")
    try:
        tk.check_access("package_show", tk.fresh_context(context), {"id": data_dict.get("id") or ""})
    except (tk.NotAuthorized, tk.ObjectNotFound) as hidden:
        raise tk.ObjectNotFound(say("没有这个数据集", "There is no such dataset")) from hidden
    if user is not None and package is not None and roles_of(user, package):
        return {"success": True}
    return {
        "success": False,
        "msg": say("您不是这个数据集的编目或审核人员", "You neither edit nor review this dataset"),
    }


def govcn_submit(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    return _concerned(context, data_dict)


def govcn_approve(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    return _concerned(context, data_dict)


def govcn_return(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    return _concerned(context, data_dict)


def govcn_withdraw(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    return _concerned(context, data_dict)


def govcn_restore(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    return _concerned(context, data_dict)


def govcn_editorial_log(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    return _concerned(context, data_dict)


def govcn_editorial_list(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Reviewers of any department, and the bureau."""
    from ckanext.govcn.editorial import model as records

    user = user_of(context)
    if user is not None and (is_bureau(user) or records.reviewed_organizations(model.Session, user.id)):
        return {"success": True}
    return {"success": False, "msg": say("您不是审核人员", "You are no reviewer")}
