"""The page 消息: one's notices, read marks, and whether they also come by mail."""

from __future__ import annotations

from typing import Any

import flask
from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset import forms, pages
from ckanext.govcn.notice.action import PER_PAGE

notices = flask.Blueprint("govcn_notice", __name__, url_prefix="/govcn/notices")


@notices.errorhandler(tk.NotAuthorized)
def _refused(_refusal: tk.NotAuthorized) -> Any:
    return tk.redirect_to("user.login", came_from=tk.request.full_path.rstrip("?"))


@notices.route("")
def inbox() -> Any:
    """消息, newest first; `unread=1`: only what was not read."""
    only_unread = tk.request.args.get("unread") == "1"
    asked = {"unread": only_unread, "limit": PER_PAGE, "offset": (pages.number() - 1) * PER_PAGE}
    found = tk.get_action("govcn_notice_list")(forms.asking(), asked)
    values = {
        "found": found,
        "only_unread": only_unread,
        **pages.of(found["count"], PER_PAGE),
        "mail": tk.get_action("govcn_notice_preferences_show")(forms.asking(), {})["mail"],
    }
    return tk.render("notice/inbox.html", values)


@notices.route("/read", methods=["POST"])
def read() -> Any:
    """Mark one notice (`id`), or all, as read."""
    number = tk.request.form.get("id")
    forms.carry_out("govcn_notice_mark_read", {"ids": [number]} if number else {"all": True})
    return tk.redirect_to("govcn_notice.inbox")


@notices.route("/preferences", methods=["POST"])
def preferences() -> Any:
    """Mail on or off."""
    forms.carry_out("govcn_notice_preferences_update", {"mail": tk.request.form.get("mail") == "1"})
    return tk.redirect_to("govcn_notice.inbox")
