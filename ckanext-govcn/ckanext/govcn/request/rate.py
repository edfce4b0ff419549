"""How often one account may submit something new, counted by `limit`. ADAPTER."""

from __future__ import annotations

from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset.language import say
from ckanext.govcn.limit import counting
from ckanext.govcn.limit.exceptions import CountingUnavailable
from ckanext.govcn.limit.windows import Limit
from ckanext.govcn.request.kinds import Kind

MOST, SECONDS = "ckanext.govcn.request.limit", "ckanext.govcn.request.limit_seconds"


def ask(kind: Kind, user_id: str) -> None:
    """Raises ValidationError (`limit`) when there were too many, or when they cannot be counted: whoever is kept out
    by that may try again."""
    limit = Limit(f"request_{kind.name}", int(tk.config[MOST]), max(int(tk.config[SECONDS]), 1))
    if not limit.most:
        return
    try:
        standing = counting.count(limit, user_id)
    except CountingUnavailable as away:
        raise tk.ValidationError({"limit": [say(away.message, away.message_en)]}) from away
    if not standing.allowed:
        minutes = -(-standing.seconds // 60)
        raise tk.ValidationError(
            {
                "limit": [
                    say(
                        f"提交过于频繁，请 {minutes} 分钟后再试；多处错误可以写在一件里",
                        f"Too many at a time; please try again in {minutes} minutes. One may hold several errors.",
                    )
                ]
            }
        )
