"""Whose entry is it: the provider a source states for a record, and the department that this is. PURE.

`fixed`: every entry belongs to the source's department, and a record that names another department is refused.
`map`: the source's table turns the names it uses into departments. `create`: what is not yet a department becomes
one, unless its name is a role. What stays unknown is proposed to the bureau, and its records wait. A list of another
portal (profile `portal`) that names no department at all, or a role, is taken as 待完善: one organization holds such
entries until their department is known.

A list that does not say where it is, and whose names do not tell either (市司法局), makes departments without a
行政区划. They belong to that source alone, since the 市司法局 of another city is another department; once the source
states its region they get it and keep their datasets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from ckanext.govcn.catalog.entry import Provider
from ckanext.govcn.catalog.text import normalize
from ckanext.govcn.department import naming
from ckanext.govcn.department.resolution import Directory

from harvesters.source import Source

UNKNOWN = "E05"
TAKE_OVER = "H02"
MAX_NAME = 100
"""Characters of a department's name; something longer is a sentence that stands in the wrong column."""


PENDING = Provider("提供方待完善")
"""The organization that holds entries whose department nobody has named yet."""


@dataclass(frozen=True, slots=True)
class NoOwner:
    """Why a record has no owner: the rule, and the Chinese sentence."""

    rule: str
    message: str


@dataclass(slots=True)
class Owners:
    """Finds owners for one run. `create` makes an organization of a provider and returns its id, or "" if it must not.

    `region`: where the source is, as it states or as its own names agree on. `unplaced`: ids of the departments
    without a 行政区划 that hold entries of no other source; `place` gives one of them its region and name.
    """

    source: Source
    directory: Directory
    create: Callable[[Provider], str]
    region: str = ""
    unplaced: Collection[str] = ()
    place: Callable[[str, Provider], None] = lambda _id, _provider: None
    proposed: Counter[Provider] = field(default_factory=Counter[Provider])
    _holder: str = ""
    _made: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def owner_of(self, given: Provider) -> tuple[Provider, str] | NoOwner:
        """The provider as the entry is to name it and its organization's id, or why there is none."""
        provider = self._stated(given)
        if isinstance(provider, NoOwner):
            return provider
        if not naming.tidy(provider.name) or naming.is_role(provider.name):
            return self._pending(provider)
        owner = self._made.get(_key(provider)) or self._known(provider)
        if owner is None and self._may_create(provider):
            owner = self._made[_key(provider)] = self._new(provider)
        return (provider, owner) if owner else self._unknown(provider)

    def _known(self, provider: Provider) -> str | None:
        if self.source.providers == "create" and not provider.region_code:
            return self._without_region(provider)
        found = self.directory.find(provider)
        return found.id if found else None

    def _without_region(self, provider: Provider) -> str | None:
        """The source's own department of this name: one of another place or source may only be called alike."""
        names = {normalize(provider.name), normalize(self._marked(provider).name)}
        known = (self.directory.by_id.get(each) for each in self.unplaced)
        return next((each.id for each in known if each and normalize(each.name) in names), None)

    def _new(self, provider: Provider) -> str:
        if not provider.region_code:
            taken = any(
                not each.region_code and normalize(each.name) == normalize(provider.name)
                for each in self.directory.by_id.values()
            )
            return self.create(self._marked(provider) if taken else provider)
        here = provider.region_code == (self.region or self.source.region)
        owner = self._without_region(provider) if here else None
        if owner is None:
            return self.create(provider)
        self.place(owner, provider)
        return owner

    def _marked(self, provider: Provider) -> Provider:
        """The name told apart from that of another source's department without a region."""
        return replace(provider, name=f"{provider.name}（{self.source.name}）")

    def _may_create(self, provider: Provider) -> bool:
        return self.source.providers == "create" and len(provider.name) <= MAX_NAME

    def _stated(self, given: Provider) -> Provider | NoOwner:
        region = given.region_code or self.region or self.source.region
        mapped = self.source.provider_map.values()  # the reader has put our names in place of theirs
        if self.source.providers == "map" and given.name not in mapped:
            return self._unknown(replace(given, region_code=region))
        if self.source.providers == "fixed" and self.source.provider:
            return self._fixed(given)
        return replace(given, name=naming.tidy(given.name), region_code=region)

    def _fixed(self, given: Provider) -> Provider | NoOwner:
        own = Provider(self.source.provider, self.source.region, uscc="", unit=given.unit)
        if not given.name or normalize(given.name) == normalize(own.name):
            return own
        mine, theirs = (self.directory.find(each, self.source.region) for each in (own, given))
        if theirs is not None and (mine is None or theirs.id != mine.id):
            return NoOwner(
                TAKE_OVER,
                f"该来源只归集“{own.name}”的目录，本条的提供方是“{given.name}”。请由该部门自己的来源归集。",
            )
        return own

    def _pending(self, provider: Provider) -> tuple[Provider, str] | NoOwner:
        """No department is named: a department's own catalogue is sent back, another portal's list is 待完善."""
        if self.source.profile == "portal":
            if not self._holder:
                self._holder = self.create(PENDING)
            if self._holder:
                return Provider(region_code=provider.region_code), self._holder
        if provider.name:
            return NoOwner(UNKNOWN, f"提供方“{provider.name}”是账号角色，不是部门。请填写部门全称。")
        return NoOwner(UNKNOWN, "没有提供方。请补充信息资源提供方。")

    def _unknown(self, provider: Provider) -> NoOwner:
        self.proposed[Provider(naming.tidy(provider.name), provider.region_code, provider.uscc)] += 1
        return NoOwner(
            UNKNOWN, f"提供方“{provider.name}”不是本平台的部门，已报数据主管部门确认，确认后重新归集即可入库。"
        )


def _key(provider: Provider) -> tuple[str, str]:
    return provider.region_code, normalize(provider.name)
