"""Which characters of a title answer the query, for marking them on the page. PURE."""

from __future__ import annotations

import unicodedata
from itertools import groupby

from ckanext.govcn.search.query import normalize
from ckanext.govcn.search.understand import fold, understand

MOST_ALTERNATIVES = 6
LONGEST_TEXT = 500


def marks(text: str, q: str) -> list[tuple[str, bool]]:
    """`text` in pieces, each with whether it answers `q`; joined they are `text` again.

    >>> marks("西湖区停车场信息", "停車場")
    [('西湖区', False), ('停车场', True), ('信息', False)]
    """
    words = _words(q)
    plain = "".join(_one(character) for character in text[:LONGEST_TEXT])
    marked = [False] * len(text)
    for word in words:
        start = plain.find(word)
        while start >= 0:
            marked[start : start + len(word)] = [True] * len(word)
            start = plain.find(word, start + len(word))
    pieces = groupby(zip(text, marked, strict=True), key=lambda one: one[1])
    return [("".join(character for character, _ in piece), is_marked) for is_marked, piece in pieces]


def _words(q: str) -> list[str]:
    found: list[str] = []
    for concept in understand(normalize(q)).concepts:
        if concept.kind != "generic":
            found.append(concept.word)
            found.extend(word for word, _ in concept.alternatives[:MOST_ALTERNATIVES])
    return [word for word in dict.fromkeys(found) if len(word) > 1]


def _one(character: str) -> str:
    """Folded as the index folds, but always one character for one."""
    folded = fold(unicodedata.normalize("NFKC", character))
    return folded if len(folded) == 1 else character
