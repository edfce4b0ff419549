"""Filters of the catalogue list: Solr field → title, in the order they are shown."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

_ = tk._


def titles() -> dict[str, str]:
    """Titles in the visitor's language."""
    return {
        "organization": _("部门"),
        "theme": _("领域"),
        "open_type": _("开放类型"),
        "formats": _("格式"),
        "update_cycle": _("更新周期"),
        "region_codes": _("行政区划"),
    }
