"""What the result pages ask of the search beyond CKAN, and what is counted of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.govcn.dataset.keeping import Kept
from ckanext.govcn.search import answered
from ckanext.govcn.search.folding import Group, grouped
from ckanext.govcn.search.query import KNOWN_FIELDS, phrase
from ckanext.govcn.search.series import series_key

from . import missed, model
from .batch import is_bot

log = logging.getLogger(__name__)

PAGES = frozenset({"dataset.search", "organization.read", "organization.read_htmx"})
MEMBERS = 100  # of all series on one page, newest first
RECENT_DAYS = 30
_FIELDS = KNOWN_FIELDS - {"text"}
_FRESH = 600  # seconds that the numbers of use are kept while datasets are indexed
_use = Kept(lambda: model.used_recently(RECENT_DAYS), _FRESH)


def prepare(search_params: dict[str, Any]) -> None:
    """On a result page in the order of relevance near-duplicates are folded, over all pages."""
    if _on_page() and search_params.get("q") and not tk.request.args.get("sort"):
        search_params.setdefault("extras", {}).setdefault("ext_fold", "1")


def count_missed(search_params: Mapping[str, Any]) -> None:
    """Count a text that nothing met: the page's own search, on its first page, without filters, and no program's."""
    found = answered.last()
    if found is None or not found.nearest or not answered.folding() or int(search_params.get("start") or 0):
        return
    if not _on_page() or set(tk.request.args) - {"q", "page"} or is_bot(tk.request.headers.get("User-Agent")):
        return
    text = missed.masked(found.text)
    if not text:
        return
    try:
        model.add_missed(text)
    except Exception:  # noqa: BLE001  counting is never worth an error page
        log.warning("a query that found nothing could not be counted", exc_info=True)


def groups(packages: Sequence[Mapping[str, Any]], query: str) -> list[Group]:
    """The page's results, each with the near-duplicates folded below it.

    They are asked for like any search, so that this person sees no more of them than elsewhere.
    """
    found = answered.last()
    if found is None or found.datasets <= found.rows:
        return [Group(package) for package in packages]
    keys = [series_key(str(package.get("title") or "")) for package in packages]
    asked: dict[str, Any] = {
        "q": query,
        "fq": "+series:(" + " OR ".join(phrase(key) for key in dict.fromkeys(keys)) + ")",
        "sort": "data_updated desc, metadata_modified desc",
        "rows": MEMBERS,
        "facet.field": ["series"],
        "facet.limit": len(packages),
        "extras": {"ext_fold": "0"},
    }
    organization = (tk.request.view_args or {}).get("id") if tk.request.endpoint != "dataset.search" else ""
    filters = [f"{field}:{phrase(value)}" for field, value in tk.request.args.items(multi=True) if field in _FIELDS]
    filters += [f"organization:{phrase(organization)}"] if organization else []
    asked["fq"] += "".join(f" +{each}" for each in filters)
    result = tk.get_action("package_search")({}, asked)
    answered.keep(found)  # what this page says is of its own search
    counts = {item["name"]: item["count"] for item in result["search_facets"].get("series", {}).get("items", [])}
    return grouped(packages, keys, result["results"], counts)


def used(package_id: str) -> int:
    """Views and downloads of a dataset in the last month, at most ten minutes old: asked for every indexed dataset."""
    return _use().get(package_id, 0)


def _on_page() -> bool:
    return bool(tk.request) and tk.request.endpoint in PAGES
