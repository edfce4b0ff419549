"""One sign-in on its way: what the browser's session keeps between the question and the answer. PURE."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass, fields
from typing import Self, cast

from ckanext.govcn.identity.exceptions import NotBegunHere

SECONDS = 600
LONGEST_PATH = 2000


@dataclass(frozen=True, slots=True)
class Attempt:
    """`state`, `nonce` and `verifier` (PKCE, RFC 7636) are random, for one sign-in; `begun` is in epoch seconds."""

    provider: str
    state: str
    nonce: str
    verifier: str
    came_from: str
    begun: float
    account: str = ""
    """Whose account gets the identity; empty for a sign-in."""

    @classmethod
    def begin(cls, provider: str, came_from: str, now: float, account: str = "") -> Self:
        """A new sign-in with random words of its own."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(provider, state, nonce, verifier, local_path(came_from), now, account)

    @classmethod
    def kept(cls, value: object) -> Self | None:
        """The one that the session holds."""
        if not isinstance(value, dict):
            return None
        given = cast("dict[str, object]", value)
        if set(given) != {each.name for each in fields(cls)}:
            return None
        return cls(**given)  # pyright: ignore[reportArgumentType] - the session is ours and is on the server

    def to_keep(self) -> dict[str, object]:
        """For the session."""
        return asdict(self)

    @property
    def challenge(self) -> str:
        """The verifier's S256 challenge."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def check(self, provider: str, state: str, now: float, account: str = "") -> None:
        """Raises NotBegunHere unless this is the answer to it: from the provider that was asked, in time, to whoever
        asked (`account`: who is logged in now)."""
        same = hmac.compare_digest(self.state.encode(), state.encode())
        if not same or (self.provider, self.account) != (provider, account) or not 0 <= now - self.begun <= SECONDS:
            raise NotBegunHere


def local_path(given: str) -> str:
    """A path of this portal, or nothing: no other host, however it is spelled."""
    usable = given.isprintable() and len(given) <= LONGEST_PATH and "\\" not in given
    return given if usable and given.startswith("/") and not given.startswith("//") else ""
