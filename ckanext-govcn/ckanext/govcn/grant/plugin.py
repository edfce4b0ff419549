"""Plugin `govcn_grant`: 授权 of 有条件开放 data. Wiring only."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.govcn.grant import action, auth, helpers, interface, views
from ckanext.govcn.grant import model as tables
from ckanext.govcn.sample import action as sample_action
from ckanext.govcn.sample import auth as sample_auth
from ckanext.govcn.sample import helpers as sample_helpers
from ckanext.govcn.sample import model as sample_tables
from ckanext.govcn.sample import views as sample_views
from ckanext.govcn.wiring import named

__all__ = ["GovcnGrantPlugin", "sample_tables", "tables"]
PREFIX, SAMPLE = "govcn_grant_", "govcn_sample_"


@tk.blanket.config_declarations
class GovcnGrantPlugin(p.SingletonPlugin):
    """授权 and 样例数据: tables, actions, pages, the interface."""

    p.implements(p.IConfigurer)
    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IBlueprint)
    p.implements(p.ITemplateHelpers)

    def update_config(self, config: Any) -> None:
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "govcn_grant")

    def get_actions(self) -> dict[str, Any]:
        return {**named(action, PREFIX), **named(sample_action, SAMPLE)}

    def get_auth_functions(self) -> dict[str, Any]:
        return {**named(auth, PREFIX), **named(sample_auth, SAMPLE)}

    def get_helpers(self) -> dict[str, Any]:
        return {**named(helpers, PREFIX), **named(sample_helpers, "govcn_sample")}

    def get_blueprint(self) -> list[Any]:
        return [views.grants, interface.rows, sample_views.samples]
