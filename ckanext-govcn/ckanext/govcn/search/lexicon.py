"""The words that a query is understood by: one read-only lexicon made from the files of `standards/search/`. PURE.

`synonyms.csv` (a line is a set of words that mean the same), `everyday.csv` (what people say → what catalogues call
it), `departments.csv` (name, abbreviations, former names), the table `region` (names and short names of places),
`theme`, and the lists `item_words.txt` (names of columns), `weak.txt`, `generic.txt`, `stop_phrases.txt` and
`region_words.txt`.
"""

from __future__ import annotations

import csv
import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from typing import Literal

from ckanext.govcn.catalog import codes
from ckanext.govcn.search.pinyin import initials, syllables

Kind = Literal["term", "item", "everyday", "department", "region", "weak", "generic", "stop"]

_SYNONYM_WEIGHT = 0.7
_EVERYDAY_WEIGHTS = (1.0, 0.9, 0.8, 0.7, 0.6)
_DEPARTMENT_WEIGHT = 0.95
_PARENT_WEIGHT = 0.3
_NO_PLACES = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
_REGION_ENDINGS = re.compile(r"(?:特别行政区|新区|自治区|自治州|自治县|自治旗|地区|林区|特区|省|市|区|县|盟|旗|州)$")
_PEOPLES = re.compile(
    "(?:各族|蒙古族?|回族|藏族|维吾尔族?|苗族|彝族|壮族|布依族|朝鲜族|满族|侗族|瑶族|白族|土家族|哈尼族|哈萨克族?|傣族|黎族|傈僳族|佤族|畲族"
    "|拉祜族|水族|东乡族|纳西族|景颇族|柯尔克孜族?|土族|达斡尔族|仫佬族|羌族|布朗族|撒拉族|毛南族|仡佬族|锡伯族?|阿昌族|普米族|塔吉克族?"
    "|怒族|鄂温克族?|德昂族|保安族|裕固族|京族|独龙族|鄂伦春|赫哲族|门巴族|珞巴族|基诺族)+$"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A word of the lexicon. `alternatives` are (word, weight 0–1) that find the same, best first, without itself."""

    word: str
    kind: Kind
    alternatives: tuple[tuple[str, float], ...] = ()


@functools.cache
def _text(name: str) -> str:
    return resources.files("ckanext.govcn.standards").joinpath(f"search/{name}").read_text("utf-8")


def _lines(name: str) -> list[str]:
    return [line.strip() for line in _text(name).splitlines() if line.strip() and not line.startswith("#")]


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_text(name).splitlines()))


@functools.cache
def traditional() -> Mapping[int, str]:
    """Traditional character → simplified one, for `str.translate`."""
    return {ord(row["traditional"]): row["simplified"] for row in _rows("traditional.csv")}


@functools.cache
def entries() -> Mapping[str, Entry]:
    """Every word of the lexicon, lower case, simplified. Where a word is in several files the most exact one wins."""
    found: dict[str, Entry] = {}
    weak = set(_lines("weak.txt"))
    sources = (_plain("generic", "generic.txt"), _departments(), _terms(), _everyday(), _regions(), _themes(), _stops())
    for entry in (entry for source in sources for entry in source):
        if entry.word in weak and entry.kind == "term":
            entry = replace(entry, kind="weak")  # noqa: PLW2901 (the word keeps its other words)
        found.setdefault(entry.word, entry)
    for word in weak:
        found.setdefault(word, Entry(word, "weak"))
    return found


def _terms() -> Iterable[Entry]:
    groups: dict[str, dict[str, float]] = defaultdict(dict)
    generic = set(_lines("generic.txt"))
    for line in _lines("synonyms.csv")[1:]:
        words = [word.casefold() for word in line.split("|")]
        for word in words:
            if word not in generic:
                groups[word].update({other: _SYNONYM_WEIGHT for other in words if other != word})
    columns = {word.casefold() for word in _lines("item_words.txt")}
    for word, alternatives in groups.items():
        yield Entry(word, "item" if word in columns else "term", tuple(alternatives.items()))
    for word in sorted(columns - set(groups)):
        yield Entry(word, "item")


def _themes() -> Iterable[Entry]:
    table = codes.table("theme")
    names = (word for code in table.codes for word in (table.label(code), *table.values(code, "aliases")))
    return (Entry(word.casefold(), "term") for word in names if len(word) > 1)


def _everyday() -> Iterable[Entry]:
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for row in _rows("everyday.csv"):
        terms = row["terms"].casefold().split("|")
        weighed = {term: _EVERYDAY_WEIGHTS[min(place, len(_EVERYDAY_WEIGHTS) - 1)] for place, term in enumerate(terms)}
        for word in row["words"].casefold().split("|"):
            found[word].update({term: weight for term, weight in weighed.items() if term != word})
    for word, alternatives in found.items():
        yield Entry(word, "everyday", tuple(alternatives.items()))


def _departments() -> Iterable[Entry]:
    for row in _rows("departments.csv"):
        names = [row["name"], *row["aliases"].split("|"), *row["former_names"].split("|")]
        names = [name.casefold() for name in dict.fromkeys(names) if name]
        for name in names:
            if len(name) > 1:
                others = tuple((other, _DEPARTMENT_WEIGHT) for other in names if other != name and len(other) > 2)
                # 公安, 档案, 烟草: as topics they are words like others
                yield Entry(name, "department" if len(name) > 2 else "term", others if len(name) > 2 else ())


def _regions() -> Iterable[Entry]:
    table = codes.table("region")
    common = set(_lines("region_words.txt"))
    for code in table.codes:
        name = table.label(code)
        if len(name) < 2 or name in _NO_PLACES:
            continue
        short = short_name(name)
        parent = table.attribute(code, "parent")
        municipality = table.label(parent) in _NO_PLACES
        if municipality:  # 市辖区 stands between a municipality and its districts
            parent = table.attribute(parent, "parent")
        above = short_name(table.label(parent)) if parent and (municipality or not parent.endswith("0000")) else ""
        further = ((above, _PARENT_WEIGHT),) if above else ()
        if short != name and len(short) > 1:
            yield Entry(name, "region", ((short, 0.9), *further))
            if short not in common:
                yield Entry(short, "region", further)
        else:
            yield Entry(name, "region", further)


def short_name(region: str) -> str:
    """杭州市 → 杭州, 延边朝鲜族自治州 → 延边; the name itself when too little would stay."""
    short = _REGION_ENDINGS.sub("", region)
    if short != region and len(short) > 2:
        without = _PEOPLES.sub("", short)
        short = without if len(without) > 1 else short
    return short if len(short) > 1 else region


def _plain(kind: Kind, name: str) -> Iterable[Entry]:
    return (Entry(word.casefold(), kind) for word in _lines(name))


def _stops() -> Iterable[Entry]:
    return _plain("stop", "stop_phrases.txt")


@functools.cache
def longest() -> int:
    """Characters of the longest word."""
    return max(map(len, entries()))


@functools.cache
def by_sound() -> Mapping[str, tuple[str, ...]]:
    """Syllables joined by blanks → official words that sound so; Chinese words of two to twelve characters."""
    return _index(lambda word: " ".join(syllables(word)))


@functools.cache
def by_initials() -> Mapping[str, tuple[str, ...]]:
    """Initials → official words, the shortest first."""
    return _index(lambda word: "".join(initials(word)))


def _index(key: object) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for word in spoken_words():
        found[key(word)].append(word)  # type: ignore[operator]
    return {sound: tuple(words) for sound, words in found.items()}


@functools.cache
def spoken_words() -> tuple[str, ...]:
    """Official words of Chinese characters only, terms and departments before places."""
    order = {"term": 0, "item": 0, "department": 1, "region": 2}
    words = [
        entry
        for entry in entries().values()
        if entry.kind in order and 2 <= len(entry.word) <= 12 and re.fullmatch(r"[\u4e00-\u9fff]+", entry.word)
    ]
    return tuple(entry.word for entry in sorted(words, key=lambda entry: order[entry.kind]))


def warm_up() -> None:
    """Make what is made once per process."""
    entries()
    longest()
    by_sound()
    by_initials()
