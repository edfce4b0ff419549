"""Who may ask for a step of a grant. Which step is allowed in which state, and by whom, is in `states`.

A system administrator is asked like anybody: the role opens no data, so it gives no grant and resumes none.
"""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import AuthResult, Context, DataDict

from ckanext.govcn.dataset.language import say
from ckanext.govcn.grant import keys, persons, states
from ckanext.govcn.grant import model as grants
from ckanext.govcn.grant.states import Refusal, Role, Step


def _said(refusal: Refusal | None) -> AuthResult:
    if refusal is None:
        return {"success": True}
    return {"success": False, "msg": say(refusal.message, refusal.message_en)}


@tk.auth_sysadmins_check
def govcn_grant_give(context: Context, data_dict: DataDict) -> AuthResult:
    """Editors of the department that provides the dataset, and the bureau; never to oneself."""
    package = model.Package.get(str(data_dict.get("package_id") or ""))
    grantee = model.User.get(str(data_dict.get("user") or ""))
    held = persons.roles(persons.asking(context)[0], package, grantee.id if grantee else "")
    return _said(states.may_give(held, reason="asked by the action"))


def _roles(context: Context, grant_id: str) -> frozenset[Role]:
    grant = grants.find(model.Session, grant_id)
    if grant is None:
        return frozenset()
    return persons.roles(persons.asking(context)[0], model.Package.get(grant.package_id), grant.user_id)


def _concerned(context: Context, grant_id: str, roles: frozenset[Role]) -> AuthResult:
    return _said(None if _roles(context, grant_id) & roles else states.STRANGER)


@tk.auth_sysadmins_check
def govcn_grant_show(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever has any role towards it."""
    return _concerned(context, str(data_dict.get("id") or ""), frozenset(Role))


@tk.auth_sysadmins_check
def govcn_grant_receipt_show(context: Context, data_dict: DataDict) -> AuthResult:
    """The grantee, and those who decide."""
    return _concerned(context, str(data_dict.get("id") or ""), frozenset({Role.GRANTEE, Role.PROVIDER, Role.BUREAU}))


@tk.auth_sysadmins_check
def govcn_grant_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Everybody who is logged in: the list holds only what concerns them."""
    if persons.asking(context)[0] is not None:
        return {"success": True}
    return {"success": False, "msg": say("请先登录再查看授权", "Please log in to see grants")}


@tk.auth_sysadmins_check
def govcn_grant_dataset_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever looks after grants of others."""
    user, who = persons.asking(context)
    return _said(states.STRANGER if user is None or persons.owners(user, who) == [] else None)


@tk.auth_sysadmins_check
def govcn_grant_usage_list(context: Context, data_dict: DataDict) -> AuthResult:
    """As of the list."""
    return govcn_grant_list(context, data_dict)


@tk.auth_sysadmins_check
def govcn_grant_suspend(context: Context, data_dict: DataDict) -> AuthResult:
    return _concerned(context, str(data_dict.get("id") or ""), states.TABLE[Step.SUSPEND].roles)


@tk.auth_sysadmins_check
def govcn_grant_resume(context: Context, data_dict: DataDict) -> AuthResult:
    return _concerned(context, str(data_dict.get("id") or ""), states.TABLE[Step.RESUME].roles)


@tk.auth_sysadmins_check
def govcn_grant_end(context: Context, data_dict: DataDict) -> AuthResult:
    return _concerned(context, str(data_dict.get("id") or ""), states.TABLE[Step.END].roles)


@tk.auth_sysadmins_check
def govcn_grant_key_create(context: Context, data_dict: DataDict) -> AuthResult:
    return _concerned(context, str(data_dict.get("id") or ""), states.TABLE[Step.CREATE_KEY].roles)


@tk.auth_sysadmins_check
def govcn_grant_key_revoke(context: Context, data_dict: DataDict) -> AuthResult:
    key = keys.find(model.Session, str(data_dict.get("id") or ""))
    return _concerned(context, key.grant_id if key else "", states.TABLE[Step.REVOKE_KEY].roles)
