"""What a heading means by its name alone: exact synonyms first, then what its parts say.

Fields are those of the entry, and the helper names of `standards/headings.yaml` (remote_id, open_flag,
provider_region, category_level_1, items.*, ignored …). Nothing is decided here: names give scores from 0 to 1, and
`recognise` weighs them with the values of the column.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, cast

import yaml
from ckanext.govcn.catalog import codes

PARENT = " / "  # between a merged parent heading and its child, where the child's name alone is not unique
EXACT, BARE, STRIPPED = 1.0, 0.95, 0.9

_BLANKS = re.compile(r"[\s*＊_-]+")
_BRACKETS = re.compile(r"[(\[【{〔<][^()\[\]【】{}〔〕<>]*[)\]】}〕>]")
_SENTENCE = re.compile(r"[,，。、；;！？!?\d]")
LONGEST = 24  # characters of a heading outside the table of synonyms
_TWIN = re.compile(r"#\d+$")  # the second column of the same name
_MARKS = re.compile(r"^\d{1,2}[.、．]|[:：。;；,，?？*]+$")


def plain(heading: str) -> str:
    """NFKC, lower case, no blanks, line ends, hyphens, underscores or stars, no number before, no colon behind."""
    return _MARKS.sub("", _BLANKS.sub("", unicodedata.normalize("NFKC", heading)).casefold())


def without_brackets(heading: str) -> str:
    """`plain`, with every bracket dropped: 数据量（万条） → 数据量."""
    return _MARKS.sub("", _BRACKETS.sub("", plain(heading)))


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of evidence.yaml: a part of each group in `has`, one of `ends` at the end, none of `not_`."""

    field: str
    has: tuple[tuple[str, ...], ...]
    ends: tuple[str, ...]
    not_: tuple[str, ...]
    score: float

    def holds(self, name: str) -> bool:
        return (
            all(any(part in name for part in group) for group in self.has)
            and (not self.ends or name.endswith(self.ends))
            and not any(part in name for part in self.not_)
        )


@functools.cache
def evidence() -> Mapping[str, Any]:
    """The tables of evidence.yaml beside this file."""
    text = resources.files("harvesters.normalize").joinpath("evidence.yaml").read_text("utf-8")
    return cast("Mapping[str, Any]", yaml.safe_load(text))


@functools.cache
def rules() -> tuple[Rule, ...]:
    found: list[Rule] = []
    for field, listed in cast("dict[str, list[dict[str, Any]]]", evidence()["rules"]).items():
        for rule in listed:
            has = tuple(tuple(plain(str(p)) for p in group) for group in rule.get("has", ()))
            ends = tuple(plain(str(p)) for p in rule.get("ends", ()))
            not_ = tuple(plain(str(p)) for p in rule.get("not", ()))
            found.append(Rule(field, has, ends, not_, float(rule["score"])))
    return tuple(found)


@functools.cache
def synonyms() -> Mapping[str, tuple[str, int]]:
    """Plain heading → (field, place in the field's list: the first is the most usual)."""
    result: dict[str, tuple[str, int]] = {}
    for field, names in cast("dict[str, list[str]]", codes.data("headings")["fields"]).items():
        for place, name in enumerate(names):
            result.setdefault(plain(str(name)), (field, place))
    return result


@functools.cache
def item_synonyms() -> Mapping[str, str]:
    """Plain heading → field of an item (items.name → name)."""
    return {name: field.partition(".")[2] for name, (field, _) in synonyms().items() if field.startswith("items.")}


_ITEM_KEYS = {"name": "name", "namecn": "name", "type": "data_type", "datatype": "data_type", "desc": "description"}
_OF_ITEMS_TOO = {
    "share_type": "share_type",
    "share_condition": "share_condition",
    "open_condition": "open_condition",
    "open_type": "open_type",
    "open_flag": "open_type",
    "title": "name",
    "title_en": "name_en",
}


@functools.lru_cache(maxsize=4096)
def item_field(heading: str) -> str:
    """The field of an item that a heading among 数据项 columns names, or ""."""
    leaf = heading.rpartition(PARENT)[2].partition("#")[0]
    known = item_synonyms()
    if own := known.get(plain(leaf)) or known.get(without_brackets(leaf)):
        return own
    found = exact(leaf)
    return _OF_ITEMS_TOO.get(found[0], "") if found else _ITEM_KEYS.get(plain(leaf), "")


@functools.cache
def is_negated(heading: str) -> bool:
    """Does the heading ask the opposite of its field (是否必选 for 是否可空)?"""
    listed = cast("dict[str, list[str]]", codes.data("headings").get("negated", {}))
    leaf = plain(heading.rpartition(PARENT)[2].partition("#")[0])
    return any(leaf == plain(name) for names_ in listed.values() for name in names_)


@functools.cache
def _prefixes() -> tuple[str, ...]:
    listed = cast("list[str]", codes.data("headings")["drop_prefixes"])
    return tuple(sorted((plain(p) for p in listed), key=len, reverse=True))


def exact(heading: str) -> tuple[str, float, int] | None:
    """(field, score, place) when the table knows the heading, as it is, without brackets or without its prefix."""
    return _exact(heading, synonyms())


def _exact(heading: str, known: Mapping[str, tuple[str, int]]) -> tuple[str, float, int] | None:
    for name, score in ((plain(heading), EXACT), (without_brackets(heading), BARE)):
        if name in known:
            return known[name][0], score, known[name][1]
    name = without_brackets(heading)
    for prefix in _prefixes():
        rest = name.removeprefix(prefix)
        if rest != name and rest in known:
            return known[rest][0], STRIPPED, known[rest][1]
    return None


@functools.lru_cache(maxsize=4096)
def names(heading: str, without: frozenset[str] = frozenset()) -> Mapping[str, tuple[float, int]]:
    """Field → (score, place in the table) for all the heading may mean by its name.

    `without` leaves synonyms out: what is still found without them is what generalises.
    """
    known = {k: v for k, v in synonyms().items() if k not in without} if without else synonyms()
    leaf = _TWIN.sub("", heading.rpartition(PARENT)[2])
    outer, _, last = leaf.rpartition(".")
    result = _by_parts(without_brackets(leaf) or plain(leaf))
    found = _exact(leaf, known) or _exact(last, known)
    if found and (not outer or found[0] in result or not result):
        result[found[0]] = found[1], found[2]
    return result or (_by_parts(without_brackets(last)) if outer else result)


def _by_parts(name: str) -> dict[str, tuple[float, int]]:
    """What the rules of evidence.yaml say of a name; of a path (organization.name) the whole counts."""
    result: dict[str, tuple[float, int]] = {}
    for rule in rules():
        if rule.field not in result and rule.holds(name):
            result[rule.field] = rule.score, 99
    return result


@functools.cache
def _parents() -> Mapping[str, str]:
    return {plain(name): kind for name, kind in cast("dict[str, str]", codes.data("headings")["parents"]).items()}


def parent_kind(parent: str) -> str:
    """What a merged parent heading is about: items, format, share, open … or ""."""
    return _parents().get(plain(parent)) or _parents().get(without_brackets(parent)) or ""


def is_known(heading: str) -> bool:
    """Would a person call this a heading? Used to find the heading row of a sheet. Sentences and lists are none."""
    if exact(heading) is not None:
        return True
    if len(heading) > LONGEST or _SENTENCE.search(heading):
        return False
    return any(score >= 0.65 for score, _ in names(heading).values())
