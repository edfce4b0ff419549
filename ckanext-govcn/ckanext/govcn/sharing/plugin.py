"""Plugin `govcn_sharing`: 共享申请台账. Wiring only; while the switch is off there is nothing but the tables, and
commands that say so."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.govcn.sharing import action, auth, cli, helpers, model, switch, views
from ckanext.govcn.wiring import named

__all__ = ["GovcnSharingPlugin", "model"]
PREFIX = "govcn_sharing_"


@tk.blanket.config_declarations
class GovcnSharingPlugin(p.SingletonPlugin):
    """Requests for sharing between departments: tables, actions, pages, commands."""

    p.implements(p.IConfigurer)
    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IBlueprint)
    p.implements(p.ITemplateHelpers)
    p.implements(p.IClick)

    def update_config(self, config: Any) -> None:
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "govcn_sharing")

    def get_actions(self) -> dict[str, Any]:
        return named(action, PREFIX) if switch.is_on() else {}

    def get_auth_functions(self) -> dict[str, Any]:
        return named(auth, PREFIX) if switch.is_on() else {}

    def get_blueprint(self) -> list[Any]:
        return [views.sharing] if switch.is_on() else []

    def get_helpers(self) -> dict[str, Any]:
        return named(helpers, PREFIX)

    def get_commands(self) -> list[Any]:
        return [cli.sharing]
