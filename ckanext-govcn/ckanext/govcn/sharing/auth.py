"""The ledger is for clerks of departments and of the bureau; which requests, and which step, is asked of each
(cases.py, states.yaml). A system administrator is no exception."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context, DataDict

from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.bureau import user_of
from ckanext.govcn.sharing import cases


def _clerk(context: Context) -> AuthResult:
    user = user_of(context)
    if user is not None and cases.reader_of(user).clerk:
        return {"success": True}
    said = (
        "共享申请台账只供部门和数据主管部门的经办人使用",
        "The ledger of sharing is for clerks of departments and the bureau",
    )
    return {"success": False, "msg": say(*said)}


@tk.auth_sysadmins_check
def govcn_sharing_create(context: Context, data_dict: DataDict) -> AuthResult:
    return _clerk(context)


@tk.auth_sysadmins_check
def govcn_sharing_update(context: Context, data_dict: DataDict) -> AuthResult:
    return _clerk(context)


@tk.auth_sysadmins_check
def govcn_sharing_act(context: Context, data_dict: DataDict) -> AuthResult:
    return _clerk(context)


@tk.auth_sysadmins_check
def govcn_sharing_show(context: Context, data_dict: DataDict) -> AuthResult:
    return _clerk(context)


@tk.auth_sysadmins_check
def govcn_sharing_list(context: Context, data_dict: DataDict) -> AuthResult:
    return _clerk(context)


@tk.auth_sysadmins_check
def govcn_sharing_import(context: Context, data_dict: DataDict) -> AuthResult:
    return _clerk(context)
