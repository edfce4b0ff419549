"""Plugin `govcn_harvest`: the tables of 目录归集 belong to CKAN's database and are migrated with it.

The commands (`ckan govcn-harvest`, `ckan govcn-demo`) are registered by the `harvesters` root under CKAN's entry-point
group `ckan.click_command`, so that nothing here imports the engine.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.govcn.harvest import action, auth, events, helpers, lookups, model, releases, telling, views
from ckanext.govcn.wiring import named

__all__ = ["GovcnHarvestPlugin", "model", "releases"]
PREFIX = "govcn_harvest_"


@tk.blanket.helpers(helpers)
@tk.blanket.config_declarations
class GovcnHarvestPlugin(p.SingletonPlugin):
    """Makes the harvest tables known to CKAN's metadata; jobs, pages and actions for whoever looks after a source."""

    p.implements(p.IConfigurer)
    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IBlueprint)
    p.implements(p.ISignal)

    def update_config(self, config: Any) -> None:
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "govcn_harvest")

    def get_actions(self) -> dict[str, Any]:
        return named(action, PREFIX) | named(lookups, PREFIX)

    def get_auth_functions(self) -> dict[str, Any]:
        return named(auth, PREFIX)

    def get_blueprint(self) -> list[Any]:
        return [views.desk, views.entry]

    def get_signal_subscriptions(self) -> dict[Any, list[Any]]:
        return {events.failed_three_times: [telling.failing]}
