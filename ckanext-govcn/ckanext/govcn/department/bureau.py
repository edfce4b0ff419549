"""数据主管部门 (the bureau): who acts for it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import AuthResult

CAPACITIES = ("admin", "editor")


def organizations() -> list[str]:
    """URL names of the organizations that are the bureau (`ckanext.govcn.bureau`)."""
    return str(tk.config.get("ckanext.govcn.bureau") or "").split()


def user_of(context: Any) -> model.User | None:
    """The person who acts, or None for the public. A deleted or pending account acts for nobody."""
    user = context.get("auth_user_obj") or (model.User.get(context["user"]) if context.get("user") else None)
    return user if isinstance(user, model.User) and user.state == "active" else None


def logged_in(context: Any, message: str) -> AuthResult:
    """CKAN's answer of an auth function that lets in whoever is logged in; `message` asks the others to log in."""
    return {"success": True} if user_of(context) is not None else {"success": False, "msg": message}


def is_bureau(user: model.User | None) -> bool:
    """System administrators, and admins and editors of the bureau's organizations."""
    if user is None:
        return False
    return bool(user.sysadmin) or bool(capacities(user, organizations()) & set(CAPACITIES))


def capacities(user: model.User, groups: list[str]) -> set[str]:
    """The user's roles in the organizations given by id or URL name; membership of a deleted one does not count."""
    if not groups:
        return set()
    query = (
        model.Session.query(model.Member.capacity)
        .join(model.Group, model.Group.id == model.Member.group_id)
        .filter(
            model.Member.table_name == "user",
            model.Member.table_id == user.id,
            model.Member.state == "active",
            model.Group.state == "active",
            model.Group.is_organization.is_(True),
            (model.Group.name.in_(groups)) | (model.Group.id.in_(groups)),
        )
    )
    return {row[0] for row in query}


def organizations_of(user: model.User, roles: Collection[str]) -> list[str]:
    """Ids of the organizations in which the user has one of the roles."""
    query = (
        model.Session.query(model.Group.id)
        .join(model.Member, model.Member.group_id == model.Group.id)
        .filter(
            model.Member.table_name == "user",
            model.Member.table_id == user.id,
            model.Member.state == "active",
            model.Member.capacity.in_(roles),
            model.Group.state == "active",
            model.Group.is_organization.is_(True),
        )
    )
    return [row[0] for row in query]
