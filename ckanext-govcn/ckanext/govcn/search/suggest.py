"""Suggestions while a person types: what is asked of Solr, and which titles are shown. PURE."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from ckanext.govcn.catalog import codes
from ckanext.govcn.search import pinyin
from ckanext.govcn.search.query import normalize, phrase
from ckanext.govcn.search.understand import fold

LONGEST = 40  # characters of what was typed that are looked at
MOST = 8
ASKED = 40  # titles asked for: many have the same text
MOST_ITEMS = 3

_LETTERS = re.compile(r"[a-z' ]+")


def parameters(typed: str) -> dict[str, Any] | None:
    """Solr parameters for titles and items that fit what was typed; None when nothing can be looked for."""
    text = fold(normalize(typed))[:LONGEST].strip()
    clauses = _title_clauses(text)
    if not clauses:
        return None
    return {
        "defType": "lucene",
        "q": " ".join(clauses),
        "fl": "title",
        "rows": ASKED,
        "facet": "true",
        "facet.field": "item_names",
        "facet.prefix": text,
        "facet.limit": MOST_ITEMS,
        "facet.mincount": 1,
    }


def _title_clauses(text: str) -> list[str]:
    if not text or not any(map(str.isalnum, text)):
        return []
    if _LETTERS.fullmatch(text):
        return _sound_clauses(text)
    if len(text) == 1:
        return [f"title_char:{phrase(text)}"]
    return [f"title_bigram:{phrase(text)}^3", f"title:{phrase(text)}"]


def _sound_clauses(letters: str) -> list[str]:
    """Pinyin as far as it is typed: the last syllable may be cut off (tingchech)."""
    plain = letters.replace(" ", "").replace("'", "")
    clauses = [f"title_bigram:{phrase(letters.strip())}"]
    if 2 <= len(plain) <= 12:
        clauses.append(f"title_initials:{phrase(' '.join(plain))}^2")
    for end in range(len(letters), max(1, len(letters) - 5), -1):
        readings = pinyin.readings(letters[:end])
        if readings:
            clauses.extend(f"title_pinyin:{phrase(' '.join(reading))}^4" for reading in readings[:2])
            break
    return clauses


def themes(typed: str) -> list[tuple[str, str]]:
    """(code, label) of the themes whose name or pinyin begins with or holds what was typed."""
    text = fold(normalize(typed))[:LONGEST].replace(" ", "")
    if len(text) < 2:
        return []
    table = codes.table("theme")
    found = [(code, table.label(code)) for code in table.codes]
    return [(code, label) for code, label in found if text in label or _sounds_like(label, text)][:2]


def _sounds_like(label: str, letters: str) -> bool:
    return "".join(pinyin.syllables(label)).startswith(letters) or "".join(pinyin.initials(label)).startswith(letters)


def distinct(titles: Iterable[str], most: int) -> list[str]:
    """Each title once, the order kept."""
    return list(dict.fromkeys(title for title in titles if title))[:most]


def answer(
    titles: Sequence[str], departments: Sequence[tuple[str, str]], items: Sequence[str], typed: str
) -> list[dict[str, str]]:
    """What the page shows: `kind` is title, department, theme or item; `value` is what the link needs."""
    shown = [{"kind": "title", "text": title, "value": title} for title in distinct(titles, MOST - 2)]
    shown += [{"kind": "department", "text": title, "value": name} for name, title in departments[:2]]
    shown += [{"kind": "theme", "text": label, "value": code} for code, label in themes(typed)]
    shown += [{"kind": "item", "text": item, "value": item} for item in items[:MOST_ITEMS]]
    return shown[: MOST + 2]
