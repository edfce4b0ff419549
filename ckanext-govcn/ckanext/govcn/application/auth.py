"""Applications are for whoever is logged in; which of them, and which step, is asked of each (cases.py, machine.py).
The list of decisions is for everybody."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context, DataDict

from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.bureau import logged_in


def _logged_in(context: Context, data_dict: DataDict) -> AuthResult:
    return logged_in(context, say("请先登录再办理申请", "Please log in for applications"))


def govcn_application_create(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context, data_dict)


def govcn_application_update(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context, data_dict)


def govcn_application_submit(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context, data_dict)


def govcn_application_act(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context, data_dict)


def govcn_application_show(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context, data_dict)


def govcn_application_paper_show(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context, data_dict)


def govcn_application_file_create(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context, data_dict)


def govcn_application_file_delete(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context, data_dict)


def govcn_application_list(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context, data_dict)


@tk.auth_allow_anonymous_access
def govcn_application_decision_list(context: Context, data_dict: DataDict) -> AuthResult:
    return {"success": True}


@tk.auth_allow_anonymous_access
def govcn_application_transparency_show(context: Context, data_dict: DataDict) -> AuthResult:
    return {"success": True}


def govcn_application_statistics_show(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context, data_dict)
