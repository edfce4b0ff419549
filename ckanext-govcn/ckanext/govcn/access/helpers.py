"""Template helpers: may this visitor get the data, and where does it really come from."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.govcn.access import auth, people, rules, vault


def govcn_data_decision(package: dict[str, Any]) -> dict[str, Any]:
    """The decision on a dataset's data for the visitor of this page: `allowed`, `code`, `reason`, `log_in`."""
    stored = model.Package.get(package.get("id"))
    decision = rules.NOT_PUBLISHED
    if stored is not None:
        decision = rules.may_get_data(people.who_is(tk.current_user), people.what_of(stored))
    return {
        "allowed": decision.allowed,
        "code": decision.code,
        "reason": auth.sentence(decision),
        "log_in": decision.log_in,
    }


def govcn_source_url(resource: dict[str, Any]) -> str:
    """What the address field of the form shows: the real address for whoever gets the data, else what is stored."""
    stored = model.Resource.get(resource.get("id")) if resource.get("id") else None
    if stored is None or stored.package is None:
        return str(resource.get("url") or "")
    who = people.who_is(tk.current_user)
    if who.user_id and rules.may_get_data(who, people.what_of(stored.package)).allowed:
        return vault.real_url(stored.id) or str(resource.get("url") or "")
    return str(resource.get("url") or "")


def functions() -> dict[str, Any]:
    """Every helper of this module."""
    return {"govcn_data_decision": govcn_data_decision, "govcn_source_url": govcn_source_url}
