"""Which department a provider of a catalogue entry is, PURE.

A department is (行政区划, name): six cities' districts each have a 综合行政执法局. A former name (机构改革) finds the
department of today, a department that ended finds the one that took over. Nothing is guessed: two candidates are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ckanext.govcn.catalog.entry import Provider
from ckanext.govcn.catalog.text import normalize

_LONGEST_SUCCESSION = 20


@dataclass(frozen=True, slots=True)
class Department:
    """One department. `id` is its organization's id, `url_name` its organization's name; dates are CCYY-MM-DD."""

    id: str
    url_name: str
    region_code: str
    name: str
    uscc: str = ""
    former_names: tuple[str, ...] = ()
    successor_id: str = ""
    valid_from: str = ""
    valid_to: str = ""
    confirmed: bool = False


@dataclass(frozen=True)
class Directory:
    """Departments by what a provider says of them."""

    by_id: Mapping[str, Department]
    _by_name: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    _by_former_name: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    _by_uscc: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, departments: Iterable[Department]) -> Directory:
        """The directory of the departments."""
        directory = cls({department.id: department for department in departments})
        for department in directory.by_id.values():
            directory._enter(department)
        return directory

    def _enter(self, department: Department) -> None:
        for region in {department.region_code, ""}:  # "" serves providers that state no region
            self._by_name.setdefault((region, normalize(department.name)), set()).add(department.id)
            for name in department.former_names:
                self._by_former_name.setdefault((region, normalize(name)), set()).add(department.id)
        if department.uscc:
            self._by_uscc.setdefault(department.uscc, set()).add(department.id)

    def find(self, provider: Provider, region: str = "") -> Department | None:
        """The department that the provider is today, or None. `region` stands in where the provider states none."""
        key = (provider.region_code or region, normalize(provider.name))
        ways = (self._by_name.get(key), self._by_former_name.get(key), self._by_uscc.get(provider.uscc))
        for candidates in ways:
            if candidates:
                return self._today(candidates.copy().pop()) if len(candidates) == 1 else None
        return None

    def _today(self, identifier: str) -> Department | None:
        department = self.by_id[identifier]
        for _ in range(_LONGEST_SUCCESSION):
            if not department.successor_id or department.successor_id not in self.by_id:
                return department
            department = self.by_id[department.successor_id]
        return None  # a circle of successors: somebody has to mend it first
