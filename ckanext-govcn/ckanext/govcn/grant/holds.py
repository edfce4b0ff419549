"""Suspensions that are somebody else's to lift: what gave a grant (`reference`) registers how it knows its own, so that
a grant need not know where it came from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ckanext.govcn.grant.model import Grant

Check = Callable[["Grant"], bool]
_checks: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """`check` says whether this suspension was made, and is lifted, elsewhere. The same name replaces it."""
    _checks[name] = check


def held(grant: Grant) -> bool:
    """Whether the grant is suspended by what gave it."""
    return grant.suspended_at is not None and any(check(grant) for check in _checks.values())
