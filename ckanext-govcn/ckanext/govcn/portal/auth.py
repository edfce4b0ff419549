"""Who may see what visitors looked for. ADAPTER."""

from __future__ import annotations

from ckan.types import AuthResult, Context, DataDict

from ckanext.govcn.department.bureau import is_bureau, user_of


def govcn_missed_query_list(context: Context, data_dict: DataDict) -> AuthResult:
    """The data bureau, which answers for what is opened next."""
    del data_dict
    if is_bureau(user_of(context)):
        return {"success": True}
    return {"success": False, "msg": "仅数据主管部门可以查看 (for the data bureau only)"}
