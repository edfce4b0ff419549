"""Understanding a query: which words it has, what else they are called, what was probably meant. PURE.

    "杭州哪里可以停车" → 杭州 (region) · 哪里可以 (dropped) · 停车 (everyday: 停车场, 泊位 …)

Nothing is decided here about fields and scores; that is `query`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ckanext.govcn.search import lexicon, pinyin

Kind = Literal["term", "item", "everyday", "department", "region", "weak", "generic", "rest", "latin"]

_CHUNK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[a-z0-9][a-z0-9.&+#-]*", re.IGNORECASE)
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_YEAR = re.compile(r"(?:19|20)\d\d")
_MOST_CONCEPTS = 16
_CORRECTED_WEIGHT = 0.9
_NEAR_WEIGHT = 0.6
_INITIALS_WEIGHT = 0.8


@dataclass(frozen=True, slots=True)
class Concept:
    """One word of the query with the other words that find the same: (word, weight 0–1)."""

    word: str
    kind: Kind
    alternatives: tuple[tuple[str, float], ...] = ()
    sounds: tuple[str, ...] = ()  # readings of Latin letters as syllables joined by blanks
    letters: str = ""  # Latin letters that may be initials


@dataclass(frozen=True, slots=True)
class Understanding:
    """`text` is the query without dropped words, simplified; `corrections` are (as written, probably meant).

    `run` is the text as it was written, blanks where words stood that every title has.
    """

    text: str
    concepts: tuple[Concept, ...]
    run: str = ""
    dropped: tuple[str, ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()


def fold(text: str) -> str:
    """Simplified characters, lower case. Width and blanks are `query.normalize`'s."""
    return text.translate(lexicon.traditional()).casefold()


@functools.lru_cache(maxsize=2048)
def understand(text: str) -> Understanding:
    """Understand normalised text."""
    concepts: list[Concept] = []
    dropped: list[str] = []
    corrections: list[tuple[str, str]] = []
    kept: list[str] = []
    run: list[str] = []
    for chunk in _CHUNK.findall(fold(text)):
        if _HAN.match(chunk):
            run.append(" ")
            for concept in _chinese(chunk, corrections):
                run.append(" " if concept.kind == "generic" else concept.word)
                if concept.kind == "rest" and (concept.word in _stop_words() or (len(concept.word) == 1 < len(chunk))):
                    dropped.append(concept.word)
                else:
                    concepts.append(concept)
                    kept.append(concept.word)
        else:
            concepts.append(_latin(chunk))
            kept.append(chunk)
            run.append(f" {chunk} ")
    if not concepts:  # only stop words: they are all there is
        concepts = [Concept(word, "rest") for word in dropped]
        kept, dropped = dropped, []
    return Understanding(
        " ".join(kept),
        tuple(concepts[:_MOST_CONCEPTS]),
        " ".join("".join(run).split()),
        tuple(dropped),
        tuple(dict.fromkeys(corrections)),
    )


@functools.cache
def _stop_words() -> frozenset[str]:
    return frozenset(entry.word for entry in lexicon.entries().values() if entry.kind == "stop")


def _chinese(chunk: str, corrections: list[tuple[str, str]]) -> Iterator[Concept]:
    pieces = segment(chunk)
    ends = dict(_doubtful(pieces))
    position = 0
    while position < len(pieces):
        end = ends.get(position, position + 1)
        written = "".join(word for word, _ in pieces[position:end])
        entry = pieces[position][1] if end == position + 1 else None
        position = end
        if entry is None:
            meant = correct(written)
            if meant:
                corrections.append((written, meant[0][0]))
            yield Concept(written, "rest", tuple(_with_synonyms(meant)))
        elif entry.kind == "stop":
            yield Concept(written, "rest")
        else:
            yield Concept(written, entry.kind, entry.alternatives)


def _with_synonyms(meant: tuple[tuple[str, float], ...]) -> Iterator[tuple[str, float]]:
    for word, weight in meant:
        yield word, weight
        for other, factor in lexicon.entries()[word].alternatives[:4]:
            yield other, weight * factor


Piece = tuple[str, "lexicon.Entry | None"]


