"""Folding near-duplicates: a yearly series, or one title from many districts, is one result. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ckanext.govcn.search.series import series_key


@dataclass(frozen=True, slots=True)
class Group:
    """`first` is the best ranked; `others` are folded below it, newest first, `more` is how many are not among them."""

    first: Mapping[str, Any]
    others: tuple[Mapping[str, Any], ...] = ()
    more: int = 0
    series: str = ""


def grouped(
    firsts: Sequence[Mapping[str, Any]],
    keys: Sequence[str],
    members: Sequence[Mapping[str, Any]],
    counts: Mapping[str, int],
) -> list[Group]:
    """The results of a page with the members of their series.

    `keys` are the series of `firsts`, `members` datasets of any of them in the order to show, `counts` how many
    datasets each series has in all.
    """
    of_series: dict[str, list[Mapping[str, Any]]] = {}
    shown = {first.get("id") for first in firsts}
    for member in members:
        if member.get("id") not in shown:
            of_series.setdefault(series_key(str(member.get("title") or "")), []).append(member)
    found: list[Group] = []
    for first, key in zip(firsts, keys, strict=True):
        others = tuple(of_series.pop(key, ()))
        more = max(0, counts.get(key, 0) - len(others) - 1)
        found.append(Group(first, others, more, key))
    return found
