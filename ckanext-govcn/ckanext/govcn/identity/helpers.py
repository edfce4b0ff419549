"""Template helpers."""

from __future__ import annotations

from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset.language import say
from ckanext.govcn.identity import site
from ckanext.govcn.identity.attempt import local_path


def govcn_identity_providers() -> list[dict[str, str]]:
    """The buttons of the login page: `title` and `url` of each provider."""
    return _links(
        "govcn_identity.start", local_path(tk.request.args.get("came_from") or tk.request.args.get("next") or "")
    )


def govcn_identity_bindings() -> list[dict[str, str]]:
    """The same for whoever is logged in and has to be verified; back to this page afterwards."""
    return _links("govcn_identity.bind", local_path(tk.request.full_path.rstrip("?")))


def _links(route: str, came_from: str) -> list[dict[str, str]]:
    settings = site.usable()
    back = {"came_from": came_from} if came_from else {}
    return [
        {"title": say(each.title, each.title_en), "url": tk.url_for(route, provider=each.name, **back)}
        for each in (settings.providers.values() if settings else ())
    ]
