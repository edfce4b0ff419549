"""Actions on one's own notices; nobody reads another person's."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.govcn.dataset.api import plain, whole_number
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.bureau import user_of
from ckanext.govcn.notice import outbox

PER_PAGE, LONGEST_LIST = 20, 200
LARGEST = 2**63  # numbers of notices are below


@tk.side_effect_free
def govcn_notice_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """One's own notices, newest first: `count`, `unread`, and `results` with id, kind, about, title, body, link,
    created_at and read_at (ISO 8601; null: not read).

    `unread` (true: only these), `limit` (20, at most 200), `offset`. Texts are in the reader's language.
    """
    user = _reader("govcn_notice_list", context, data_dict)
    only_unread = tk.asbool(data_dict.get("unread") or False)
    limit = min(whole_number(data_dict, "limit", PER_PAGE), LONGEST_LIST)
    offset = whole_number(data_dict, "offset", 0)
    rows = outbox.inbox(model.Session, user, unread=only_unread, limit=limit, offset=offset)
    counts = outbox.counts(model.Session, user)
    shown = counts["unread"] if only_unread else counts["all"]
    return {"count": shown, "unread": counts["unread"], "results": [_shown(row) for row in rows]}


def govcn_notice_mark_read(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Mark notices read: `ids`, or `all` true. Gives `marked`, how many were not read before, and `unread` now."""
    user = _reader("govcn_notice_mark_read", context, data_dict)
    everything = tk.asbool(data_dict.get("all") or False)
    marked = outbox.mark_read(model.Session, user, None if everything else _ids(data_dict.get("ids")))
    model.Session.commit()
    return {"marked": marked, "unread": outbox.unread(model.Session, user)}


@tk.side_effect_free
def govcn_notice_preferences_show(context: Context, data_dict: DataDict) -> dict[str, bool]:
    """`mail`: does one want notices by mail?"""
    return {"mail": outbox.wants_mail(model.Session, _reader("govcn_notice_preferences_show", context, data_dict))}


def govcn_notice_preferences_update(context: Context, data_dict: DataDict) -> dict[str, bool]:
    """Turn notices by mail on or off: `mail`."""
    user = _reader("govcn_notice_preferences_update", context, data_dict)
    try:
        wanted = tk.asbool(tk.get_or_bust(data_dict, "mail"))
    except ValueError:
        raise tk.ValidationError({"mail": [say("应为 true 或 false", "Must be true or false")]}) from None
    outbox.set_mail(model.Session, user, wanted)
    model.Session.commit()
    return {"mail": wanted}


def _reader(action: str, context: Context, data_dict: DataDict) -> str:
    tk.check_access(action, context, data_dict)
    user = user_of(context)
    if user is None:
        raise tk.NotAuthorized(say("请先登录", "Please log in"))
    return user.id


def _ids(given: Any) -> list[int]:
    listed = given if isinstance(given, list) else [given]
    texts = [str(each) for each in listed]
    if not texts or len(texts) > LONGEST_LIST or not all(t.isdecimal() and int(t) < LARGEST for t in texts):
        wrong = say(f"应为消息编号，最多 {LONGEST_LIST} 个", f"Must be numbers of notices, at most {LONGEST_LIST}")
        raise tk.ValidationError({"ids": [wrong]})
    return [int(each) for each in texts]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    told = plain(row)
    texts = {part: say(told.pop(f"{part}_zh"), told.pop(f"{part}_en")) for part in ("title", "body")}
    return told | texts
