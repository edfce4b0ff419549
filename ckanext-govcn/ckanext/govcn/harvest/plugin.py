"""Plugin `govcn_harvest`: the tables of 目录归集 belong to CKAN's database and are migrated with it.

The commands (`ckan govcn-harvest`, `ckan govcn-demo`) are registered by the `harvesters` root under CKAN's entry-point
group `ckan.click_command`, so that nothing here imports the engine.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins as p

from ckanext.govcn.harvest import action, auth, model, releases

__all__ = ["GovcnHarvestPlugin", "model", "releases"]


class GovcnHarvestPlugin(p.SingletonPlugin):
    """Makes the harvest tables known to CKAN's metadata, and jobs to whoever may ask for them."""

    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)

    def get_actions(self) -> dict[str, Any]:
        return _functions(action)

    def get_auth_functions(self) -> dict[str, Any]:
        return _functions(auth)


def _functions(module: Any) -> dict[str, Any]:
    return {name: function for name, function in vars(module).items() if name.startswith("govcn_harvest_")}
