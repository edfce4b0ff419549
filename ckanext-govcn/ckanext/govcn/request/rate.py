"""How often one account may begin something new or say 我也需要, counted by `limit`. ADAPTER."""

from __future__ import annotations

from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset.language import say
from ckanext.govcn.limit import counting
from ckanext.govcn.limit.exceptions import CountingUnavailable
from ckanext.govcn.limit.windows import Limit
from ckanext.govcn.request.kinds import Kind

MOST, SUPPORTS, SECONDS = (f"ckanext.govcn.request.{name}" for name in ("limit", "support_limit", "limit_seconds"))


def ask_new(kind: Kind, user_id: str) -> None:
    """One more of a kind. Raises ValidationError (`limit`) when there were too many, or when they cannot be counted:
    whoever is kept out by that may try again."""
    _ask(kind.name, MOST, user_id, "多处错误可以写在一件里", "One may hold several errors.")


def ask_support(user_id: str) -> None:
    """我也需要 once more, said or taken back. Raises ValidationError as `ask_new` does."""
    _ask("support", SUPPORTS, user_id, "已表示的仍然有效", "What you said before still counts.")


def _ask(name: str, most: str, user_id: str, hint: str, hint_en: str) -> None:
    limit = Limit(f"request_{name}", int(tk.config[most]), max(int(tk.config[SECONDS]), 1))
    if not limit.most:
        return
    try:
        standing = counting.count(limit, user_id)
    except CountingUnavailable as away:
        raise tk.ValidationError({"limit": [say(away.message, away.message_en)]}) from away
    if not standing.allowed:
        minutes = -(-standing.seconds // 60)
        message = f"提交过于频繁，请 {minutes} 分钟后再试；{hint}"
        message_en = f"Too many at a time; please try again in {minutes} minutes. {hint_en}"
        raise tk.ValidationError({"limit": [say(message, message_en)]})
