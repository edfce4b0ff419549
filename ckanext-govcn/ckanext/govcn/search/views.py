"""`/search/suggest?q=`: suggestions as JSON, for anybody, within what this person may see. ADAPTER."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib import plugins as lib_plugins
from ckan.lib.search.common import SearchError, SolrConnectionError
from flask import Blueprint, Response, jsonify, request

from ckanext.govcn.search import away
from ckanext.govcn.search import suggest as suggestions
from ckanext.govcn.search.package_query import titles_and_items

blueprint = Blueprint("govcn_search", __name__)
away.install(blueprint)

MOST_DEPARTMENTS = 2


@blueprint.route("/search/suggest")
def suggest() -> Response:
    """`{"suggestions": [{"kind", "text", "url"}]}`; empty when nothing fits or the index does not answer."""
    typed = request.args.get("q", "")[: suggestions.LONGEST * 2]
    parameters = suggestions.parameters(typed)
    shown: list[dict[str, str]] = []
    if parameters:
        try:
            titles, items = titles_and_items(parameters, _labels())
            shown = suggestions.answer(titles, _departments(typed), items, typed)
        except (SearchError, SolrConnectionError):
            shown = []
    response = jsonify(suggestions=[{"kind": one["kind"], "text": one["text"], "url": _url(one)} for one in shown])
    response.headers["Cache-Control"] = "no-store"  # a title closed this minute is suggested to nobody the next
    return response


def _labels() -> list[str]:
    user = tk.current_user if tk.current_user.is_authenticated else None
    return lib_plugins.get_permission_labels().get_user_dataset_labels(user)


def _departments(typed: str) -> list[tuple[str, str]]:
    text = suggestions.fold(suggestions.normalize(typed))[: suggestions.LONGEST]
    if len(text) < 2:
        return []
    group = model.Group
    found = model.Session.execute(
        sa.select(group.name, group.title)
        .where(group.is_organization, group.state == "active", group.title.contains(text, autoescape=True))
        .order_by(sa.func.length(group.title), group.name)
        .limit(MOST_DEPARTMENTS)
    )
    return [(row.name, row.title) for row in found]


def _url(one: dict[str, Any]) -> str:
    if one["kind"] == "department":
        return tk.h.url_for("organization.read", id=one["value"])
    if one["kind"] == "theme":
        return tk.h.url_for("dataset.search", theme=one["value"])
    return tk.h.url_for("dataset.search", q=one["value"])
