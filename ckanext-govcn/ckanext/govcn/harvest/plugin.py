"""Plugin `govcn_harvest`: the tables of 目录归集 belong to CKAN's database and are migrated with it.

The commands (`ckan govcn-harvest`, `ckan govcn-demo`) are registered by the `harvesters` root under CKAN's entry-point
group `ckan.click_command`, so that nothing here imports the engine.
"""

from __future__ import annotations

import ckan.plugins as p

from ckanext.govcn.harvest import model

__all__ = ["GovcnHarvestPlugin", "model"]


class GovcnHarvestPlugin(p.SingletonPlugin):
    """Makes the harvest tables known to CKAN's metadata; pages for departments are added here."""
