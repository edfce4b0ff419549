"""Template helpers of 授权."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan import model

from ckanext.govcn.access import people, rules
from ckanext.govcn.access.rules import DELIVERIES
from ckanext.govcn.dataset import forms
from ckanext.govcn.dataset.language import say
from ckanext.govcn.grant import offered, persons
from ckanext.govcn.grant.states import Role
from ckanext.govcn.grant.terms import DELIVERY_NAMES

DELIVERY_NAMES_EN = {"download": "Downloads", "interface": "Interface", "other": "Another way, outside the platform"}
_DECIDERS = frozenset({Role.PROVIDER, Role.BUREAU})


def govcn_grant_offered(package_id: str) -> offered.Offered | None:
    """What may be granted of a dataset, for those who decide; None for everybody else: it names columns of files."""
    package = model.Package.get(package_id)
    held = persons.roles(persons.asking(forms.asking())[0], package, "")
    return offered.offered(package) if package is not None and held & _DECIDERS else None


def govcn_grant_delivery(name: str) -> str:
    """A 提供方式 in the reader's language."""
    return say(DELIVERY_NAMES.get(name, name), DELIVERY_NAMES_EN.get(name, name))


def govcn_grant_deliveries() -> list[dict[str, str]]:
    """All 提供方式 for a form."""
    return [{"value": name, "text": govcn_grant_delivery(name)} for name in DELIVERIES]


def govcn_grant_without_copy(dataset: Mapping[str, Any]) -> frozenset[str]:
    """Ids of the resources of a conditional dataset that nobody can download: the platform has no copy of them."""
    package = model.Package.get(str(dataset.get("id") or ""))
    if package is None or rules.level_of(people.what_of(package)) != "conditional":
        return frozenset()
    return frozenset(offered.without_copy(package.id))
