"""Requests are for whoever is logged in; which of them, and which step, is asked of each (cases.py, the tables). The
public list is for everybody."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context, DataDict

from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.bureau import logged_in


def _logged_in(context: Context) -> AuthResult:
    message = "请先登录再提出需求或报告错误", "Please log in to ask for data or to report an error"
    return logged_in(context, say(*message))


def govcn_request_create(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context)


def govcn_request_update(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context)


def govcn_request_act(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context)


def govcn_request_show(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context)


def govcn_request_list(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context)


def govcn_request_support(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context)


@tk.auth_allow_anonymous_access
def govcn_request_public_list(context: Context, data_dict: DataDict) -> AuthResult:
    return {"success": True}
