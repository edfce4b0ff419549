"""The rules in Python and the same rules as one SQL condition agree for every combination."""

from __future__ import annotations

import itertools

import pytest
import sqlalchemy as sa

pytestmark = pytest.mark.access

VALUES = {
    "open_type": ["", "unconditional", "conditional", "none", "公开"],
    "access_mode": ["", "anonymous", "login", "x"],
    "share_type": ["", "1", "2", "3", "x"],
    "catalog_status": ["", "draft", "bureau_review", "published", "withdrawn"],
}
PERSONS = {
    "anonymous": {},
    "stranger": {"user_id": "s"},
    "department": {"user_id": "d", "organizations": frozenset({"other"}), "department": True},
    "editor": {"user_id": "e", "organizations": frozenset({"owner"})},
    "bureau": {"user_id": "b", "organizations": frozenset({"bureau"}), "bureau": True},
    "sysadmin": {"user_id": "a", "sysadmin": True},
}


def test_sql_sees_what_the_rules_see(clean):
    from ckan import model
    from ckanext.govcn.access import people, rules

    packages = []
    for private, state in itertools.product([True, False], ["active", "deleted", "draft"]):
        for n, values in enumerate(itertools.product(*VALUES.values())):
            extras = {name: value for name, value in zip(VALUES, values, strict=True) if value}
            package = model.Package(name=f"p{private}-{state}-{n}".lower(), title="x", type="dataset", private=private)
            package.state, package.owner_org, package.extras = state, "owner", extras
            packages.append(package)
    model.Session.add_all(packages)
    model.Session.flush()  # never committed: the database's own guard would refuse many of these
    for name, fields in PERSONS.items():
        who = rules.Who(**fields)
        visible = set(model.Session.scalars(sa.select(model.Package.id).where(people.visible_to(who))))
        expected = {
            p.id for p in packages if p.state == "active" and rules.may_see_entry(who, people.what_of(p))
        }
        assert visible == expected, name
    model.Session.rollback()


def test_a_system_administrator_is_no_member_of_every_organization(clean):
    import access_canary as canary
    from ckan import model
    from ckan.tests import factories
    from ckanext.govcn.access import people

    admin = factories.Sysadmin()
    canary.organization(admin["name"], "owner", "示例市交通运输局", {}, confirmed=True)
    who = people.who_is(model.User.get(factories.Sysadmin()["name"]))
    assert who.sysadmin
    assert not who.organizations
    assert not who.department


def test_founding_an_organization_makes_no_department(clean):
    import access_canary as canary
    from ckan import model
    from ckan.tests import factories
    from ckanext.govcn.access import people

    user, admin = factories.User(), factories.Sysadmin()
    canary.organization(admin["name"], "selfmade", "自建组织", {user["name"]: "admin"}, confirmed=False)
    who = people.who_is(model.User.get(user["name"]))
    assert who.organizations
    assert not who.department
