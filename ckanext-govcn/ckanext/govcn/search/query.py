"""Text typed by a person → Solr parameters. PURE: the portal and the benchmark ask the same functions.

Three kinds of `q` reach the platform: nothing (everything is listed), CKAN's fielded syntax (`title:停车`, used by
programs and by CKAN itself; only where the field exists), and text. A colon in text is text: 12:00 finds 12:00.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Literal

from ckanext.govcn.search.exceptions import QuerySyntaxRefused, QueryTooLong

Kind = Literal["all", "fielded", "text"]

# May stand before a colon: the indexed fields of config/solr/conf/schema.xml; a test compares them.
KNOWN_FIELDS = frozenset(
    [
        "access_mode",
        "author",
        "capacity",
        "catalog_status",
        "categories",
        "codes",
        "creator_user_id",
        "data_source",
        "data_updated",
        "dataset_type",
        "entity_type",
        "format_class",
        "formats",
        "groups",
        "id",
        "incomplete",
        "index_id",
        "indexed_ts",
        "industry",
        "item_count",
        "item_names",
        "items",
        "labels",
        "license",
        "license_id",
        "maintainer",
        "metadata_created",
        "metadata_modified",
        "name",
        "name_ngram",
        "notes",
        "num_resources",
        "open_type",
        "organization",
        "owner_org",
        "permission_labels",
        "private",
        "provider",
        "provider_bigram",
        "provider_initials",
        "provider_pinyin",
        "pub_date",
        "record_count",
        "region_codes",
        "region_path",
        "related_codes",
        "res_description",
        "res_format",
        "res_name",
        "res_type",
        "res_url",
        "security_level",
        "share_type",
        "site_id",
        "source_code",
        "source_name",
        "state",
        "tags",
        "temporal_end",
        "temporal_start",
        "text",
        "text_bigram",
        "theme",
        "title",
        "title_bigram",
        "title_char",
        "title_en",
        "title_group",
        "title_initials",
        "title_ngram",
        "title_pinyin",
        "title_string",
        "type",
        "update_cycle",
        "url",
        "version",
        "views_recent",
        "views_total",
    ]
)
_EVERYTHING = frozenset({"", "*:*", "*", '""', "''"})
_FIELDED = re.compile(r"(?:^|[\s(+\-!])(\w+):(?=\S)", re.ASCII)

LONGEST_TEXT = 500  # characters of text that are read; what follows is cut off
LONGEST_QUERY = 20_000  # of q or one fq; CKAN itself sends lists of ids
_DEEPEST = 12
_MOST_WILDCARDS = 6
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_REGULAR_EXPRESSION = re.compile(r"(?:^|[\s(:+\-!])/.*?/", re.DOTALL)


def kind_of(q: str) -> Kind:
    """Which of the three kinds of query `q` is."""
    if q.strip() in _EVERYTHING or not normalize(q):
        return "all"
    names = _FIELDED.findall(_QUOTED.sub('""', q))
    return "fielded" if any(name in KNOWN_FIELDS or name.startswith("vocab_") for name in names) else "text"


def refuse_hostile(value: str) -> None:
    """Refuse what could occupy the server, in a fielded query or a filter.

    Raises `QueryTooLong` or `QuerySyntaxRefused`.
    """
    if len(value) > LONGEST_QUERY:
        raise QueryTooLong(len(value), LONGEST_QUERY)
    bare = _QUOTED.sub('""', value)
    deepest = depth = 0
    for character in bare:
        depth += {"(": 1, ")": -1}.get(character, 0)
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise QuerySyntaxRefused("多层嵌套括号")
    if _REGULAR_EXPRESSION.search(bare):
        raise QuerySyntaxRefused("正则表达式")
    if bare.count("*") + bare.count("?") > _MOST_WILDCARDS:
        raise QuerySyntaxRefused("大量通配符")
    if re.search(r":[*?]\w", bare):
        raise QuerySyntaxRefused("前置通配符")


def normalize(text: str) -> str:
    """NFKC, control characters to blanks, one blank between words, at most `LONGEST_TEXT` characters."""
    text = unicodedata.normalize("NFKC", _CONTROL.sub(" ", text[: LONGEST_TEXT * 4]))
    return " ".join(_CONTROL.sub(" ", text).split())[:LONGEST_TEXT]


_SPECIAL = re.compile(r'([+\-&|!(){}\[\]^"~*?:\\/<>=])')


def escape(text: str) -> str:
    """Text with every operator of Solr's query parsers made harmless, AND, OR and NOT included."""
    return _SPECIAL.sub(r"\\\1", text).replace("AND", "and").replace("OR", "or").replace("NOT", "not")


WORD_FIELDS = "title^5 title_en^2 tags^2 provider^2 items^1.5 labels^1 text^0.5"
BIGRAM_FIELDS = "title_bigram^3 provider_bigram^1 text_bigram^0.5"


def parameters(text: str) -> dict[str, Any]:
    """Solr parameters that answer `text`: q with its referenced parameters, without rows, filters and facets."""
    escaped = escape(normalize(text))
    return {
        "q": "{!bool should=$words should=$bigrams should=$codes}",
        "words": "{!edismax qf=$words_qf pf=$words_pf mm=$words_mm tie=0.3 v=$words_v}",
        "words_qf": WORD_FIELDS,
        "words_pf": "title^3",
        "words_mm": "1",
        "words_v": escaped,
        "bigrams": "{!edismax qf=$bigrams_qf mm=1 tie=0.3 v=$words_v}",
        "bigrams_qf": BIGRAM_FIELDS,
        "codes": "{!dismax qf='codes^20 source_code^20 id^20 name^10' mm=1 v=$words_v}",
        "defType": "lucene",
    }
