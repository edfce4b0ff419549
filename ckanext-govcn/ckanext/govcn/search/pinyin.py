"""Pinyin of Chinese text, made when a dataset is indexed, and the reading of pinyin typed into the search box. PURE.

Two forms are indexed, each one token a character: syllables (空气质量 → kong qi zhi liang) and initials (k q z l).
A query of Latin letters is cut into syllables where it can be, and is read as initials otherwise.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from pypinyin import Style, lazy_pinyin, pinyin_dict

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_TOKEN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[a-z0-9]+", re.IGNORECASE)
_MAX_QUERY_LETTERS = 80
_LONGEST_SYLLABLE = 6  # zhuang


def syllables(text: str) -> list[str]:
    """One syllable a Chinese character, without tones; Latin words and numbers stay whole, lower case.

    >>> syllables("PM2.5空气质量")
    ['pm2', '5', 'kong', 'qi', 'zhi', 'liang']
    """
    found: list[str] = []
    for token in _TOKEN.findall(text):
        if _HAN.match(token):
            found.extend(lazy_pinyin(token, style=Style.NORMAL, errors="ignore"))
        else:
            found.append(token.lower())
    return found


def initials(text: str) -> list[str]:
    """The first letter of each syllable; Latin words and numbers letter by letter.

    >>> initials("空气质量")
    ['k', 'q', 'z', 'l']
    """
    letters: list[str] = []
    for token in _TOKEN.findall(text):
        if _HAN.match(token):
            letters.extend(syllable[0] for syllable in lazy_pinyin(token, style=Style.NORMAL, errors="ignore"))
        else:
            letters.extend(token.lower())
    return letters


@functools.cache
def all_syllables() -> frozenset[str]:
    """Every syllable without tone that some Chinese character has, from pypinyin's own table."""
    characters = "".join(chr(code) for code in pinyin_dict.pinyin_dict if 0x4E00 <= code <= 0x9FA5)
    found = set(lazy_pinyin(list(characters), errors="ignore"))
    return frozenset(
        syllable for syllable in found if syllable in ("a", "e", "o") or re.fullmatch("[a-z]{2,}", syllable)
    )


def read(letters: str) -> list[str] | None:
    """Cut Latin letters into pinyin syllables, fewest syllables first; None when they are not pinyin.

    `'` and blanks are cuts that the writer made.

    >>> read("kongqizhiliang")
    ['kong', 'qi', 'zhi', 'liang']
    >>> read("csv") is None
    True
    """
    letters = letters.lower().replace("ü", "v")
    found: list[str] = []
    for part in re.split(r"[\s']+", letters.strip()):
        if not part.isascii() or not part.isalpha() or len(part) > _MAX_QUERY_LETTERS:
            return None
        cut = _cut(part)
        if cut is None:
            return None
        found.extend(cut)
    return found or None


def _cut(part: str) -> list[str] | None:
    """Dynamic programming over the letters: the fewest syllables; one letter counts three, it is rarely meant."""
    known = all_syllables()
    best: list[tuple[int, list[str]] | None] = [(0, [])] + [None] * len(part)
    for end in range(1, len(part) + 1):
        for start, syllable in _endings(part, end):
            before = best[start]
            if before is None or syllable not in known:
                continue
            cost = before[0] + (1 if len(syllable) > 1 else 3)
            now = best[end]
            if now is None or cost < now[0]:
                best[end] = (cost, [*before[1], syllable])
    last = best[len(part)]
    return last[1] if last else None


def _endings(part: str, end: int) -> Iterator[tuple[int, str]]:
    for start in range(max(0, end - _LONGEST_SYLLABLE), end):
        yield start, part[start:end]
