"""登录: a line for each login, failed login and logout, by CKAN's signals.

How often somebody may fail is for `limit` to say: who is refused there does not come here, and fills no log.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import flask
from ckan.plugins import toolkit as tk

from ckanext.govcn.audit import log
from ckanext.govcn.audit.chain import Event
from ckanext.govcn.audit.origin import origin

LOGIN, LOGOUT = "account.login", "account.logout"
REFUSED, THROTTLED = "refused", "throttled"


def attempted(typed: str) -> str:
    """What stands for a name that somebody typed and that let nobody in: a password may have got into that field, and
    the log does not tell which accounts there are. Whoever knows the name finds its attempts by it."""
    key = str(tk.config["SECRET_KEY"]).encode()
    return f"login:{hmac.new(key, typed.strip().lower().encode('utf-8', 'replace'), hashlib.sha256).hexdigest()[:20]}"


def note(event: str, outcome: str = "done", who: str = "", subject: str = "", **detail: str) -> None:
    """One line about a login."""
    ip, port = origin(flask.request.environ) if flask.has_request_context() else ("", None)
    log.write(Event(event, outcome, who=who, ip=ip, port=port, subject=subject, detail=detail))


def logged_in(_sender: Any, user: Any, **_more: Any) -> None:
    """Nobody is logged in whose login is not accounted for."""
    try:
        note(LOGIN, who=user.id)
    except Exception:
        flask.session.clear()
        raise


def logged_out(_sender: Any, user: Any, **_more: Any) -> None:
    note(LOGOUT, who=str(getattr(user, "id", "") or ""))


def failed(typed: Any, **_more: Any) -> None:
    """`typed`: what stood in the field for the name."""
    note(LOGIN, REFUSED, subject=attempted(str(typed or "")))
