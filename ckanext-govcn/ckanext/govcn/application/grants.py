"""What a state says of the grant (授权), carried out by plugin `govcn_grant`. ADAPTER.

Without that plugin the state is kept and nobody gets data by it. The grant decides who gets data, here and later: one
that was ended on its own page, or suspended there while the application is in use, stays so.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.access import rules
from ckanext.govcn.application import cases
from ckanext.govcn.application.model import Application
from ckanext.govcn.dataset.language import say
from ckanext.govcn.workflow.machine import Asker
from ckanext.govcn.workflow.table import State

ACTIVE, SUSPENDED = "active", "suspended"
_ALIVE = ("pending", "in_force")


def follow(application: Application, before: State, after: State, actor: Asker, reason: str) -> None:
    """Give, suspend, resume or end the grant when the step changed what the applicant has, in the caller's transaction,
    which the caller undoes on any error. Raises ValidationError when the grant refuses.
    """
    if before.grant == after.grant or not p.plugin_loaded("govcn_grant"):
        return
    if not before.grant and after.grant == ACTIVE:
        _give(application)
    elif application.grant_id:
        _change(application.grant_id, after, actor, reason)


def _give(application: Application) -> None:
    """The decision is that of whoever agreed; the applicant's acceptance only lets it begin. It stands when the account
    of whoever agreed is no longer in use."""
    from ckanext.govcn.grant import giving  # its table is there with its plugin only
    from ckanext.govcn.grant.exceptions import GrantError

    package = model.Package.get(application.dataset_id)
    if package is None:
        gone = say("数据集已不存在，无法签署协议。", "The dataset is gone; its agreement cannot be signed.")
        raise tk.ValidationError({"dataset_id": [gone]})
    decision = next(row for row in reversed(cases.history(application.id)) if row["event"] == "approve")
    said = {
        "channel": rules.OPENING,
        "purpose": application.purpose,
        "until": application.use_until,
        "reason": decision["reason"] or f"《公共数据开放利用协议》{application.agreement_sha256}",
        "reference": application.id,
        **application.limits,
    }
    try:
        application.grant_id = giving.give(package, application.applicant_id, decision["user_id"], said).id
    except GrantError as error:
        raise tk.ValidationError({error.field: [say(error.message, error.message_en)]}) from error


def _change(grant_id: str, after: State, actor: Asker, reason: str) -> None:
    data = {"id": grant_id, "reason": reason or after.zh}
    state = tk.get_action("govcn_grant_show")(_as(actor.user_id), {"id": grant_id})["state"]
    if after.grant == SUSPENDED and state in _ALIVE:
        tk.get_action("govcn_grant_suspend")(_as(actor.user_id), data)
    elif after.grant == ACTIVE and state == "suspended":
        tk.get_action("govcn_grant_resume")(_as(actor.user_id), data)
    elif not after.grant and state in (*_ALIVE, "suspended"):
        tk.get_action("govcn_grant_end")(_as(actor.user_id), data)


def _as(user_id: str) -> Any:
    """The person whose step it is. Whether they might take it was asked of the application's own table."""
    user = model.User.get(user_id)
    return {"user": user.name if user else "", "auth_user_obj": user, "ignore_auth": True, "defer_commit": True}
