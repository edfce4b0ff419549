"""行政区划 of names: which 三门县 is meant, where 市统计局 sits. GB/T 2260, the source and its other names decide."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from ckanext.govcn.catalog import codes

ENDS = "省市区县旗州盟"
LONGEST = 15  # characters of a region's name
AGREE = 0.6  # this share of the unmistakable names must lie in one city before it settles the others


@functools.cache
def _named() -> dict[str, tuple[str, ...]]:
    """Name → codes that carry it, those in force before former ones."""
    named: dict[str, dict[str, None]] = {}
    former: dict[str, dict[str, None]] = {}
    for code, row in codes.table("region").rows.items():
        into = former if row.get("valid_to") else named
        for name in (row["label"], *row.get("aliases", "").split("|")):
            if name and name not in {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}:
                into.setdefault(name, {})[code] = None
    for name, found in former.items():
        named.setdefault(name, found)
    return {name: tuple(found) for name, found in named.items()}


class Regions:
    """Resolves names for one source. `home` is its own region: six digits stated, or what its names agree on, or ""."""

    def __init__(self, stated: str = "", names: Iterable[str] = ()) -> None:
        self.home = stated or _agreed(names)
        self.inferred = bool(self.home) and not stated
        self._seen: dict[str, str] = {}

    def code(self, name: str) -> str:
        """The code of a region's name or of a code itself; "" when unknown or ambiguous."""
        found = self._seen.get(name)
        if found is None:
            found = self._seen[name] = self._code(name.strip())
        return found

    def of_department(self, name: str) -> str:
        """The region a department's name begins with: 龙游县气象局 → 龙游县, 市统计局 → the source's city."""
        bare = name.removeprefix("中国共产党").removeprefix("中共")
        for prefix in _prefixes(bare):
            if code := self.code(prefix):
                return self._lower(bare[len(prefix) :], code) or code
        return self._own(bare[0]) if bare[:1] in {"省", "市"} else ""

    def _lower(self, rest: str, above: str) -> str:
        """上海市普陀区…: the lower of two regions that follow each other."""
        for prefix in _prefixes(rest):
            inside = [c for c in _named().get(prefix, ()) if c != above and c.startswith(above.rstrip("0"))]
            if len(inside) == 1:
                return inside[0]
        return ""

    def _own(self, level: str) -> str:
        if not self.home:
            return ""
        digits = 2 if level == "省" else 4
        code = self.home[:digits].ljust(6, "0")
        if level == "市" and self.home[2:4] == "00":
            return self.home if self.home[:2] in {"11", "12", "31", "50"} else ""
        return code if code in codes.table("region") else ""

    def _code(self, name: str) -> str:
        if re.fullmatch(r"\d{6}(\d{6})?", name):
            return name[:6] if name[:6] in codes.table("region") else ""
        found = _named().get(name, ())
        if len(found) == 1:
            return found[0]
        for digits in (4, 2):
            near = [c for c in found if self.home and c[:digits] == self.home[:digits]]
            if len(near) == 1:
                return near[0]
        return ""


def _prefixes(name: str) -> Iterator[str]:
    """The beginnings of a name that may be a region's: they end in 省, 市, 区, 县 …"""
    for end in range(2, min(len(name), LONGEST) + 1):
        if name[end - 1] in ENDS:
            yield name[:end]


def _agreed(names: Iterable[str]) -> str:
    """The city (or else the province) in which the unmistakable names lie, or ""."""
    counts: Counter[str] = Counter()
    for name, times in Counter(names).items():
        for text in (name, *_prefixes(name)):
            matches = _named().get(text, ())
            if len(matches) == 1:
                counts[matches[0]] += times
                break
    total = sum(counts.values())
    for digits in (4, 2):
        places: Counter[str] = Counter()
        for code, n in counts.items():
            places[code[:digits]] += n
        for place, n in places.most_common(1):
            if n >= AGREE * total and (digits == 2 or place[2:] != "00"):
                return place.ljust(6, "0")
    return ""
