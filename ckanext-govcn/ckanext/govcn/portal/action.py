"""Actions of the portal. ADAPTER."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, DataDict

from . import model

LEAST = 2  # what one person asked once says more about the person than about a wish


@tk.side_effect_free
def govcn_missed_query_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """What people looked for and did not find (未检索到), most often asked first. For the bureau.

    `days` (30, at most 366), `least` times asked (2, and never less), `limit` (100, at most 1,000).
    Returns `text` (masked), `times`, `days` on which it was asked, `last_day` (CCYY-MM-DD). Nobody who asked is kept.
    """
    tk.check_access("govcn_missed_query_list", context, data_dict)
    days = _number(data_dict, "days", 30, 1, 366)
    least = _number(data_dict, "least", LEAST, LEAST, 1_000_000)
    return model.most_missed(days, least, _number(data_dict, "limit", 100, 1, 1000))


def _number(data_dict: DataDict, name: str, otherwise: int, least: int, most: int) -> int:
    try:
        return min(max(int(data_dict.get(name) or otherwise), least), most)
    except (TypeError, ValueError):
        raise tk.ValidationError({name: ["请填写整数 (a whole number, please)"]}) from None
