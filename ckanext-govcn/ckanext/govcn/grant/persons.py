"""Who a person is towards a grant, and whose grants one looks after."""

from __future__ import annotations

from ckan import model
from ckan.types import Context

from ckanext.govcn.access import people
from ckanext.govcn.access.rules import Who
from ckanext.govcn.department.bureau import capacities, organizations_of, user_of
from ckanext.govcn.grant.states import Role
from ckanext.govcn.office.model import Office, office_of

CLERKS = frozenset({"admin", "editor"})


def roles(user: model.User | None, package: model.Package | None, grantee: str) -> frozenset[Role]:
    """The person's roles. A dataset without an owner, or one that is gone, has no provider."""
    if user is None or user.state != "active":
        return frozenset()
    who, held = people.who_is(user), set[Role]()
    if who.user_id == grantee:
        held.add(Role.GRANTEE)
    if package is not None and package.owner_org and CLERKS & capacities(user, [package.owner_org]):
        held.add(Role.PROVIDER)
    if who.bureau:
        held.add(Role.BUREAU)
    if who.sysadmin:
        held.add(Role.OPERATOR)
    if office_of(user) is Office.SECURITY:
        held.add(Role.SECURITY)
    return frozenset(held)


def asking(context: Context) -> tuple[model.User | None, Who]:
    """The account that asks, and the person."""
    user = user_of(context)
    return user, people.who_is(user)


def owners(user: model.User | None, who: Who) -> list[str] | None:
    """Ids of the departments whose grants the person looks after; None: of all (the bureau, operators,
    the security officer)."""
    if who.bureau or who.sysadmin or office_of(user) is Office.SECURITY:
        return None
    return organizations_of(user, CLERKS) if user else []
