"""Folding near-duplicates in a page of results: a yearly series, or one title from many districts. PURE."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ckanext.govcn.search.fields import title_group
from ckanext.govcn.search.understand import fold, segment

_HAN = re.compile(r"[\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Group:
    """`first` is the best ranked; `others` are folded below it, newest first."""

    first: Mapping[str, Any]
    others: tuple[Mapping[str, Any], ...] = ()


@functools.lru_cache(maxsize=4096)
def series_key(title: str) -> str:
    """What stays of a title without places, years, numbers and punctuation; the title when too little stays.

    >>> series_key("西湖区2021年停车场信息") == series_key("余杭区停车场信息（2022）")
    True
    """
    without_places = _HAN.sub(lambda found: _without_places(found[0]), fold(title))
    key = title_group(without_places)
    return key if len(key) >= 3 else title


def _without_places(text: str) -> str:
    return "".join(word for word, entry in segment(text) if entry is None or entry.kind != "region")


def folded(packages: Sequence[Mapping[str, Any]]) -> list[Group]:
    """Groups in the order of their best ranked dataset."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for package in packages:
        groups.setdefault(series_key(str(package.get("title") or package.get("name") or "")), []).append(package)
    return [Group(found[0], tuple(sorted(found[1:], key=_date, reverse=True))) for found in groups.values()]


def _date(package: Mapping[str, Any]) -> str:
    return str(package.get("data_updated") or package.get("pub_date") or package.get("metadata_modified") or "")
