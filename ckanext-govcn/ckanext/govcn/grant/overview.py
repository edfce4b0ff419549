"""有条件开放 data and who uses it, for a department and for the bureau. ADAPTER."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import ckan.plugins as p
import sqlalchemy as sa
from ckan import model

from ckanext.govcn.access import people, rules
from ckanext.govcn.grant import limits, offered, usage
from ckanext.govcn.grant.model import Grant
from ckanext.govcn.grant.states import State
from ckanext.govcn.sample import model as samples

DAYS = 30
OVER = (State.EXPIRED, State.ENDED)


def conditional(owners: Collection[str] | None, now: datetime, limit: int, offset: int) -> dict[str, Any]:
    """Published 有条件开放 datasets of these departments (ids; None: of all), by title; see the action."""
    package, extras = model.Package, model.Package.extras
    where = [
        extras["open_type"].astext == rules.CONDITIONAL,
        extras["catalog_status"].astext == rules.PUBLISHED,
        people.visible_to(people.ANONYMOUS),
    ]
    if owners is not None:
        where.append(package.owner_org.in_(owners))
    count = model.Session.scalar(sa.select(sa.func.count()).select_from(package).where(*where)) or 0
    query = sa.select(package).where(*where).order_by(package.title, package.id).limit(limit).offset(offset)
    found = list(model.Session.scalars(query))
    ids = [each.id for each in found]
    grants, applications, sampled = _grants(ids), _applications(ids), samples.existing(ids)
    since = limits.midnight(now) - timedelta(days=DAYS - 1)
    used = Counter[str]()
    for each in usage.by_day(model.Session, [grant.id for of in grants.values() for grant in of], since):
        used[each.grant_id] += each.uses
    names = _names([grant.user_id for of in grants.values() for grant in of])
    return {
        "count": count,
        "results": [
            _dataset(each, now, grants[each.id], used, names)
            | {"applications": dict(applications[each.id]), "lacking": _lacking(each, sampled)}
            for each in found
        ],
    }


def _dataset(
    package: model.Package, now: datetime, grants: list[Grant], used: Counter[str], names: dict[str, str]
) -> dict[str, Any]:
    owner = model.Group.get(package.owner_org) if package.owner_org else None
    return {
        "id": package.id,
        "name": package.name,
        "title": package.title,
        "department": owner.title if owner is not None else "",
        "undelivered": offered.undelivered(package.id),
        "grants": dict(Counter(grant.state(now).value for grant in grants)),
        "users": [
            {
                "grant": grant.id,
                "user": names.get(grant.user_id, ""),
                "purpose": grant.purpose,
                "state": grant.state(now).value,
                "until": grant.until.isoformat(),
                "deliveries": list(grant.deliveries or ()),
                "fields": list(grant.fields or ()),
                "uses": used[grant.id],
            }
            for grant in grants
            if grant.state(now) not in OVER
        ],
    }


def _lacking(package: model.Package, sampled: Collection[str]) -> list[str]:
    """What an applicant would look for in vain on the page."""
    stored = package.extras or {}
    lacking = [name for name in ("open_condition", "contact_phone") if not str(stored.get(name) or "").strip()]
    if not any(resource.state == "active" for resource in package.resources):
        lacking.append("files")
    return lacking if package.id in sampled else [*lacking, "sample"]


def _grants(package_ids: Collection[str]) -> dict[str, list[Grant]]:
    found: dict[str, list[Grant]] = {package_id: [] for package_id in package_ids}
    query = sa.select(Grant).where(Grant.package_id.in_(package_ids)).order_by(Grant.given_at.desc(), Grant.id)
    for grant in model.Session.scalars(query):
        found[grant.package_id].append(grant)
    return found


def _applications(package_ids: Collection[str]) -> dict[str, Counter[str]]:
    """How many applications there are in each state; a draft is its applicant's alone."""
    found: dict[str, Counter[str]] = {package_id: Counter() for package_id in package_ids}
    if not p.plugin_loaded("govcn_application"):
        return found
    from ckanext.govcn.application.model import Application

    query = (
        sa.select(Application.dataset_id, Application.state, sa.func.count())
        .where(Application.dataset_id.in_(package_ids), Application.submitted_at.is_not(None))
        .group_by(Application.dataset_id, Application.state)
    )
    for package_id, state, count in model.Session.execute(query):
        found[package_id][state] = count
    return found


def _names(user_ids: Collection[str]) -> dict[str, str]:
    users = model.user_table
    query = sa.select(users.c.id, users.c.name).where(users.c.id.in_(user_ids))
    return {row[0]: row[1] for row in model.Session.execute(query)}