def segment(chunk: str) -> list[Piece]:
    """Cut Chinese characters into words of the lexicon and what is left between them.

    The cut with the greatest sum of squared word lengths wins; stop phrases count half, left-over characters a little.
    """
    known = lexicon.entries()
    longest = lexicon.longest()
    best: list[tuple[float, list[Piece]]] = [(0.0, [])]
    for end in range(1, len(chunk) + 1):
        score, pieces = best[end - 1]
        choice: tuple[float, list[Piece]] = (score + 0.1, _with_rest(pieces, chunk[end - 1]))
        for start in range(max(0, end - longest), end):
            word = chunk[start:end]
            entry = known.get(word)
            if entry is None or (len(word) == 1 and len(chunk) > 1 and entry.kind != "stop"):
                continue
            gain = len(word) ** 2 * (0.5 if entry.kind == "stop" else 1.0)
            if best[start][0] + gain > choice[0]:
                choice = (best[start][0] + gain, [*best[start][1], (word, entry)])
        best.append(choice)
    return best[-1][1]


def _with_rest(pieces: list[Piece], character: str) -> list[Piece]:
    if pieces and pieces[-1][1] is None:
        return [*pieces[:-1], (pieces[-1][0] + character, None)]
    return [*pieces, (character, None)]


def _doubtful(pieces: list[Piece]) -> list[tuple[int, int]]:
    """Runs of left-over characters with their short neighbours: where a slip may have broken a word."""
    found: list[tuple[int, int]] = []
    for place, (word, entry) in enumerate(pieces):
        if entry is not None or len(word) > 4:
            continue
        for start, end in ((place - 1, place + 1), (place, place + 2), (place - 1, place + 2)):
            if start < 0 or end > len(pieces):
                continue
            written = "".join(part for part, _ in pieces[start:end])
            if 3 <= len(written) <= 10 and correct(written):
                found.append((start, end))
                break
    return found


@functools.lru_cache(maxsize=4096)
def correct(written: str) -> tuple[tuple[str, float], ...]:
    """Words of the lexicon that `written` probably is a slip of: same sound first, then one character different."""
    if len(written) < 2 or written in lexicon.entries():
        return ()
    same = lexicon.by_sound().get(" ".join(pinyin.syllables(written)), ())
    if same:
        return tuple((word, _CORRECTED_WEIGHT) for word in same[:3])
    if len(written) < 4:
        return ()
    # 空气质量和 is no slip of 空气质量: it contains it
    near = {w: _NEAR_WEIGHT for key in _holes(written) for w in _near().get(key, ()) if w not in written}
    return tuple(list(near.items())[:3])


def _holes(word: str) -> Iterator[str]:
    """Every form of the word with one character left out, and with one replaced by ?."""
    yield word
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]
        yield word[:place] + "?" + word[place + 1 :]


@functools.cache
def _near() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for word in lexicon.spoken_words():
        if len(word) >= 4:
            for key in _holes(word):
                found[key] = (*found.get(key, ()), word)
    return found


def _latin(chunk: str) -> Concept:
    """Latin letters: a word of the lexicon, pinyin, initials, or just themselves."""
    entry = lexicon.entries().get(chunk)
    if entry and entry.kind != "stop":
        return Concept(chunk, entry.kind, entry.alternatives)
    if not chunk.isalpha():
        return Concept(chunk, "latin")
    readings = pinyin.readings(chunk)
    if readings:
        sounds = tuple(" ".join(reading) for reading in readings)
        meant = tuple(dict.fromkeys(word for sound in sounds for word in lexicon.by_sound().get(sound, ())[:3]))
        alternatives = tuple((word, 1.0) for word in meant) or tuple(_spoken_parts(readings[0]))
        return Concept(chunk, "latin", _expanded(alternatives), sounds, chunk if len(chunk) <= 4 else "")
    words = lexicon.by_initials().get(chunk, ())[:3] if 2 <= len(chunk) <= 12 else ()
    alternatives = tuple((word, _INITIALS_WEIGHT) for word in words)
    return Concept(chunk, "latin", _expanded(alternatives), (), chunk if len(chunk) <= 24 else "")


def _spoken_parts(reading: list[str]) -> Iterator[tuple[str, float]]:
    """Words of the lexicon inside a long row of syllables, longest first from the left."""
    position = 0
    while position < len(reading):
        for end in range(min(len(reading), position + 12), position + 1, -1):
            words = lexicon.by_sound().get(" ".join(reading[position:end]), ())
            if words:
                yield from ((word, 0.5) for word in words[:2])
                position = end
                break
        else:
            position += 1


def _expanded(alternatives: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    found = dict(alternatives)
    for word, weight in alternatives:
        for other, factor in lexicon.entries()[word].alternatives[:4]:
            found.setdefault(other, weight * factor * 0.8)
    return tuple(found.items())
