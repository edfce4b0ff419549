"""Notices are for whoever is logged in; the actions give everybody his own."""

from __future__ import annotations

from ckan.types import AuthResult, Context, DataDict

from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.bureau import logged_in


def _logged_in(context: Context, data_dict: DataDict) -> AuthResult:
    return logged_in(context, say("请先登录再查看消息", "Please log in to read notices"))


def govcn_notice_list(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context, data_dict)


def govcn_notice_mark_read(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context, data_dict)


def govcn_notice_preferences_show(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context, data_dict)


def govcn_notice_preferences_update(context: Context, data_dict: DataDict) -> AuthResult:
    return _logged_in(context, data_dict)
