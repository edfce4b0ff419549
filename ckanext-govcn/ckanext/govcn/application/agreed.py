"""What the department settles when it agrees: how often, which columns, and how they are delivered. PURE.

Kept with the application, said in the agreement, and given with the grant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ckanext.govcn.grant import limits, terms

LISTS = ("fields", "deliveries")
"""Fields of a step that are names, one in a line."""


def read(given: Mapping[str, str]) -> dict[str, Any]:
    """What is settled, as it is kept and as `giving.give` takes it; what is not said is left out: all columns, by
    download. Raises TermsRefused, naming the field."""
    settled: dict[str, Any] = asdict(limits.read(given))
    named = terms.fields(given.get("fields", "").splitlines() or None)
    ways = terms.deliveries(given.get("deliveries", "").splitlines() or None)
    if named:
        settled["fields"] = list(named)
    if given.get("deliveries"):
        settled["deliveries"] = list(ways)
    return settled


def said(settled: Mapping[str, Any]) -> dict[str, str]:
    """The values of the agreement: `limits`, `fields`, `deliveries`."""
    ways = settled.get("deliveries") or terms.deliveries(None)
    fields, deliveries = terms.said(settled.get("fields") or (), ways)
    return {"limits": limits.said(limits.read(settled)), "fields": fields, "deliveries": deliveries}
