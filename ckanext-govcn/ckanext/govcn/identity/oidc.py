"""OpenID Connect Core 1.0: authorization code with PKCE; the ID token's signature and claims are checked. PURE.

Discovery and keys are asked for at every sign-in: sign-ins are rare, and a key that was withdrawn is refused at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, cast

import jwt

from ckanext.govcn.identity.attempt import Attempt
from ckanext.govcn.identity.exceptions import AnswerInvalid
from ckanext.govcn.identity.identity import Identity, identity_of
from ckanext.govcn.identity.provider import CodeProvider, Wire, json_object

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Those with a public key. A shared secret signs nothing here: whoever knows it could sign for everybody."""
REQUIRED = ("iss", "aud", "exp", "iat", "sub", "nonce")
MOST_KEYS = 50
_FAULTS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, "expired"),
    (jwt.ImmatureSignatureError, "not_yet"),
    (jwt.InvalidIssuerError, "issuer"),
    (jwt.InvalidAudienceError, "audience"),
    (jwt.InvalidAlgorithmError, "algorithm"),
    (jwt.MissingRequiredClaimError, "claims"),
    (jwt.InvalidSignatureError, "signature"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc(CodeProvider):
    """`issuer` is compared letter by letter. `userinfo`: the UserInfo endpoint is asked for what the token leaves out.
    Endpoints that are given are not discovered."""

    protocol: ClassVar[str] = "oidc"

    issuer: str
    scope: str = "openid profile"
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256", "EdDSA")
    leeway: int = 60
    userinfo: bool = False
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    jwks_uri: str = ""
    userinfo_endpoint: str = ""

    def question(self, attempt: Attempt, callback: str, wire: Wire) -> str:
        endpoint = self._endpoints(wire)("authorization_endpoint")
        return self.asked(endpoint, attempt, callback, {"nonce": attempt.nonce})

    def identify(
        self, query: Mapping[str, str], attempt: Attempt, callback: str, wire: Wire, now: datetime
    ) -> Identity:
        if query.get("iss", self.issuer) != self.issuer:  # RFC 9207
            raise AnswerInvalid(rule="issuer")
        endpoint = self._endpoints(wire)
        tokens = self.exchanged(endpoint("token_endpoint"), query, attempt, callback, wire)
        claims = self._claims(tokens.get("id_token"), attempt, json_object(wire.get(endpoint("jwks_uri"))))
        if self.userinfo:
            bearer = {"Authorization": f"Bearer {access_token(tokens)}"}
            more = json_object(wire.get(endpoint("userinfo_endpoint"), bearer))
            if more.get("sub") != claims["sub"]:  # 5.3.2
                raise AnswerInvalid(rule="subject")
            claims = more | claims
        return identity_of(self.name, self.answer, claims, now)

    def _endpoints(self, wire: Wire) -> Any:
        """Name → address, given or discovered (OpenID Connect Discovery 1.0)."""
        found: dict[str, Any] = {}

        def endpoint(name: str) -> str:
            given = cast("str", getattr(self, name))
            if not given and not found:
                document = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
                found.update(json_object(wire.get(self.address(document))))
                if found.get("issuer") != self.issuer:
                    raise AnswerInvalid(rule="issuer")
            return self.address(given or found.get(name))

        return endpoint

    def _claims(self, token: object, attempt: Attempt, jwks: Mapping[str, Any]) -> dict[str, Any]:
        """The claims of an ID token that was signed for us, for this sign-in, and is still valid."""
        if not isinstance(token, str):
            raise AnswerInvalid(rule="id_token")
        try:
            header = jwt.get_unverified_header(token)
            algorithm = header.get("alg")
            if algorithm not in self.algorithms:
                raise AnswerInvalid(rule="algorithm")
            claims: dict[str, Any] = jwt.decode(
                token,
                _key(jwks, header, algorithm),
                algorithms=[algorithm],
                audience=self.client_id,
                issuer=self.issuer,
                leeway=self.leeway,
                options={"require": list(REQUIRED)},
            )
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):  # a key or a claim beyond all shape
            raise AnswerInvalid(rule="id_token") from None
        except jwt.PyJWTError as error:
            rule = next((rule for kind, rule in _FAULTS if isinstance(error, kind)), "id_token")
            raise AnswerInvalid(rule=rule) from None  # what caused it may quote the token
        if claims["nonce"] != attempt.nonce:
            raise AnswerInvalid(rule="nonce")
        several = isinstance(claims["aud"], list) and len(cast("list[Any]", claims["aud"])) > 1
        if claims.get("azp", None if several else self.client_id) != self.client_id:  # 3.1.3.7
            raise AnswerInvalid(rule="audience")
        return claims


def access_token(tokens: Mapping[str, Any], name: str = "access_token") -> str:
    """Raises AnswerInvalid."""
    found = tokens.get(name)
    if not isinstance(found, str) or not found or not found.isascii() or not found.isprintable():
        raise AnswerInvalid(rule="access_token")
    return found


def _key(jwks: Mapping[str, Any], header: Mapping[str, Any], algorithm: str) -> jwt.PyJWK:
    """The one key of the set that may have signed this: by its id where the token names one."""
    listed = jwks.get("keys")
    keys = cast("list[Any]", listed)[:MOST_KEYS] if isinstance(listed, list) else []
    fitting = [
        cast("dict[str, Any]", key)
        for key in keys
        if isinstance(key, dict)
        and cast("dict[str, Any]", key).get("kty") != "oct"
        and cast("dict[str, Any]", key).get("use", "sig") == "sig"
        and cast("dict[str, Any]", key).get("alg", algorithm) == algorithm
        and ("kid" not in header or cast("dict[str, Any]", key).get("kid") == header["kid"])
    ]
    if len(fitting) != 1:
        raise AnswerInvalid(rule="key")
    return jwt.PyJWK(fitting[0], algorithm)
