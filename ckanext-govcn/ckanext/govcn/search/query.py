"""Text typed by a person → Solr parameters. PURE: the portal and the benchmark ask the same functions.

Three kinds of `q` reach the platform: nothing (everything is listed), CKAN's fielded syntax (`title:停车`, used by
programs and by CKAN itself; only where the field exists), and text. A colon in text is text: 12:00 finds 12:00.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Literal

from ckanext.govcn.search import pinyin
from ckanext.govcn.search.exceptions import QuerySyntaxRefused, QueryTooLong
from ckanext.govcn.search.understand import Concept, Understanding, fold, understand

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
        "identifiers",
        "incomplete",
        "incomplete_count",
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
        "series",
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

LONGEST_TEXT = 200  # characters of text that are read; what follows is cut off
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


# ---- how text is answered -------------------------------------------------------------------------------------------
#
# What is found (`fits`): entries that meet something the person named, or share enough of a long text; `words` and
# `bigrams` only score it as it stands (BM25, what Lucene does well). One constant per concept says how well each thing
# the person named is met, by its own word or by another word for it.

WORD_FIELDS = "title^4 tags^1.5 provider^1.5 text^0.6"
BIGRAM_FIELDS = "title_bigram^2 text_bigram^0.4"
# Where a concept is met decides how much it counts.
CONCEPT_FIELDS = (("title_bigram", 10.0), ("tags", 6.0), ("provider_bigram", 5.0), ("text_bigram", 4.0))
DEPARTMENT_FIELDS = (("provider_bigram", 10.0), ("title_bigram", 8.0), ("text_bigram", 3.0))
ITEM_FIELDS = (("title_bigram", 9.0), ("items", 10.0), ("text_bigram", 7.0))
KNOWN = ("term", "item", "department", "region")  # words of the lexicon: looked for whole
KIND_WEIGHTS = {
    "term": 1.0,
    "item": 1.0,
    "everyday": 1.0,
    "department": 1.0,
    "region": 0.8,
    "weak": 0.3,
    "rest": 0.6,
    "latin": 1.0,
}
CONCEPT_WEIGHT = 2.0
SOUND_WEIGHT = 0.35  # a title that only sounds like the query
CODE_WEIGHT = 80
WHOLE_WEIGHT = 6
# What raises an entry a little among those that answer as well: up to 4 % for data updated lately (half after a year),
# 2 % for a complete description, 4 % for being looked at.
GENTLE = (
    "sum(1,"
    "if(exists(data_updated),product(0.04,recip(max(0,ms(NOW/DAY,data_updated)),3.17e-11,1,1)),0),"
    "product(0.02,recip(def(incomplete_count,0),0.25,1,1)),"
    "product(0.04,min(1,div(log(sum(1,def(views_recent,0))),3))))"
)
RUN_FIELDS = "title_bigram^3 text_bigram^0.3"
RUN_SHARE = "40%"  # of the neighbouring characters of a long text that a title has to share
LIKE_A_TITLE = 4  # concepts
MEANT_WEIGHT = 0.5  # of a word that was meant, beside one that was written
MOST_MEANT = 4
_MOST_ALTERNATIVES = 10
_MOST_SEARCHED_EVERYWHERE = 5  # the words after these are looked for in the two best places only
_CODE = re.compile(r"(?=.*\d)[\w./:-]{4,100}", re.ASCII)


def parameters(text: str) -> dict[str, Any]:
    """Solr parameters that answer `text`: q with its referenced parameters, without rows, filters and facets."""
    typed = normalize(text)
    understood = understand(typed)
    if not understood.concepts:  # punctuation, emoji: nothing that could be looked for
        return {"defType": "lucene", "q": "-*:*"}
    sent: dict[str, Any] = {
        "defType": "lucene",
        "q": "",
        "words": "{!edismax qf=$words_qf pf=title^2 mm=0% tie=0.2 v=$text}",
        "words_qf": WORD_FIELDS,
        "bigrams": "{!edismax qf=$bigrams_qf mm=0% tie=0.2 v=$text}",
        "bigrams_qf": BIGRAM_FIELDS,
        "text": scored_text(understood.concepts) or escape(understood.text),
        "whole": whole_clauses(typed),
    }
    fits, beside = ["whole"], ["words", "bigrams"]
    run = title_run(understood)
    if run:
        sent["run"] = f"{{!edismax qf=$run_qf mm={RUN_SHARE} v=$run_text}}"
        sent["run_qf"] = RUN_FIELDS
        sent["run_text"] = escape(run)
        fits.append("run")
    asked: list[tuple[str, Concept]] = []
    for number, concept in enumerate(understood.concepts):
        clauses = concept_clauses(concept)
        if clauses:
            sent[f"c{number}"] = f"{{!maxscore tie=0.05 v=$c{number}v}}"
            sent[f"c{number}v"] = clauses
            asked.append((f"c{number}", concept))
    # who asks for 西湖区 停车 wants parking: the place alone is no answer, unless nothing else was named
    named = [name for name, concept in asked if concept.kind not in ("region", "weak")]
    fits += named if named or run else [name for name, _ in asked]
    beside += [name for name, _ in asked if name not in fits]
    several = [name for name, concept in asked if concept.kind not in ("weak", "rest")]
    if len(several) > 1:  # an entry that meets two things the person named counts twice
        sent["together"] = "{!bool mm=2 " + _any_of(several) + "}"
        beside.append("together")
    sent["fits"] = "{!bool " + _any_of(fits) + "}"
    sent["asked"] = "{!bool must=$fits " + _any_of(beside) + "}"
    sent["gentle"] = GENTLE
    sent["q"] = "{!boost b=$gentle v=$asked}"
    return sent


DATASETS = "datasets"


def folded(filters: Sequence[str], facets: Sequence[str]) -> dict[str, Any]:
    """Parameters beside `parameters` that fold near-duplicates: one of each series is a result, the best of them.

    Facets and the facet query `DATASETS` count every dataset, the folded ones too.
    """
    return {
        "fq": [*filters, "{!collapse field=series nullPolicy=expand tag=fold}"],
        "facet.field": [f"{{!ex=fold key={field}}}{field}" for field in facets],
        "facet.query": f"{{!ex=fold key={DATASETS}}}*:*",
    }


def _any_of(names: Sequence[str]) -> str:
    return " ".join(f"should=${name}" for name in names)


def nearest_parameters(text: str) -> dict[str, Any] | None:
    """When `parameters` found nothing: titles that share most characters with the text. None when it has none."""
    characters = [character for character in fold(normalize(text)) if character.isalnum()]
    if not characters:
        return None
    return {
        "defType": "lucene",
        "q": "{!edismax qf='title_char^2 text_bigram' mm=$nearest_mm v=$nearest_text}",
        "nearest_mm": "1" if len(characters) <= 2 else "50%",
        "nearest_text": escape(" ".join(characters)),
    }


def scored_text(concepts: Sequence[Concept]) -> str:
    """The words that Lucene scores, in edismax syntax.

    Not 信息 and 数据, which every title has; for what no title has (看病, kongqizhiliang) the words meant by it.
    """
    words: list[str] = []
    for concept in concepts:
        if concept.kind in ("everyday", "latin") and concept.alternatives:
            words.extend(
                f"{phrase(word)}^{weight * MEANT_WEIGHT:.2f}" for word, weight in concept.alternatives[:MOST_MEANT]
            )
        if concept.kind == "generic" or (concept.kind == "everyday" and concept.alternatives):
            continue
        words.append(phrase(concept.word) if concept.kind in KNOWN else escape(concept.word))
        if concept.kind == "weak":
            words[-1] += f"^{KIND_WEIGHTS['weak']}"
    return " ".join(words)


def title_run(understood: Understanding) -> str:
    """The whole text but for 信息 and the like, for titles that share any two neighbouring characters with it.

    For text that looks like a title or has a slip in it: what the lexicon knows in full needs no such net.
    """
    kinds = [concept.kind for concept in understood.concepts]
    if "rest" not in kinds and len(kinds) < LIKE_A_TITLE:
        return ""
    return understood.run


def whole_clauses(typed: str) -> str:
    """A title that holds the whole text; the one entry whose code was typed."""
    whole = phrase(fold(typed))
    clauses = [f"title_bigram:{whole}^={WHOLE_WEIGHT}"]
    if _CODE.fullmatch(typed):
        code = phrase(typed)
        clauses += [f"{field}:{code}^={CODE_WEIGHT}" for field in ("identifiers", "id", "name")]
    return " ".join(clauses)


def concept_clauses(concept: Concept) -> str:
    """Lucene syntax: where the concept's own word and each other word for it may stand, each with its constant."""
    if concept.kind == "generic":
        return ""
    weight = CONCEPT_WEIGHT * KIND_WEIGHTS[concept.kind]
    places = {"department": DEPARTMENT_FIELDS, "item": ITEM_FIELDS}.get(concept.kind, CONCEPT_FIELDS)
    words = [(concept.word, 0.3 if concept.kind == "everyday" and concept.alternatives else 1.0), *concept.alternatives]
    clauses: list[str] = []
    for place, (word, factor) in enumerate(without_redundant(words)[:_MOST_ALTERNATIVES]):
        clauses.extend(_clauses(word, weight * factor, places if place < _MOST_SEARCHED_EVERYWHERE else places[:2]))
    sounds = [(" ".join(pinyin.syllables(concept.word)), SOUND_WEIGHT)] if concept.kind == "rest" else []
    sounds += [(sound, 1.0) for sound in concept.sounds]
    for sound, factor in sounds:
        clauses.extend(_sound_clauses(sound, weight * factor))
    if concept.letters:
        spaced = " ".join(concept.letters)
        clauses.append(f'title_initials:"{spaced}"^={weight * 6:.2f}')
        clauses.append(f'provider_initials:"{spaced}"^={weight * 4:.2f}')
    return " ".join(clauses)


