"""What a visitor may ask the search for: an allow-list of fields. PURE.

Core passes any field name on to Solr, so that `facet.field`, `fq` and `sort` answer yes-or-no questions about every
indexed field, and `fl` returns stored ones as they are. Nothing secret is in the index; this is the second lock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ckanext.govcn.access.exceptions import SearchNotAllowed

# what an index of public entries is made of, and what CKAN's own pages ask for
CORE_FIELDS = frozenset(
    {
        "id", "name", "title", "notes", "tags", "groups", "organization", "owner_org", "license_id", "res_format",
        "state", "capacity", "dataset_type", "type", "metadata_created", "metadata_modified", "score", "site_id",
        "title_string", "views_recent", "views_total", "text", "entity_type", "author", "maintainer", "isopen",
        "creator_user_id",  # every account's own page asks for it, and a dataset shows it anyway
    }
)  # fmt: skip
ENTRY_FIELDS = frozenset(
    {
        "title_en", "theme", "industry", "region_codes", "temporal_start", "temporal_end", "update_cycle", "pub_date",
        "data_updated", "record_count", "data_source", "related_codes", "categories", "codes", "code_provisional",
        "source_code", "provider_unit", "format_class", "formats", "open_type", "access_mode", "share_type",
        "catalog_status", "incomplete",
    }
)  # fmt: skip
# answers that cost nothing to give, and the two forms in which CKAN itself returns a whole entry
RETURNED = frozenset({"validated_data_dict", "data_dict"})

# fields of the schema that are not for visitors; in `q`, where people write colons themselves, only these are refused
_HIDDEN = re.compile(r"^_|^(?:res|extras|vocab)_|_dict$|^(?:permission_labels|urls?|ckan_url|download_url|.*_email)$")

_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
_FIELD = re.compile(r"(?<![\w\\.])([^\W\d][\w.\-]*(?:\\.[\w.\-]*)*)\s*:(?!//)")
_SORT = re.compile(r"^\s*([\w.\-]+)(?:\s+(?:asc|desc))?\s*$", re.IGNORECASE)


def _texts(value: object) -> Iterable[str]:
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple)):
        return [str(v) for v in value]
    return [str(value)]


def fields_in(query: str) -> set[str]:
    """Names before a colon, outside quotation marks: what a Solr query may take for a field."""
    return {name.replace("\\", "") for name in _FIELD.findall(_QUOTED.sub('""', query))}


class Allowed:
    """The fields a visitor may use, and a check of a `package_search` request against them."""

    def __init__(self, more: Iterable[str] = ()) -> None:
        self.fields = CORE_FIELDS | ENTRY_FIELDS | frozenset(more)

    def _each(self, parameter: str, names: Iterable[str], also: frozenset[str] = frozenset()) -> None:
        for name in names:
            if name and name not in self.fields and name not in also:
                raise SearchNotAllowed(parameter, name)

    def _sort(self, value: str) -> None:
        for part in value.split(","):
            found = _SORT.match(part)
            if not found:
                raise SearchNotAllowed("sort", part.strip())
            self._each("sort", [found[1]], frozenset({"rank"}))

    def check(self, request: Mapping[str, object]) -> None:
        """Raise SearchNotAllowed for the first field that is not for visitors."""
        self._check_named(request)
        self._check_queries(request)
        self._check_weights(request)

    def _check_named(self, request: Mapping[str, object]) -> None:
        for value in _texts(request.get("fl")):
            self._each("fl", re.split(r"[,\s]+", value), RETURNED)
        for parameter in ("facet.field", "facet_field"):
            for value in _texts(request.get(parameter)):
                self._each(parameter, re.findall(r"[^\s\[\]\",']+", value))
        for value in _texts(request.get("sort")):
            if value.strip() not in ("", "rank"):
                self._sort(value)

    def _check_queries(self, request: Mapping[str, object]) -> None:
        for parameter in ("fq", "fq_list"):
            for value in _texts(request.get(parameter)):
                self._each(parameter, fields_in(value))
        for value in _texts(request.get("q")):
            self._each("q", filter(_HIDDEN.search, fields_in(value)))

    def _check_weights(self, request: Mapping[str, object]) -> None:
        for parameter in ("bf", "boost"):
            if any(value.strip() for value in _texts(request.get(parameter))):
                raise SearchNotAllowed(parameter, "函数")
        for value in _texts(request.get("qf")):
            self._each("qf", [part.split("^")[0] for part in value.split()])
        for value in _texts(request.get("df")):
            self._each("df", [value])
