"""CKAN's dataset query with Chinese text search. ADAPTER.

Registered as `ckan.lib.search._QUERIES["package"]`. Fielded queries and queries with an own `defType` or `qf` go the
way CKAN always sends them; text goes through `search.query`. Filters, facets, sort and fl are CKAN's own in both.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from typing import Any

import pysolr
from ckan.common import config
from ckan.lib.search import query as ckan_query
from ckan.lib.search.common import (
    SearchError,
    SearchQueryError,
    SolrConnectionError,
    make_connection,
)

from ckanext.govcn.search import answered, away
from ckanext.govcn.search import explain as explaining
from ckanext.govcn.search import query as search_query
from ckanext.govcn.search.answered import Answered
from ckanext.govcn.search.exceptions import SearchRefused
from ckanext.govcn.search.understand import understand

log = logging.getLogger(__name__)

# Parameters that only a caller who wants Solr's own behaviour gives.
_EXPERT = frozenset({"defType", "qf", "mm", "bf", "boost", "tie"})
_UNREADABLE = re.compile(r"HTTP 400|are not supported in param|must be defined at the beginning")
# Solr's own message quotes the whole request, the person's permission labels included.
_UNREADABLE_SAID = (
    "检索式无法理解，请检查引号、括号、翻页和排序 (The query cannot be read; check quotes, brackets, page and sort)"
)
_PASSED_ON = frozenset({"start", "sort", "facet.field"})


class ChinesePackageSearchQuery(ckan_query.PackageSearchQuery):
    """`PackageSearchQuery` that understands text."""

    def run(self, query: dict[str, Any], permission_labels: list[str] | None = None, **kwargs: Any) -> dict[str, Any]:
        """Run `query` (CKAN's parameters). Raises `SearchQueryError` for what is refused, `SearchError` otherwise."""
        del kwargs
        try:
            return self._run(query, permission_labels)
        except SolrConnectionError:
            away.note()
            raise

    def _run(self, query: dict[str, Any], permission_labels: list[str] | None) -> dict[str, Any]:
        _refuse_hostile(query)
        q = str(query.get("q") or "")
        kind = search_query.kind_of(q)
        if kind == "all":
            query["q"] = "*:*"
            return self._run_as_ckan(query, permission_labels)
        if _EXPERT & set(query):
            return self._run_as_ckan(query, permission_labels)
        if kind == "fielded":
            try:
                return self._run_as_ckan(dict(query), permission_labels)
            except SearchQueryError as error:
                if "Cannot parse" not in str(error.__cause__):  # what Solr said is kept as the cause, out of the answer
                    raise
                log.debug("Not a fielded query after all: %s", error)
        return self._run_text(q, query, permission_labels)

    def _run_as_ckan(self, query: dict[str, Any], labels: list[str] | None) -> dict[str, Any]:
        """CKAN's own run; what Solr or CKAN refuses as unreadable is the caller's mistake (400), not ours (409)."""
        try:
            return super().run(query, labels)
        except SearchQueryError:
            raise
        except SearchError as error:
            if _UNREADABLE.search(str(error)):
                log.info("Solr cannot read a query: %s", str(error)[:500])
                raise SearchQueryError(_UNREADABLE_SAID) from error
            raise

    def _run_text(self, text: str, query: Mapping[str, Any], labels: list[str] | None) -> dict[str, Any]:
        unknown = set(query) - ckan_query.VALID_SOLR_PARAMETERS
        if unknown:
            raise SearchQueryError(f"Invalid search parameters: {sorted(unknown)}")
        rows = int(query.get("rows", 10))
        sent: dict[str, Any] = {key: query[key] for key in _PASSED_ON if query.get(key) not in (None, "")}
        sent |= {
            "rows": rows,
            "fq": _filters(query, labels),
            "fl": query.get("fl", "name"),
            "wt": query.get("wt", "json"),
            "facet": query.get("facet", "true"),
            "facet.limit": query.get("facet.limit", config.get("search.facets.limit")),
            "facet.mincount": query.get("facet.mincount", 1),
        }
        if answered.folding():
            sent |= search_query.folded(sent["fq"], sent.get("facet.field", []))
        response = _search({**sent, **search_query.parameters(text)})
        nearest = search_query.nearest_parameters(text) if not response.hits else None
        if nearest:
            response = _search({**sent, **nearest})
        self.count = response.hits
        self.results = [_with_extras(document) for document in response.docs]
        if sent["fl"] in ("id", "name"):
            self.results = [document.get(sent["fl"]) for document in self.results]
        counts = response.facets.get("facet_fields", {})
        self.facets = {field: dict(zip(values[0::2], values[1::2], strict=True)) for field, values in counts.items()}
        datasets = response.facets.get("facet_queries", {}).get(search_query.DATASETS, response.hits)
        _keep(text, nearest=bool(nearest), datasets=datasets, rows=response.hits)
        return {"results": self.results, "count": self.count}


def _keep(text: str, *, nearest: bool, datasets: int, rows: int) -> None:
    typed = search_query.normalize(text)
    understood = understand(typed)
    answered.keep(Answered(typed, nearest, datasets, rows, understood.dropped, understood.corrections))


def titles_and_items(parameters: Mapping[str, Any], labels: list[str] | None) -> tuple[list[str], list[str]]:
    """Titles and names of items that fit, of public entries that this person may see. Raises `SearchError`."""
    response = _search({**parameters, "wt": "json", "fq": _filters({"fq": "+capacity:public"}, labels)})
    items = response.facets.get("facet_fields", {}).get("item_names", [])[0::2]
    return [document.get("title", "") for document in response.docs], items


def explain(text: str, identifier: str, rows: int) -> dict[str, Any]:
    """The results of a text with the parts of their scores, whoever may see them; only dataset `identifier` if given.

    Raises `SearchError`.
    """
    sent = search_query.parameters(text)
    only = [f"{{!lucene}}id:{ckan_query.solr_literal(identifier)}"] if identifier else []
    fields = ["id", "name", "title", "score", *explaining.explaining(sent)]
    filters = [*only, f"+site_id:{ckan_query.solr_literal(config.get('ckan.site_id'))}", "+state:active"]
    response = _search({**sent, "rows": rows, "fl": ",".join(fields), "fq": filters, "wt": "json"})
    return explaining.explained(text, list(response.docs))


def _refuse_hostile(query: Mapping[str, Any]) -> None:
    values = [query.get("q"), query.get("fq"), *(query.get("fq_list") or [])]
    try:
        for position, value in enumerate(values):
            # Text cannot hurt: it is cut and escaped. Only a fielded q is judged.
            if isinstance(value, str) and (position or search_query.kind_of(value) == "fielded"):
                search_query.refuse_hostile(value)
    except SearchRefused as refused:
        raise SearchQueryError(str(refused)) from refused


def _filters(query: Mapping[str, Any], labels: list[str] | None) -> list[str]:
    """The same filters as CKAN's: the caller's, this site, the state, and what this person may see."""
    filters = [query["fq"]] if query.get("fq") else []
    filters.extend(query.get("fq_list", []))
    for value in filters:
        _refuse_local_parameters(value)
    filters.append(f"+site_id:{ckan_query.solr_literal(config.get('ckan.site_id'))}")
    if not any("+state:" in value for value in filters):
        filters.append("+state:active")
    if labels is not None:
        allowed = " OR ".join(ckan_query.solr_literal(label) for label in labels)
        filters.append(f"+permission_labels:({allowed})")
    return filters


def _refuse_local_parameters(value: str) -> None:
    """CKAN lets through only the query parsers that the configuration allows, at the start, and no magic fields."""
    if ckan_query.MAGIC_FIELD_RE.search(value):
        raise SearchQueryError("Magic fields are not supported in param 'fq'.")
    found = ckan_query.QUERY_PARSER_RE.findall(value)
    if not found:
        return
    allowed = config["ckan.search.solr_allowed_query_parsers"]
    at_start = len(found) == 1 and value.strip().startswith("{!")
    if not at_start or ckan_query._get_local_query_parser(value) not in allowed:
        raise SearchQueryError("Local parameters are not supported in param 'fq'.")


def _search(sent: Mapping[str, Any]) -> pysolr.Results:
    try:
        return _connection().search(search_handler="select", **sent)
    except pysolr.SolrError as error:
        message = str(error)
        if "sort" in message.lower() and "order" in message.lower():
            raise SearchQueryError('Invalid "sort" parameter') from error
        if "Failed to connect to server" in message or "Connection to server" in message:
            log.warning("Solr cannot be reached.")
            raise SolrConnectionError("Solr returned an error while searching.") from error
        if "HTTP 400" in message:
            log.info("Solr cannot read a query: %s", message[:500])
            raise SearchQueryError(_UNREADABLE_SAID) from error
        log.error("Solr: %s", message[:500])
        raise SearchError("检索服务出错，请稍后重试 (The search failed; please try again later)") from error


_connections = threading.local()


def _connection() -> pysolr.Solr:
    """This thread's connection to Solr, kept open: CKAN makes one for every query, a fifth of its time."""
    address = config["solr_url"]
    if getattr(_connections, "address", None) != address:
        _connections.solr, _connections.address = make_connection(decode_dates=False), address
    return _connections.solr


def _with_extras(document: dict[str, Any]) -> dict[str, Any]:
    names = [name for name in document if name.startswith("extras_")]
    if names:
        document["extras"] = {name.removeprefix("extras_"): document.pop(name) for name in names}
    return document
