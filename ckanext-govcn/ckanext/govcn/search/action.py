"""Action `govcn_search_explain`. ADAPTER."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, DataDict

from ckanext.govcn.dataset.api import whole_number
from ckanext.govcn.search.package_query import explain

MOST_ROWS = 50


@tk.side_effect_free
def govcn_search_explain(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Why the results of a text stand in this order (检索排序说明). For sysadmins.

    `q`: the text; `id` (optional): only this dataset, wherever it stands; `rows` (10, at most 50).
    Returns `text`, `concepts` (word, kind, alternatives), `dropped`, `corrections` and `results`: each with `score`,
    `raised` (the factor for freshness, completeness and use, 1 to 1.1) and `parts` (what gave how much of the rest).
    """
    tk.check_access("govcn_search_explain", context, data_dict)
    text = str(tk.get_or_bust(data_dict, "q"))
    rows = min(max(whole_number(data_dict, "rows", 10), 1), MOST_ROWS)
    return explain(text, str(data_dict.get("id") or ""), rows)
