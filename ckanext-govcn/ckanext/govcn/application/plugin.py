"""Plugin `govcn_application`: 有条件开放数据申请. Wiring only."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.govcn.application import action, auth, cli, grants, helpers, model, views
from ckanext.govcn.grant import holds
from ckanext.govcn.wiring import named

__all__ = ["GovcnApplicationPlugin", "model"]
PREFIX = "govcn_application_"


@tk.blanket.config_declarations
class GovcnApplicationPlugin(p.SingletonPlugin):
    """Applications for conditional data: tables, actions, pages, command."""

    p.implements(p.IConfigurer)
    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IBlueprint)
    p.implements(p.ITemplateHelpers)
    p.implements(p.IClick)

    def update_config(self, config: Any) -> None:
        tk.add_template_directory(config, "templates")
        holds.register("application", grants.holds)

    def get_actions(self) -> dict[str, Any]:
        return named(action, PREFIX)

    def get_auth_functions(self) -> dict[str, Any]:
        return named(auth, PREFIX)

    def get_blueprint(self) -> list[Any]:
        return [views.applications]

    def get_helpers(self) -> dict[str, Any]:
        return named(helpers, PREFIX)

    def get_commands(self) -> list[Any]:
        return [cli.application]
