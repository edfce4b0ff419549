"""Departments, members and datasets for integration tests, made through the API."""

from __future__ import annotations

import itertools
from typing import Any

from ckan import model
from ckan.tests import factories
from ckan.tests.helpers import call_action

_numbers = itertools.count()


def site() -> dict[str, Any]:
    """The context of the platform itself, not of a person."""
    return {"ignore_auth": True, "user": call_action("get_site_user", {"ignore_auth": True})["name"]}


def internal() -> dict[str, Any]:
    """The context of a harvest's write."""
    return site() | {"govcn_internal": True}


def call(action: str, /, **data: Any) -> Any:
    """The action as the platform itself, where nobody's rights are asked."""
    return call_action(action, site(), **data)


def department(region: str = "330100", **more: Any) -> dict[str, Any]:
    """A department with a name of its own; nobody is its member."""
    data = {"title": f"示例局{next(_numbers)}", "region_code": region} | more
    organization = call("organization_create", **data)
    call("organization_member_delete", id=organization["id"], username=site()["user"])
    return organization


def member(organization: dict[str, Any], capacity: str = "editor") -> dict[str, Any]:
    """A user with a role in the department."""
    user = factories.User()
    call("organization_member_create", id=organization["id"], username=user["name"], role=capacity)
    return user


def acting(user: dict[str, Any]) -> dict[str, Any]:
    """The context in which the user acts, with their rights."""
    return {"user": user["name"], "ignore_auth": False, "auth_user_obj": model.User.get(user["id"])}


def create(context: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A dataset by the API; a department is made when none is given."""
    if "owner_org" not in fields:
        fields["owner_org"] = department()["id"]
    return call_action("package_create", context or site(), **({"title": "全市停车场信息"} | fields))


COMPLETE = {
    "title": "全市公共停车场信息",
    "notes": "全市公共停车场的名称、地址、泊位数和收费标准。",
    "update_cycle": "7",
    "share_type": "1",
    "share_use": "工作参考",
    "share_method_class": "1",
    "share_method": "file",
    "open_type": "unconditional",
    "security_level": "1",
    "format_class": "2",
    "formats": ["XLSX"],
    "pub_date": "2024-03-01",
    "categories": ["209"],
    "items": [{"name": "停车场名称", "data_type": "C", "length": "100"}],
}


def publish(dataset: dict[str, Any], open_type: str = "unconditional") -> dict[str, Any]:
    """The dataset as a harvest publishes it."""
    change = {"catalog_status": "published", "open_type": open_type}
    return call_action("package_patch", internal(), id=dataset["id"], **change)
