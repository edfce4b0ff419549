"""From CKAN's users and datasets to the `Who` and `What` of the rules, and the rules as one SQL condition.

Membership is read from the tables at every question: CKAN's own list of a user's organizations counts every
organization as a system administrator's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import flask
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.govcn.access import rules
from ckanext.govcn.access.rules import Grant, What, Who

ANONYMOUS = Who()
KEY_PREFIX = "govcn-key-"
"""How an access key of a grant begins: it is told from CKAN's tokens by it."""

LONGEST_PREFIX = 20
BUREAU_ROLES = ("admin", "editor")
_ASKED = "govcn.access_key"


def confirmed_departments(organization_ids: set[str]) -> set[str]:
    """Those of the organizations that the bureau confirmed as departments; none where plugin `govcn` is off."""
    if not p.plugin_loaded("govcn"):
        return set()
    from ckanext.govcn.department import model as department

    return department.confirmed(organization_ids)


def bureau_names() -> list[str]:
    """URL names of the organizations that are 数据主管部门 (`ckanext.govcn.bureau`)."""
    return str(tk.config.get("ckanext.govcn.bureau") or "").split()


def _memberships(user_id: str) -> list[tuple[str, str, str]]:
    query = (
        sa.select(model.Group.id, model.Group.name, model.Member.capacity)
        .join(model.Member, model.Member.group_id == model.Group.id)
        .where(
            model.Member.table_name == "user",
            model.Member.table_id == user_id,
            model.Member.state == "active",
            model.Group.state == "active",
            model.Group.is_organization.is_(True),
        )
    )
    return [tuple(row) for row in model.Session.execute(query)]


def who_is(user: Any) -> Who:
    """The person behind CKAN's user object (None, anonymous and inactive users are the public)."""
    if not user or getattr(user, "is_anonymous", False) or getattr(user, "state", "") != "active":
        return ANONYMOUS
    rows = _memberships(user.id)
    organizations = {row[0] for row in rows}
    bureau = {row[1] for row in rows if row[2] in BUREAU_ROLES}
    return Who(
        user_id=user.id,
        organizations=frozenset(organizations),
        department=bool(organizations and confirmed_departments(organizations)),
        bureau=not bureau.isdisjoint(bureau_names()),
        sysadmin=bool(user.sysadmin),
    )


def with_grants(who: Who, dataset: str) -> Who:
    """The person with the grants held for a dataset. Only for surfaces through which a grant delivers: those that
    account for what they give."""
    if not who.user_id or not p.plugin_loaded("govcn_grant"):
        return who
    from ckanext.govcn.grant import model as grants

    return replace(who, grants=grants.held(model.Session, who.user_id, dataset))


def presented_key() -> str:
    """The access key that this request shows, or an empty text."""
    scheme, _blank, presented = flask.request.headers.get("Authorization", "").partition(" ")
    return presented.strip() if scheme.lower() == "bearer" and presented.startswith(KEY_PREFIX) else ""


def presented_prefix() -> str:
    """What tells that key from others, and says nothing of its secret; empty without one."""
    return presented_key().removeprefix(KEY_PREFIX).partition("-")[0][:LONGEST_PREFIX]


def asking_by_key() -> tuple[Who, Grant] | None:
    """Whom the key of this request speaks for; None without a valid one. It is looked up once a request."""
    environ = flask.request.environ
    if _ASKED not in environ:
        presented = presented_key()
        environ[_ASKED] = by_key(presented) if presented else None
    return environ[_ASKED]


def by_key(presented: str) -> tuple[Who, Grant] | None:
    """Whom an access key speaks for, and for which grant alone: no membership comes with it. None: no valid key."""
    if not p.plugin_loaded("govcn_grant"):
        return None
    from ckanext.govcn.grant import keys

    found = keys.holder(model.Session, presented, datetime.now(UTC))
    if found is None:
        return None
    user, grant = found
    active = model.User.get(user)
    return (Who(user_id=user, grants=(grant,)), grant) if active is not None and active.state == "active" else None


