"""Who holds which office. Nothing here commits; the database's own triggers account for every change."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.govcn.office.exceptions import HoldsOffice, IsSysadmin, NoAccount

PLUGIN = "govcn_audit"


class Office(StrEnum):
    """安全管理员 narrows what is open; 审计员 reads the audit log. Neither sees data by that role."""

    SECURITY = "security"
    AUDITOR = "auditor"


LABELS = {Office.SECURITY: ("安全管理员", "a security officer"), Office.AUDITOR: ("审计员", "an auditor")}


class OfficeHolder(tk.BaseModel):
    """One row an account: nobody holds two."""

    __tablename__ = "govcn_office"

    user_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    office: Mapped[str] = mapped_column(sa.Text)
    given_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())


def office_of(user: Any) -> Office | None:
    """The office of CKAN's user object; None also for the public, accounts not in use and system administrators."""
    if not isinstance(user, model.User) or user.state != "active" or user.sysadmin or not p.plugin_loaded(PLUGIN):
        return None
    held = model.Session.get(OfficeHolder, user.id)
    return Office(held.office) if held else None


def listed() -> list[tuple[str, OfficeHolder]]:
    """Name and office of everybody who holds one."""
    users = model.user_table
    query = sa.select(users.c.name, OfficeHolder).join(users, users.c.id == OfficeHolder.user_id)
    return [(row[0], row[1]) for row in model.Session.execute(query.order_by(users.c.name))]


def give(name: str, office: Office) -> bool:
    """Give an office; False when the account holds it already. Raises OfficeError."""
    user = _account(name)
    if user.sysadmin:
        raise IsSysadmin(name=name)
    held = model.Session.get(OfficeHolder, user.id)
    if held and held.office != office:
        raise _holds(name, held)
    if held is None:
        model.Session.add(OfficeHolder(user_id=user.id, office=office.value))
    return held is None


def take(name: str) -> bool:
    """Take the office away; False when the account holds none. Raises NoAccount."""
    user = model.User.get(name)
    if user is None:
        raise NoAccount(name=name)
    held = model.Session.get(OfficeHolder, user.id)
    if held is not None:
        model.Session.delete(held)
    return held is not None


def keep_apart(name: str) -> None:
    """Raises HoldsOffice when the account may not become a system administrator."""
    user = model.User.get(name)
    held = model.Session.get(OfficeHolder, user.id) if user else None
    if held is not None:
        raise _holds(name, held)


def _account(name: str) -> model.User:
    user = model.User.get(name)
    if user is None or user.state != "active":
        raise NoAccount(name=name)
    return user


def _holds(name: str, held: OfficeHolder) -> HoldsOffice:
    office, office_en = LABELS[Office(held.office)]
    return HoldsOffice(name=name, office=office, office_en=office_en)
