"""Plugin `govcn_grant`: 授权 of 有条件开放 data. Wiring only."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.govcn.grant import action, auth, views
from ckanext.govcn.grant import model as tables
from ckanext.govcn.wiring import named

__all__ = ["GovcnGrantPlugin", "tables"]
PREFIX = "govcn_grant_"


@tk.blanket.config_declarations
class GovcnGrantPlugin(p.SingletonPlugin):
    """授权: tables, actions, the page 我的授权."""

    p.implements(p.IConfigurer)
    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IBlueprint)

    def update_config(self, config: Any) -> None:
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "govcn_grant")

    def get_actions(self) -> dict[str, Any]:
        return named(action, PREFIX)

    def get_auth_functions(self) -> dict[str, Any]:
        return named(auth, PREFIX)

    def get_blueprint(self) -> list[Any]:
        return [views.grants]
