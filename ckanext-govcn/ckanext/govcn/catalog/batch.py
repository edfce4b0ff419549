"""What the rules need to know of the other entries of one run: codes, titles of others, yearly series."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ckanext.govcn.catalog.entry import CatalogEntry, Provider
from ckanext.govcn.catalog.registry import Context
from ckanext.govcn.catalog.text import normalize

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)(?:年度|年)?")

_Key = tuple[str, str, str]


def series_stem(title: str) -> str:
    """A title without its years, to compare; "" when it has none.

    >>> series_stem("分县区卫生机构数（2019年）") == series_stem("分县区卫生机构数(2020)")
    True
    """
    written = normalize(title)
    stem = _YEAR.sub("#", written)
    return stem if stem != written else ""


def context_of(entries: Iterable[CatalogEntry], base: Context | None = None) -> Context:
    """`base` with the look-ups that concern the run's own entries; the base's own answers come first.

    Only for a run that sees the whole of its source. Memory: one key per entry.
    """
    known = base or Context()
    titles: dict[str, dict[str, None]] = defaultdict(dict)
    series: dict[_Key, dict[str, None]] = defaultdict(dict)
    code_titles: dict[str, str] = {}
    for entry in entries:
        titles[normalize(entry.title)][entry.provider.name] = None
        stem = series_stem(entry.title)
        if stem:
            series[_series_key(entry.provider, stem)][entry.title] = None
        if entry.source_code:
            code_titles.setdefault(entry.source_code, entry.title)

    def providers_of_title(title: str) -> Sequence[str]:
        before = known.providers_of_title(title) if known.providers_of_title else ()
        return tuple(dict.fromkeys([*before, *titles.get(normalize(title), ())]))

    def series_of(entry: CatalogEntry) -> Sequence[str]:
        before = known.series_of(entry) if known.series_of else ()
        stem = series_stem(entry.title)
        own = series.get(_series_key(entry.provider, stem), {}) if stem else {}
        return tuple(t for t in dict.fromkeys([*before, *own]) if normalize(t) != normalize(entry.title))

    def title_of_code(code: str) -> str | None:
        before = known.title_of_code(code) if known.title_of_code else None
        return before if before is not None else code_titles.get(code)

    return replace(known, providers_of_title=providers_of_title, series_of=series_of, title_of_code=title_of_code)


def _series_key(provider: Provider, stem: str) -> _Key:
    return (provider.region_code, normalize(provider.name), stem)
