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
            found.extend(_of_characters(token))
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
            letters.extend(syllable[0] for syllable in _of_characters(token))
        else:
            letters.extend(token.lower())
    return letters


@functools.lru_cache(maxsize=20_000)  # providers repeat from dataset to dataset, and each title is asked for twice
def _of_characters(token: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(token, style=Style.NORMAL, errors="ignore"))


@functools.cache
def all_syllables() -> frozenset[str]:
    """Every syllable without tone that some Chinese character has, from pypinyin's own table."""
    characters = "".join(chr(code) for code in pinyin_dict.pinyin_dict if 0x4E00 <= code <= 0x9FA5)
    found = set(lazy_pinyin(list(characters), errors="ignore"))
    return frozenset(
        syllable for syllable in found if syllable in ("a", "e", "o") or re.fullmatch("[a-z]{2,}", syllable)
    )


def read(letters: str) -> list[str] | None:
    """The best reading of Latin letters as pinyin; None when they are not pinyin.

    >>> read("kongqizhiliang")
    ['kong', 'qi', 'zhi', 'liang']
    >>> read("csv") is None
    True
    """
    found = readings(letters)
    return found[0] if found else None


def readings(letters: str, most: int = 4) -> list[list[str]]:
    """Cut Latin letters into pinyin syllables, fewest syllables first: fangan is fan gan and fang an.

    `'` and blanks are cuts that the writer made.
    """
    letters = letters.lower().replace("ü", "v").strip()
    found: list[list[str]] = [[]]
    for part in re.split(r"[\s']+", letters):
        if not re.fullmatch("[a-z]+", part) or len(part) > _MAX_QUERY_LETTERS:
            return []
        cuts = _cuts(part, most)
        found = [[*before, *cut] for before in found for cut in cuts][:most]
    return found


def _cuts(part: str, most: int) -> list[list[str]]:
    """Dynamic programming over the letters: the `most` best cuts; a single letter counts three, it is rarely meant."""
    known = all_syllables()
    best: list[list[tuple[int, list[str]]]] = [[(0, [])]]
    for end in range(1, len(part) + 1):
        found = [
            (cost + (1 if len(syllable) > 1 else 3), [*before, syllable])
            for start, syllable in _endings(part, end)
            if syllable in known
            for cost, before in best[start]
        ]
        best.append(sorted(found, key=lambda one: one[0])[:most])
    return [cut for _, cut in best[-1]]


def _endings(part: str, end: int) -> Iterator[tuple[int, str]]:
    for start in range(max(0, end - _LONGEST_SYLLABLE), end):
        yield start, part[start:end]
