"""What a state says of the grant (授权), carried out by plugin `govcn_grant`. ADAPTER.

Without that plugin the state is kept and nobody gets data by it. The grant decides who gets data, here and later: one
that was ended or suspended on its own page stays so, whatever the application does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import ckan.plugins as p
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.access import rules
from ckanext.govcn.application import cases
from ckanext.govcn.application.machine import table
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
        _change(application, after, actor, reason)


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
        grant = giving.give(package, application.applicant_id, decision["user_id"], said, told=True)
        application.grant_id = grant.id
    except GrantError as error:
        raise tk.ValidationError({error.field: [say(error.message, error.message_en)]}) from error


def extend(application: Application) -> None:
    """Move the grant's end to the application's, in the caller's transaction, in the name of whoever agreed to renew.
    Raises ValidationError when the grant refuses: one that is suspended or over is not extended."""
    if not application.grant_id or not p.plugin_loaded("govcn_grant"):
        return
    from ckanext.govcn.grant import giving
    from ckanext.govcn.grant.exceptions import GrantError

    decision = next(row for row in reversed(cases.history(application.id)) if row["event"] == "approve_renewal")
    reason = decision["reason"] or f"续期 {application.id}"
    try:
        giving.extend(application.grant_id, decision["user_id"], application.use_until, reason)
    except GrantError as error:
        raise tk.ValidationError({error.field: [say(error.message, error.message_en)]}) from error


def holds(grant: Any) -> bool:
    """Whether an application that is suspended made the grant's suspension: only the application lifts it, by its own
    rule of who may."""
    found = model.Session.get(Application, grant.reference) if grant.reference else None
    return (
        found is not None
        and found.grant_id == grant.id
        and table().states[found.state].grant == SUSPENDED
        and found.grant_suspended_at == grant.suspended_at
    )


def state_of(application: Application) -> str:
    """The state of the grant; empty where there is none."""
    if not application.grant_id or not p.plugin_loaded("govcn_grant"):
        return ""
    found = _grant(application)
    return found.state(datetime.now(UTC)).value if found is not None else ""


def _grant(application: Application) -> Any:
    from ckanext.govcn.grant import model as grants

    return grants.find(model.Session, application.grant_id)


def _change(application: Application, after: State, actor: Asker, reason: str) -> None:
    """A suspension made on the grant's own page is not the application's to lift: it is known by its time."""
    data = {"id": application.grant_id, "reason": reason or after.zh}
    grant, state = _grant(application), state_of(application)
    if after.grant == SUSPENDED and state in _ALIVE:
        tk.get_action("govcn_grant_suspend")(_as(actor.user_id), data)
        application.grant_suspended_at = grant.suspended_at
    elif after.grant == ACTIVE:
        if state == "suspended" and grant.suspended_at == application.grant_suspended_at:
            tk.get_action("govcn_grant_resume")(_as(actor.user_id), data)
        application.grant_suspended_at = None
    elif not after.grant and state in (*_ALIVE, "suspended"):
        tk.get_action("govcn_grant_end")(_as(actor.user_id), data)


def _as(user_id: str) -> Any:
    """The person whose step it is. Whether they might take it was asked of the application's own table."""
    user = model.User.get(user_id)
    context = {"user": user.name if user else "", "auth_user_obj": user, "ignore_auth": True}
    return context | {"defer_commit": True, "govcn_told": True}  # the application tells of its steps itself
