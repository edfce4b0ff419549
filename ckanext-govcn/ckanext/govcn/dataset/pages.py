"""What pages have in common: which page of a list is asked for; for one reader alone, the way to the login page and no
cache. ADAPTER."""

from __future__ import annotations

from typing import Any

import flask
from ckan.plugins import toolkit as tk

FARTHEST = 10_000  # pages


def number() -> int:
    """The page of a list that is asked for (`page`), the first being 1."""
    given = tk.request.args.get("page", "1")
    return max(min(int(given), FARTHEST), 1) if given.isdecimal() and given.isascii() and len(given) < 9 else 1


def of(count: int, per_page: int) -> dict[str, int]:
    """`page` and `pages`, as the templates of lists want them."""
    return {"page": number(), "pages": -(-count // per_page)}


def refused(refusal: tk.NotAuthorized) -> Any:
    """An error handler: whoever is not logged in may do that, whoever is reads why it is not for them."""
    if not tk.current_user.is_authenticated:
        return tk.redirect_to("user.login", came_from=tk.request.full_path.rstrip("?"))
    shown = {"code": 403, "content": refusal.message or "", "name": "Forbidden"}
    return tk.render("error_document_template.html", shown), 403


def kept_alone(response: flask.Response) -> flask.Response:
    """The answer, for no cache to keep."""
    response.headers["Cache-Control"] = "private, no-store"
    tk.request.environ["__no_cache__"] = True  # CKAN would add "public" to the header
    return response
