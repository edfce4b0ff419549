"""What a state says of the grant (授权), carried out by the actions of plugin `govcn_grant`. ADAPTER.

Without that plugin the state is kept and nobody gets data by it. The grant decides who gets data, here and later: one
that was suspended or ended on its own page stays so.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.application import cases
from ckanext.govcn.application.machine import Asker, State
from ckanext.govcn.application.model import Application

ACTIVE, SUSPENDED = "active", "suspended"
_ALIVE = ("pending", "in_force")


def follow(application: Application, before: State, after: State, actor: Asker, reason: str) -> None:
    """Give, suspend, resume or end the grant when the step changed what the applicant has, in the caller's transaction.

    Raises ValidationError, with the transaction undone, when the grant refuses.
    """
    if before.grant == after.grant or not p.plugin_loaded("govcn_grant"):
        return
    if not before.grant and after.grant == ACTIVE:
        _give(application)
    elif application.grant_id:
        _change(application.grant_id, after, actor, reason)


def _give(application: Application) -> None:
    """The decision is that of whoever agreed; the applicant's acceptance only lets it begin."""
    decision = next(row for row in reversed(cases.history(application.id)) if row["event"] == "approve")
    given = tk.get_action("govcn_grant_give")(
        _as(decision["user_id"]),
        {
            "package_id": application.dataset_id,
            "user": application.applicant_id,
            "purpose": application.purpose,
            "until": application.use_until.isoformat() if application.use_until else "",
            "reason": decision["reason"] or f"《公共数据开放利用协议》{application.agreement_sha256}",
            "reference": application.id,
        },
    )
    application.grant_id = given["id"]


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