def without_redundant(words: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """Without words that contain another one of at least their weight: who holds 市场监管局 holds 市场监管."""
    return [
        (word, weight)
        for word, weight in words
        if not any(other in word and other != word and factor >= weight for other, factor in words)
    ]


def _clauses(word: str, weight: float, places: tuple[tuple[str, float], ...]) -> list[str]:
    quoted = phrase(word)
    if len(word) == 1 and not word.isascii():
        return [f"title_char:{quoted}^={weight * 8:.2f}"]
    return [f"{field}:{quoted}^={weight * factor:.2f}" for field, factor in places]


def _sound_clauses(sound: str, weight: float) -> list[str]:
    parts = sound.split()
    if len(parts) < 2:
        return []
    clauses = [f'title_pinyin:"{sound}"^={weight * 10:.2f}', f'provider_pinyin:"{sound}"^={weight * 6:.2f}']
    if len(parts) >= 4:  # part of a long row still says something
        halves = (" ".join(parts[: len(parts) // 2 + 1]), " ".join(parts[len(parts) // 2 - 1 :]))
        clauses += [f'title_pinyin:"{half}"^={weight * 4:.2f}' for half in halves]
    return clauses


def phrase(word: str) -> str:
    """The word as a phrase of Solr's syntax."""
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
