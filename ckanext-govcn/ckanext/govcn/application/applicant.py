"""Who may submit an application: whoever a provider of 统一身份认证 knows well enough. The others may draft. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ckanext.govcn.application.exceptions import IdentityMissing, TrustTooLow
from ckanext.govcn.identity.identity import Level, trusted_enough


@dataclass(frozen=True, slots=True)
class Requirement:
    """`least` is a level of the scale, or empty for any; `levels` the scale, the lowest first."""

    least: str = ""
    levels: Mapping[str, Level] = field(default_factory=dict[str, Level])


def check(required: Requirement | None, trust: str | None) -> None:
    """Raises IdentityMissing, TrustTooLow. `trust`: the applicant's level, None without an identity."""
    if required is None:
        return
    if trust is None:
        raise IdentityMissing
    if not trusted_enough(trust, required.least, required.levels):
        raise TrustTooLow(required.levels.get(required.least), required.levels.get(trust))
