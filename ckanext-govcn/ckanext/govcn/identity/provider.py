"""What the three protocols have in common. PURE: how the bytes travel is the caller's."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol, cast
from urllib.parse import quote_plus, urlencode, urlsplit

from ckanext.govcn.identity.attempt import Attempt
from ckanext.govcn.identity.exceptions import AnswerInvalid, ProviderRefused, ProviderUnreachable
from ckanext.govcn.identity.identity import Identity, Reading

Secret = Callable[[], str]
LONGEST_WORD = 4096


class Wire(Protocol):
    """Requests to a provider, each within limits. Raises ProviderUnreachable, AnswerInvalid (status)."""

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> bytes: ...

    def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider(ABC):
    """One 统一身份认证. `seconds` and `most_bytes` hold for each of its answers."""

    protocol: ClassVar[str]

    name: str
    title: str
    title_en: str
    answer: Reading
    allow_http: bool = False
    ca_file: str = ""
    seconds: float = 10.0
    most_bytes: int = 262_144

    @abstractmethod
    def question(self, attempt: Attempt, callback: str, wire: Wire) -> str:
        """The address to which the browser is sent. Raises ProviderUnreachable, AnswerInvalid."""

    @abstractmethod
    def identify(
        self, query: Mapping[str, str], attempt: Attempt, callback: str, wire: Wire, now: datetime
    ) -> Identity:
        """Who came back to `callback` with `query`. Raises ProviderRefused, ProviderUnreachable, AnswerInvalid."""

    def address(self, url: object) -> str:
        """An address of the provider's that may be used. Raises ProviderUnreachable."""
        if not isinstance(url, str) or not is_address(url, allow_http=self.allow_http):
            raise ProviderUnreachable(why="地址不可用", why_en="an address cannot be used")
        return url


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeProvider(Provider):
    """Those that give a code for a token (RFC 6749). `client_authentication`: basic, post or none (RFC 6749, 2.3)."""

    client_id: str
    client_secret: Secret = field(default=lambda: "", repr=False)
    client_authentication: str = "basic"
    scope: str = ""
    pkce: bool = True

    def asked(self, endpoint: str, attempt: Attempt, callback: str, more: Mapping[str, str]) -> str:
        """The authorization request."""
        asking = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": callback,
            "state": attempt.state,
        }
        if self.scope:
            asking["scope"] = self.scope
        if self.pkce:
            asking |= {"code_challenge": attempt.challenge, "code_challenge_method": "S256"}
        return with_query(endpoint, {**asking, **more})

    def exchanged(
        self, endpoint: str, query: Mapping[str, str], attempt: Attempt, callback: str, wire: Wire
    ) -> dict[str, Any]:
        """What the token endpoint gives for the code."""
        form = {"grant_type": "authorization_code", "code": word(query, "code"), "redirect_uri": callback}
        headers = {"Accept": "application/json"}
        if self.pkce:
            form["code_verifier"] = attempt.verifier
        if self.client_authentication == "basic":
            headers["Authorization"] = basic(self.client_id, self.client_secret())
        else:
            form["client_id"] = self.client_id
            if self.client_authentication == "post":
                form["client_secret"] = self.client_secret()
        return json_object(wire.post(endpoint, form, headers))


def word(query: Mapping[str, str], name: str) -> str:
    """The code or ticket that came back. Raises ProviderRefused where there is none, AnswerInvalid for no word."""
    given = query.get(name, "")
    if query.get("error") or not given:
        raise ProviderRefused
    if len(given) > LONGEST_WORD or not given.isascii() or not given.isprintable():
        raise AnswerInvalid(rule=name)
    return given


def basic(name: str, password: str) -> str:
    """HTTP Basic of a client, whose name and secret are form-encoded first (RFC 6749, 2.3.1)."""
    return "Basic " + b64encode(f"{quote_plus(name)}:{quote_plus(password)}".encode()).decode()


def json_object(content: bytes) -> dict[str, Any]:
    """A JSON object. Raises AnswerInvalid, which holds nothing of it."""
    try:
        found: object = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise AnswerInvalid(rule="json")
    return cast("dict[str, Any]", found)


def is_address(url: str, *, allow_http: bool) -> bool:
    """https with a host, or http where the operator allows it; no user, no fragment."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for what is no port
    except ValueError:
        return False
    schemes = {"https", "http"} if allow_http else {"https"}
    plain = url.isprintable() and " " not in url and "\\" not in url
    return plain and parts.scheme in schemes and bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment


def with_query(url: str, values: Mapping[str, str]) -> str:
    """The address with more in its query."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(values)}"
