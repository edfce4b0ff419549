"""The organizations and accounts of the demo, from `config/demo/setup/`. Running it again changes nothing."""

# pyright: basic
from __future__ import annotations

import os
import secrets
from typing import Any

import ckan.plugins.toolkit as tk
import yaml
from ckan import model
from ckanext.govcn.catalog.entry import Provider
from ckanext.govcn.department import model as departments

from harvesters.configured import config_folder
from harvesters.portal import internal_context, site_user

PASSWORD_VARIABLE = "GOVCN_TEST_PASSWORD"  # noqa: S105  (a name, not a password)
"""Browser tests set it so that they know the password; otherwise each account gets a random one."""


def _setup(name: str) -> Any:
    return yaml.safe_load((config_folder() / "demo" / "setup" / f"{name}.yaml").read_text("utf-8"))


def load_departments() -> int:
    """Make and confirm the demo's departments; returns how many were new."""
    directory = departments.directory(model.Session)
    made = 0
    for given in _setup("departments")["departments"]:
        known = directory.find(Provider(given["title"], given["region_code"]))
        if known is None:
            group_id = tk.get_action("organization_create")(internal_context(), dict(given))["id"]
            departments.confirm(model.Session, group_id, site_user())
            made += 1
    model.Session.commit()
    return made


def load_settings() -> None:
    """Fill in the notice and footer of the demo where the operator has set nothing."""
    missing = {key: value for key, value in _setup("portal").items() if not tk.config.get(key)}
    if missing:
        tk.get_action("config_option_update")(internal_context(), missing)


def load_users() -> list[dict[str, str]]:
    """Make the demo's accounts that do not exist yet; name, role and password of each new one."""
    directory = departments.directory(model.Session)
    made: list[dict[str, str]] = []
    for given in _setup("users")["users"]:
        if model.User.get(given["name"]):
            continue
        password = os.environ.get(PASSWORD_VARIABLE) or secrets.token_urlsafe(12)
        account = {"name": given["name"], "fullname": given["fullname"], "email": given["email"], "password": password}
        tk.get_action("user_create")(internal_context(), account)
        if "department" in given:
            department = directory.find(Provider(given["department"], given["region_code"]))
            if department is None:
                raise LookupError(given["department"])
            member = {"id": department.id, "username": given["name"], "role": given["role"]}
            tk.get_action("organization_member_create")(internal_context(), member)
        made.append({"name": given["name"], "password": password, "role": given["fullname"]})
    return made
