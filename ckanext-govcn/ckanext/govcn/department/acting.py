"""A person who asks for cases that go from one to another: for which departments, and for the bureau. ADAPTER.

A system administrator is nobody here by being one.
"""

from __future__ import annotations

from dataclasses import dataclass

from ckan import model

from ckanext.govcn.department import bureau

EDITORS = frozenset({"admin", "editor"})


@dataclass(frozen=True, slots=True)
class Reader:
    """`departments` are ids of organizations of which the person is an editor."""

    user_id: str
    departments: tuple[str, ...]
    bureau: bool


def reader_of(user: model.User) -> Reader:
    """The person, as cases see them."""
    acts_for_bureau = bool(bureau.capacities(user, bureau.organizations()) & EDITORS)
    return Reader(user.id, tuple(bureau.organizations_of(user, EDITORS)), acts_for_bureau)


def name_of(user_id: str | None) -> str:
    """The name of who took a step, for those who deal with it; empty when there is nobody of this id."""
    user = model.User.get(user_id) if user_id else None
    return user.fullname or user.name if user is not None else ""
