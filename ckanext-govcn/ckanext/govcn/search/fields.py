"""Dataset dict → the flat document that Solr indexes. PURE.

The document is an allow-list: a key that is not named here is not searched, so that 400 data items, a long extra or
another plugin's nested field cannot make Solr refuse the dataset. The schema is `config/solr/conf/schema.xml`.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ckanext.govcn.search.pinyin import initials, syllables
from ckanext.govcn.search.series import series_key

# What CKAN's own indexer computed and other parts of CKAN read back. All are strings, numbers or lists of strings.
CKAN_FIELDS = (
    "author",
    "capacity",
    "creator_user_id",
    "data_dict",
    "dataset_type",
    "entity_type",
    "groups",
    "id",
    "index_id",
    "license_id",
    "maintainer",
    "metadata_created",
    "metadata_modified",
    "name",
    "notes",
    "num_resources",
    "organization",
    "owner_org",
    "private",
    "res_description",
    "res_format",
    "res_name",
    "res_type",
    "res_url",
    "site_id",
    "state",
    "tags",
    "title",
    "title_string",
    "type",
    "url",
    "validated_data_dict",
    "version",
    "views_recent",
    "views_total",
)
# Codes of the entry, for facets and filters; values are used as they are.
SINGLE_CODES = (
    "access_mode",
    "catalog_status",
    "data_source",
    "format_class",
    "open_type",
    "security_level",
    "share_type",
    "source_code",
    "source_name",
    "update_cycle",
)
MULTIPLE_CODES = ("categories", "codes", "formats", "incomplete", "industry", "region_codes", "related_codes", "theme")
DATES = ("data_updated", "pub_date", "temporal_end", "temporal_start")
# Code → the words people search for. `formats` are words already.
LABELLED = ("theme", "industry", "update_cycle", "open_type", "share_type")

# What the search adds to the entry's own fields, for anybody to filter and count by.
PUBLIC_FIELDS = (
    "identifiers",
    "item_count",
    "item_names",
    "items",
    "labels",
    "provider",
    "region_path",
    "security_level",
    "series",
)

_STORED_ONLY = frozenset({"data_dict", "validated_data_dict"})
_LONGEST_STRING = 8_000  # characters; Lucene refuses a term of more than 32,766 bytes
_LONGEST_TEXT = 20_000
_MOST_VALUES = 1_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ID_IN_URL = re.compile(r"(?<=[=/])[0-9A-Za-z_-]{4,64}(?=[&#/?]|$)")
_REGION = re.compile(r"\d{6}")

Label = Callable[[str, str], str | None]
"""(table, code) → label, or None when the code is unknown."""


def no_labels(table: str, code: str) -> str | None:
    """The label look-up for callers without code tables."""
    del table, code
    return None


def dataset_of(package: Mapping[str, Any]) -> dict[str, Any]:
    """The validated dataset dict that CKAN's indexer put into the document as JSON; empty when there is none."""
    try:
        dataset = json.loads(package.get("validated_data_dict") or "{}")
    except ValueError:
        return {}
    return dataset if isinstance(dataset, dict) else {}


def document(package: Mapping[str, Any], label: Label = no_labels) -> dict[str, Any]:
    """The Solr document of one dataset.

    `package` is what CKAN's `PackageSearchIndex` hands to `before_dataset_index`: flat CKAN fields plus the whole
    dataset as JSON in `validated_data_dict`.
    """
    dataset = dataset_of(package)
    fields: dict[str, Any] = {}
    for key in CKAN_FIELDS:
        value = package[key] if key in _STORED_ONLY and key in package else _clean(package.get(key))
        if value not in (None, "", []):
            fields[key] = value
    fields.update(entry_fields(dataset, label))
    return fields


def entry_fields(dataset: Mapping[str, Any], label: Label = no_labels) -> dict[str, Any]:
    """The fields that come from the catalogue entry: codes, dates, items, provider, pinyin."""
    title = _text(dataset.get("title"))
    provider = provider_names(dataset)
    items = item_names(dataset)
    found: dict[str, Any] = {key: _text(dataset.get(key)) for key in SINGLE_CODES}
    found |= {key: _strings(dataset.get(key)) for key in MULTIPLE_CODES}
    found |= {key: _date(dataset.get(key)) for key in DATES}
    found |= {
        "title_en": _text(dataset.get("title_en")),
        "record_count": _whole_number(dataset.get("record_count")),
        "items": items,
        "item_names": sorted(set(items)),
        "item_count": len(items),
        "provider": provider,
        "labels": _labels(found, label),
        "identifiers": identifiers(dataset),
        "region_path": sorted({part for code in found["region_codes"] for part in region_path(code)}),
        "series": series_key(title),
        "incomplete_count": len(found["incomplete"]),
        **spoken(title, provider),
    }
    return {key: value for key, value in found.items() if value not in (None, "", [])}


