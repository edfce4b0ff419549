"""The auditor reads the log, and nobody else: neither the system administrator, whom it watches, nor the bureau."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context, DataDict

from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.bureau import user_of
from ckanext.govcn.office.model import Office, office_of


@tk.auth_sysadmins_check
def govcn_audit_list(context: Context, _data_dict: DataDict) -> AuthResult:
    """审计员."""
    if office_of(user_of(context)) is Office.AUDITOR:
        return {"success": True}
    message = say("只有审计员可以查看审计日志", "Only an auditor reads the audit log")
    return {"success": False, "msg": message}


@tk.auth_sysadmins_check
def govcn_audit_export(context: Context, data_dict: DataDict) -> AuthResult:
    """审计员."""
    return govcn_audit_list(context, data_dict)
