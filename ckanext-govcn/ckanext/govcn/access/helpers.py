"""Template helpers: may this visitor get the data, and where does it really come from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.govcn.access import addresses, auth, files, people, rules, vault


def govcn_data_decision(package: dict[str, Any]) -> dict[str, Any]:
    """The decision on a dataset's data for the visitor of this page: `allowed`, `code`, `reason`, `log_in`."""
    stored = model.Package.get(package.get("id") or "")
    decision = rules.NOT_PUBLISHED
    if stored is not None:
        decision = _decision(stored)
    return {
        "allowed": decision.allowed,
        "code": decision.code,
        "reason": auth.sentence(decision),
        "log_in": decision.log_in,
    }


def _decision(package: model.Package) -> rules.Decision:
    """What the download route will say; for a grant that names versions, of any that the dataset delivers now."""
    who, what = people.with_grants(people.who_is(tk.current_user), package.id), people.what_of(package)
    now, decisions = datetime.now(UTC), list[rules.Decision]()
    for version in files.versions_of(package.id) if who.grants else ("",):
        asked = replace(what, version=version)
        purpose = rules.purpose_in_force(who, asked, rules.OPENING, now)
        decisions.append(rules.may_get_data(who, asked, rules.OPENING, purpose, now))
    return next((decision for decision in decisions if decision.allowed), decisions[0])


def govcn_source_url(resource: dict[str, Any]) -> str:
    """What the address field of the form shows: a file by its name, a link by its address for whoever gets the data.

    Anybody else who may edit (a system administrator) sees the portal's own route; sending it back changes nothing.
    """
    shown = str(resource.get("url") or "")
    stored = model.Resource.get(resource.get("id") or "")
    route = addresses.route_of(shown)
    if stored is None or stored.package is None or route is None:
        return shown
    if stored.url_type == vault.FILE:
        return route.filename
    who = people.who_is(tk.current_user)
    if who.user_id and rules.may_get_data(who, people.what_of(stored.package)).allowed:
        return vault.real_url(stored.id) or shown
    return shown


def govcn_content_sha256(resource: dict[str, Any]) -> str:
    """The SHA-256 of what a resource delivers, for whoever gets all of it: to others it would confirm a guess."""
    stored = model.Resource.get(resource.get("id") or "")
    if stored is None or stored.package is None:
        return ""
    decision = _decision(stored.package)
    return files.sha256_of(stored.id) if decision.allowed and not decision.fields else ""


def functions() -> dict[str, Any]:
    """Every helper of this module."""
    return {function.__name__: function for function in (govcn_data_decision, govcn_source_url, govcn_content_sha256)}