def spoken(title: str, provider: Iterable[str]) -> dict[str, Any]:
    """The pinyin fields: syllables and initials of the title and of each provider name."""
    names = list(provider)
    return {
        "title_pinyin": " ".join(syllables(title)),
        "title_initials": " ".join(initials(title)),
        "provider_pinyin": [" ".join(syllables(name)) for name in names],
        "provider_initials": [" ".join(initials(name)) for name in names],
    }


def item_names(dataset: Mapping[str, Any]) -> list[str]:
    """Names of the 数据项, in order."""
    items = dataset.get("items")
    if isinstance(items, str):
        try:
            items = json.loads(items)
        except ValueError:
            return []
    if not isinstance(items, list):
        return []
    names = [_text(item.get("name")) if isinstance(item, Mapping) else _text(item) for item in items[:_MOST_VALUES]]
    return [name[:200] for name in names if name]


def provider_names(dataset: Mapping[str, Any]) -> list[str]:
    """Title of the providing organization and its 内部部门."""
    organization = dataset.get("organization")
    names = [organization.get("title") if isinstance(organization, Mapping) else None, dataset.get("provider_unit")]
    return [name for name in map(_text, names) if name]


def identifiers(dataset: Mapping[str, Any]) -> list[str]:
    """What a person may paste to find this one entry: its codes, the source's own, the ids inside its address."""
    given = [
        *_strings(dataset.get("codes")),
        _text(dataset.get("source_code")),
        *identifiers_in(_text(dataset.get("url"))),
    ]
    return list(dict.fromkeys(one for one in given if one))


def identifiers_in(url: str) -> list[str]:
    """Ids inside an address: parts and parameter values of four or more letters and digits, with a digit among them.

    >>> identifiers_in("https://data.sh.gov.cn/view/detail/index.html?type=cp&&id=AD4002012016")
    ['AD4002012016']
    """
    return [part for part in _ID_IN_URL.findall(url) if any(map(str.isdigit, part))][:8]


def region_path(code: str) -> list[str]:
    """A county's code with its city's and its province's, so that the city's filter finds the county's data.

    >>> region_path("330106")
    ['330000', '330100', '330106']
    """
    if not _REGION.match(code):
        return []
    code = code[:6]
    return sorted({code[:2] + "0000", code[:4] + "00", code})


def _labels(codes: Mapping[str, Any], label: Label) -> list[str]:
    asked: list[tuple[str, str]] = []
    for table in LABELLED:
        value = codes.get(table)
        asked.extend((table, code) for code in (value if isinstance(value, list) else [value]) if code)
    asked.extend(("region", part) for code in codes["region_codes"] for part in region_path(code))
    return list(dict.fromkeys(name for name in (label(*key) for key in asked) if name))


def _clean(value: Any) -> Any:
    """Strings without control characters and within Lucene's limits; lists flat; anything nested is left out."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        return _CONTROL.sub("", value)[:_LONGEST_STRING]
    if isinstance(value, (list, tuple)):
        texts = (item for item in value[:_MOST_VALUES] if isinstance(item, str) and item)
        return [_CONTROL.sub("", item)[:_LONGEST_STRING] for item in texts]
    return None


def _text(value: Any) -> str:
    return _CONTROL.sub("", value).strip()[:_LONGEST_TEXT] if isinstance(value, str) else ""


def _strings(value: Any) -> list[str]:
    """A list of codes; CKAN stores some multiple choices as a JSON string."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.startswith("[") else [value]
        except ValueError:
            value = [value]
    if not isinstance(value, (list, tuple)):
        return []
    texts = (_text(item)[:_LONGEST_STRING] for item in value[:_MOST_VALUES])
    return list(dict.fromkeys(text for text in texts if text))


def _date(value: Any) -> str | None:
    """Solr's form of a CCYY-MM-DD date; None when it is none."""
    match = _DATE.match(value) if isinstance(value, str) else None
    if not match:
        return None
    try:
        datetime.date.fromisoformat(match[0])
    except ValueError:
        return None
    return f"{match[0]}T00:00:00Z"


def _whole_number(value: Any) -> int | None:
    try:
        number = int(value)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number < 2**63 else None
