"""Set-based helpers for internal writers of many datasets: a harvest asks once per batch, not once per dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ckanext.govcn.dataset import assignment
from ckanext.govcn.dataset import model as register
from ckanext.govcn.dataset.assignment import Assignment
from ckanext.govcn.department import model as departments

Wanted = tuple[Sequence[str], str, Sequence[str]]
"""(categories, owner's organization id, codes the dataset has already)."""


def assign_codes(session: Any, datasets: Sequence[Wanted]) -> list[Assignment]:
    """The codes of each dataset, in the order given, in a handful of statements whatever the number.

    Runs in the caller's transaction. Put `codes`, `provisional` and `former` (→ related_codes) into the dataset dicts
    as `codes`, `code_provisional` and `related_codes`; saving a dataset binds its codes to it.
    """
    nodes = departments.nodes_of(session, [owner for categories, owner, _ in datasets if not categories])
    wanted: list[str] = []
    for categories, owner, present in datasets:  # first pass: which nodes need a new code
        assignment.assign(categories, nodes.get(owner, ""), present, lambda new: wanted.extend(new) or list(new))
    reserved = iter(register.reserve(session, wanted))
    return [
        assignment.assign(categories, nodes.get(owner, ""), present, lambda new: [next(reserved) for _ in new])
        for categories, owner, present in datasets
    ]
