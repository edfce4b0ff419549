"""Plugin `govcn_request`: 未开放数据需求 and 校核纠错. Wiring only."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.govcn.request import action, auth, cli, helpers, model, views
from ckanext.govcn.wiring import named

__all__ = ["GovcnRequestPlugin", "model"]
PREFIX = "govcn_request_"


@tk.blanket.config_declarations
class GovcnRequestPlugin(p.SingletonPlugin):
    """Requests for data that are not open, and reports of errors: tables, actions, pages, command."""

    p.implements(p.IConfigurer)
    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IBlueprint)
    p.implements(p.ITemplateHelpers)
    p.implements(p.IClick)

    def update_config(self, config: Any) -> None:
        tk.add_template_directory(config, "templates")

    def get_actions(self) -> dict[str, Any]:
        return named(action, PREFIX)

    def get_auth_functions(self) -> dict[str, Any]:
        return named(auth, PREFIX)

    def get_blueprint(self) -> list[Any]:
        return [views.requests]

    def get_helpers(self) -> dict[str, Any]:
        return named(helpers, PREFIX)

    def get_commands(self) -> list[Any]:
        return [cli.request]
