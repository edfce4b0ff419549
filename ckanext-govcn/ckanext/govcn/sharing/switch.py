"""Is the ledger switched on (`ckanext.govcn.sharing`)?"""

from __future__ import annotations

from ckan.plugins import toolkit as tk

SWITCH = "ckanext.govcn.sharing"


def is_on() -> bool:
    """Off unless the operator says otherwise."""
    return bool(tk.asbool(tk.config.get(SWITCH, False)))