def as_of_now(who: Who) -> Who:
    """The person read again, with the grants as they were; the public where the account is no longer active."""
    user = model.Session.get(model.User, who.user_id, populate_existing=True) if who.user_id else None
    now = who_is(user)
    if not now.user_id or presented_key():  # no membership comes with a key
        return who if now.user_id else ANONYMOUS
    return replace(now, grants=who.grants)


def without_grant(who: Who, grant: str) -> Who:
    """The person as if this grant were not held."""
    return replace(who, grants=tuple(held for held in who.grants if held.id != grant))


def asking(context: Context) -> Who:
    """The person who asks, from an action's context."""
    user = context.get("auth_user_obj")
    if user is None and context.get("user"):
        user = model.User.get(context["user"])
    return who_is(user)


def trusted(context: Context) -> bool:
    """Whether the caller is the platform itself (`ignore_auth`) and not a person."""
    return bool(context.get("ignore_auth"))


def sees_everything(context: Context) -> bool:
    """Entries are not hidden from the platform itself and from system administrators."""
    return trusted(context) or asking(context).sysadmin


def what_of(package: model.Package) -> What:
    """What of a stored dataset decides. A dataset marked private is never of the public's levels."""
    what = What.from_fields(package.extras or {}, package.owner_org, package.state)
    if package.private and rules.level_of(what) in ("open", "login", "conditional"):
        return What(owner=what.owner, active=what.active)
    return replace(what, dataset=package.id)


def manages_accounts(context: Context) -> bool:
    """Whether the person names members of an organization (its admin), or is of the bureau, or an administrator."""
    if sees_everything(context):
        return True
    who = asking(context)
    return who.bureau or any(row[2] == "admin" for row in _memberships(who.user_id))


def _field(name: str) -> sa.ColumnElement[str]:
    return sa.func.coalesce(model.Package.extras[name].astext, "")


def visible_to(who: Who) -> sa.ColumnElement[bool]:
    """`rules.may_see_entry` as a condition on `package`; tests hold the two together for every combination."""
    active = model.Package.state == "active"
    if who.sysadmin:
        return active
    published = _field("catalog_status") == rules.PUBLISHED
    unconditional = sa.and_(
        _field("open_type") == rules.UNCONDITIONAL, _field("access_mode").in_(["", rules.ANONYMOUS, rules.LOGIN])
    )
    conditional = _field("open_type") == rules.CONDITIONAL
    public = sa.and_(published, sa.or_(unconditional, conditional), model.Package.private.is_(False))
    if not who.user_id:
        return sa.and_(active, public)
    ways = [public, model.Package.owner_org.in_(who.organizations)]
    none = sa.and_(published, _field("open_type") == rules.NONE)
    if who.department:
        ways.append(sa.and_(none, _field("share_type").in_(rules.SHARED_WITH_DEPARTMENTS)))
    if who.bureau:
        ways.append(sa.true())
    return sa.and_(active, sa.or_(*ways))


def visible_ids(who: Who, ids: set[str]) -> set[str]:
    """Those of the dataset ids (or names) that the person may see now, whatever an index still says."""
    if not ids:
        return set()
    package = model.Package
    query = sa.select(package.id, package.name).where(
        sa.or_(package.id.in_(ids), package.name.in_(ids)), visible_to(who)
    )
    return {value for row in model.Session.execute(query) for value in row if value in ids}


def own_inactive_ids(who: Who, ids: set[str]) -> set[str]:
    """Those of the ids that are drafts or deleted datasets of the person's own organizations, or their own drafts."""
    if not ids or not who.user_id:
        return set()
    package = model.Package
    own = sa.or_(package.owner_org.in_(who.organizations), package.creator_user_id == who.user_id)
    return set(model.Session.scalars(sa.select(package.id).where(package.id.in_(ids), package.state != "active", own)))
