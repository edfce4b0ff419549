"""提供方: a department is (行政区划, name). Takes apart 【三门县】三门县统计局, 龙游县-县交通局 and plain names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ckanext.govcn.catalog.entry import Provider

from harvesters.normalize.regions import Regions

_BRACKETED = re.compile(r"\s*[【\[]([^】\]]{2,20})[】\]]\s*(.+)", re.S)
_JOINED = re.compile(r"\s*([\u4e00-\u9fff]{2,14})\s*[-—–_/·|:：>]+\s*([\u4e00-\u9fff].*)", re.S)


class Providers:
    """Reads the providers of one source. `renamed`: the source's names → ours (`provider_map`)."""

    def __init__(self, regions: Regions, renamed: Mapping[str, str], default: str) -> None:
        self._regions = regions
        self._renamed = renamed
        self._default = default
        self._seen: dict[tuple[str, str], Provider] = {}

    def read(self, given: str, region: str, default: str = "") -> Provider:
        """`given` as written, `region` what the record says beside it (a name or a code), `default` of the sheet."""
        key = (given or default, region)
        found = self._seen.get(key)
        if found is None:
            found = self._seen[key] = self._read(*key)
        return found

    def _read(self, given: str, region: str) -> Provider:
        text = " ".join((given or self._default).split())
        if text in self._renamed:
            name = self._renamed[text]
            return Provider(name=name, region_code=self._regions.of_department(name) or self._regions.code(region))
        before, name = self._parted(text)
        code = self._regions.code(before) or self._regions.code(region) or self._regions.of_department(name)
        return Provider(name=self._renamed.get(name, name), region_code=code)

    def _parted(self, text: str) -> tuple[str, str]:
        """(region, name); the region is "" and the text whole when what stands before is no region."""
        if found := _BRACKETED.fullmatch(text):
            return found[1], found[2].strip()
        found = _JOINED.fullmatch(text)
        if found and self._regions.code(found[1]):
            return found[1], found[2].strip()
        return "", text
