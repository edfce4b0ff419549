"""Plugin `govcn_identity`: sign-in through 统一身份认证. Wiring only; without a provider it does nothing."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.govcn.identity import helpers, site, views
from ckanext.govcn.identity import model as tables
from ckanext.govcn.wiring import named

__all__ = ["GovcnIdentityPlugin", "tables"]


@tk.blanket.config_declarations
class GovcnIdentityPlugin(p.SingletonPlugin):
    """统一身份认证: the table, the two routes, the buttons of the login page."""

    p.implements(p.IConfigurer)
    p.implements(p.IBlueprint)
    p.implements(p.ITemplateHelpers)

    def update_config(self, config: Any) -> None:
        tk.add_template_directory(config, "templates")
        site.usable()  # a wrong file is told at the start

    def get_blueprint(self) -> list[Any]:
        return [views.identities]

    def get_helpers(self) -> dict[str, Any]:
        return named(helpers, "govcn_identity_")
