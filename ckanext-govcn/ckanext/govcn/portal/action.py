"""Actions of the portal. ADAPTER."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, DataDict

from ckanext.govcn.dataset.api import whole_number

from . import model

LEAST = 2  # what one person asked once says more about the person than about a wish


@tk.side_effect_free
def govcn_missed_query_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """What people looked for and did not find (未检索到), most wanted and then most often asked first. For the bureau.

    `days` (30, at most 366), `least` times asked (2, and never less), `limit` (100, at most 1,000).
    Returns `text` (masked), `times`, `wanted` (how often somebody said that the data should be opened), `days` on which
    it was asked, `last_day` (CCYY-MM-DD). Nobody who asked is kept.
    """
    tk.check_access("govcn_missed_query_list", context, data_dict)
    days = min(max(whole_number(data_dict, "days", 30), 1), 366)
    least = max(whole_number(data_dict, "least", LEAST), LEAST)
    return model.most_missed(days, least, min(max(whole_number(data_dict, "limit", 100), 1), 1000))
