"""OAuth 2.0 (RFC 6749) with a user-information endpoint, as most provincial platforms have it. PURE.

Nothing here is signed: the answer is believed because the platform itself asked the configured address for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from ckanext.govcn.identity.attempt import Attempt
from ckanext.govcn.identity.exceptions import AnswerInvalid
from ckanext.govcn.identity.identity import Identity, Path, identity_of, text_at
from ckanext.govcn.identity.provider import CodeProvider, Wire, json_object, with_query

TOKEN_IN = ("header", "query", "form")


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2(CodeProvider):
    """`token`: where the token endpoint's answer has the access token. `token_in`: how the user-information endpoint
    wants it: header (RFC 6750), query or form. `success`: what an answer says when it is one, by its place."""

    protocol: ClassVar[str] = "oauth2"

    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    token: Path = ("access_token",)
    token_in: str = "header"  # noqa: S105 - a place, not a password
    success_at: Path = ()
    success_values: tuple[str, ...] = ()

    def question(self, attempt: Attempt, callback: str, wire: Wire) -> str:
        return self.asked(self.address(self.authorization_endpoint), attempt, callback, {})

    def identify(
        self, query: Mapping[str, str], attempt: Attempt, callback: str, wire: Wire, now: datetime
    ) -> Identity:
        tokens = self.exchanged(self.address(self.token_endpoint), query, attempt, callback, wire)
        token = text_at(tokens, self.token)
        if not token or not token.isascii() or not token.isprintable():
            raise AnswerInvalid(rule="access_token")
        answer = json_object(self._userinfo(token, wire))
        if self.success_at and text_at(answer, self.success_at) not in self.success_values:
            raise AnswerInvalid(rule="success")
        return identity_of(self.name, self.answer, answer, now)

    def _userinfo(self, token: str, wire: Wire) -> bytes:
        endpoint = self.address(self.userinfo_endpoint)
        if self.token_in == "query":  # noqa: S105 - a place, not a password
            return wire.get(with_query(endpoint, {"access_token": token}))
        if self.token_in == "form":  # noqa: S105
            return wire.post(endpoint, {"access_token": token})
        return wire.get(endpoint, {"Authorization": f"Bearer {token}"})
