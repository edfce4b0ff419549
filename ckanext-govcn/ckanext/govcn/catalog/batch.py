"""What the rules need to know of the other entries of one run: codes, titles of others, yearly series."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from ckanext.govcn.catalog.entry import CatalogEntry, Provider
from ckanext.govcn.catalog.registry import Context
from ckanext.govcn.catalog.text import normalize

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)(?:年度|年)?")

_Key = tuple[str, str, str]
_Hashable = TypeVar("_Hashable", bound=Hashable)


def series_stem(title: str) -> str:
    """A title without its years, to compare; "" when it has none.

    >>> series_stem("分县区卫生机构数（2019年）") == series_stem("分县区卫生机构数(2020)")
    True
    """
    written = normalize(title)
    stem = _YEAR.sub("#", written)
    return stem if stem != written else ""


class _Several(Generic[_Hashable]):
    """Texts by key, each once and in the order they came. Most keys have one: only the others get a list.

    Keys are kept as their hashes, 64 bits that nobody outside can steer.
    """

    def __init__(self) -> None:
        self._first: dict[int, str] = {}
        self._more: dict[int, dict[str, None]] = {}

    def add(self, key: _Hashable, text: str) -> None:
        place = hash(key)
        first = self._first.setdefault(place, text)
        if first != text:
            self._more.setdefault(place, {first: None})[text] = None

    def of(self, key: _Hashable) -> Sequence[str]:
        place = hash(key)
        if place in self._more:
            return tuple(self._more[place])
        return (self._first[place],) if place in self._first else ()


def context_of(entries: Iterable[CatalogEntry], base: Context | None = None) -> Context:
    """`base` with the look-ups that concern the run's own entries; the base's own answers come first.

    Only for a run that sees the whole of its source. Memory: some hundred bytes for each title, each title of a series
    and each code, so that a source of a hundred thousand entries costs a few tens of megabytes.
    """
    known = base or Context()
    titles: _Several[str] = _Several()
    series: _Several[_Key] = _Several()
    code_titles: dict[str, str] = {}
    for entry in entries:
        titles.add(normalize(entry.title), entry.provider.name)
        stem = series_stem(entry.title)
        if stem:
            series.add(_series_key(entry.provider, stem), entry.title)
        if entry.source_code:
            code_titles.setdefault(entry.source_code, entry.title)

    def providers_of_title(title: str) -> Sequence[str]:
        before = known.providers_of_title(title) if known.providers_of_title else ()
        return tuple(dict.fromkeys([*before, *titles.of(normalize(title))]))

    def series_of(entry: CatalogEntry) -> Sequence[str]:
        before = known.series_of(entry) if known.series_of else ()
        stem = series_stem(entry.title)
        own = series.of(_series_key(entry.provider, stem)) if stem else ()
        return tuple(t for t in dict.fromkeys([*before, *own]) if normalize(t) != normalize(entry.title))

    def title_of_code(code: str) -> str | None:
        before = known.title_of_code(code) if known.title_of_code else None
        return before if before is not None else code_titles.get(code)

    return replace(known, providers_of_title=providers_of_title, series_of=series_of, title_of_code=title_of_code)


def _series_key(provider: Provider, stem: str) -> _Key:
    return (provider.region_code, normalize(provider.name), stem)
