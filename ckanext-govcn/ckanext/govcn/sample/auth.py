"""Who enters and removes a sample. Who reads it is asked by the action: whoever sees the entry."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import AuthResult, Context, DataDict

from ckanext.govcn.dataset.language import say
from ckanext.govcn.grant import persons
from ckanext.govcn.grant.states import Role


def _held_by(context: Context, data_dict: DataDict, allowed: frozenset[Role]) -> AuthResult:
    package = model.Package.get(str(data_dict.get("package_id") or ""))
    if allowed & persons.roles(persons.asking(context)[0], package, ""):
        return {"success": True}
    return {"success": False, "msg": say("样例数据由提供部门的编目人员维护", "Samples are the department's editors'")}


@tk.auth_allow_anonymous_access
def govcn_sample_show(_context: Context, _data_dict: DataDict) -> AuthResult:
    return {"success": True}


@tk.auth_sysadmins_check
def govcn_sample_update(context: Context, data_dict: DataDict) -> AuthResult:
    return _held_by(context, data_dict, frozenset({Role.PROVIDER}))


@tk.auth_sysadmins_check
def govcn_sample_delete(context: Context, data_dict: DataDict) -> AuthResult:
    return _held_by(context, data_dict, frozenset({Role.PROVIDER, Role.BUREAU}))
