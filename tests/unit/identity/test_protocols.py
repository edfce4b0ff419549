"""The three protocols against a provider, and every attack that must fail. Everybody is made up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
from ckanext.govcn.identity.attempt import Attempt
from ckanext.govcn.identity.cas import Cas, answer_of
from ckanext.govcn.identity.exceptions import AnswerInvalid, ProviderRefused, ProviderUnreachable
from ckanext.govcn.identity.identity import Choice, Identity, Reading
from ckanext.govcn.identity.oauth2 import OAuth2
from ckanext.govcn.identity.oidc import Oidc
from ckanext.govcn.identity.provider import Provider
from contracts.identity_provider import CLIENT, KID, PERSON, SECRET, IdentityProvider, ec_key, public_jwk, rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CALLBACK = "https://portal.test/govcn/identity/p/callback"
NOW = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass
class Direct:
    """The way to a provider in the same process."""

    provider: IdentityProvider

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> bytes:
        return self._content(self.provider.answer("GET", url, {}, headers or {}))

    def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> bytes:
        return self._content(self.provider.answer("POST", url, form, headers or {}))

    def _content(self, answer: tuple[int, str, bytes]) -> bytes:
        if answer[0] != 200:
            raise AnswerInvalid(rule="status")
        return answer[2]


def _reading(*before: str, subject: str = "sub") -> Reading:
    kind = Choice((*before, "user_type"), {"1": "person", "2": "legal_person"})
    trust = Choice((*before, "auth_level"), {"2": "basic", "3": "strong"})
    return Reading((subject,) if subject == "user" else (*before, subject), (*before, "name"), kind, trust)


def _shared(reading: Reading) -> dict[str, Any]:
    return {"name": "p", "title": "示例", "title_en": "Example", "answer": reading, "allow_http": True}


def oidc(provider: IdentityProvider, **more: Any) -> Oidc:
    client = {"client_id": CLIENT, "client_secret": lambda: SECRET}
    return Oidc(**_shared(_reading()), **({"issuer": provider.url} | client | more))


def oauth2(provider: IdentityProvider, **more: Any) -> OAuth2:
    client = {"client_id": CLIENT, "client_secret": lambda: SECRET}
    places = {
        "authorization_endpoint": f"{provider.url}/authorize",
        "token_endpoint": f"{provider.url}/token",
        "userinfo_endpoint": f"{provider.url}/userinfo",
        "success_at": ("code",),
        "success_values": ("0",),
    }
    return OAuth2(**_shared(_reading("data", "user")), **(places | client | more))


def cas(provider: IdentityProvider, **more: Any) -> Cas:
    return Cas(**_shared(_reading("attributes", subject="user")), server=provider.url, **more)


def sign_in(
    asked: Provider, provider: IdentityProvider, change: Callable[[dict[str, str]], object] = lambda query: None
) -> Identity:
    """The whole way; `change` alters what comes back to the portal."""
    attempt, wire = Attempt.begin("p", "/", time.time()), Direct(provider)
    back = provider.visit(asked.question(attempt, CALLBACK, wire))
    assert back.startswith(CALLBACK)
    query = dict(parse_qsl(urlsplit(back).query))
    assert query["state"] == attempt.state
    change(query)
    return asked.identify(query, attempt, CALLBACK, wire, NOW)


EVERY = pytest.mark.parametrize("make", [oidc, oauth2, cas])


@EVERY
def test_the_straight_way(make: Callable[..., Provider]) -> None:
    provider = IdentityProvider()
    found = sign_in(make(provider), provider)
    assert found == Identity("p", PERSON["sub"], PERSON["name"], "person", "strong", NOW)
    assert not provider.codes
    assert not provider.tickets


@EVERY
def test_a_legal_person_whose_level_nobody_explained(make: Callable[..., Provider]) -> None:
    provider = IdentityProvider(person=PERSON | {"user_type": 2, "auth_level": "9"})
    found = sign_in(make(provider), provider)
    assert (found.kind, found.trust) == ("legal_person", "")


@EVERY
@pytest.mark.parametrize(("change", "rule"), [({"sub": ""}, "subject"), ({"user_type": "7"}, "kind")])
def test_who_it_is_has_to_be_said(make: Callable[..., Provider], change: dict[str, str], rule: str) -> None:
    provider = IdentityProvider(person=PERSON | change)
    assert refused(make(provider), provider) == rule


@EVERY
def test_nothing_of_the_person_is_in_what_is_shown(make: Callable[..., Provider]) -> None:
    provider = IdentityProvider(person=PERSON | {"sub": "secret-subject", "name": "secret-name"})
    found = sign_in(make(provider), provider)
    assert "secret" not in repr(found) + str(found)


@EVERY
def test_the_persons_own_no(make: Callable[..., Provider]) -> None:
    provider = IdentityProvider()

    def cancel(query: dict[str, str]) -> None:
        query.pop("code", None)
        query.pop("ticket", None)
        query["error"] = "access_denied"

    with pytest.raises(ProviderRefused):
        sign_in(make(provider), provider, cancel)


@pytest.mark.parametrize("authentication", ["basic", "post"])
@pytest.mark.parametrize("pkce", [True, False])
def test_clients_of_every_kind(authentication: str, pkce: bool) -> None:
    provider = IdentityProvider()
    for make in (oidc, oauth2):
        assert sign_in(make(provider, client_authentication=authentication, pkce=pkce), provider).trust == "strong"


@pytest.mark.parametrize("token_in", ["header", "query", "form"])
def test_every_place_of_an_access_token(token_in: str) -> None:
    provider = IdentityProvider()
    assert sign_in(oauth2(provider, token=("data", "token"), token_in=token_in), provider).kind == "person"


def test_an_answer_that_says_it_is_none() -> None:
    provider = IdentityProvider()
    provider.instead["/userinfo"] = (200, "", json.dumps({"code": 1, "data": {"user": PERSON}}).encode())
    assert refused(oauth2(provider), provider) == "success"


def test_cas_2_without_attributes() -> None:
    provider = IdentityProvider()
    reading = Reading(("user",), ("attributes", "name"), Choice(default="person"), Choice(default="basic"))
    asked = Cas(**_shared(reading), server=provider.url, validate="/serviceValidate")
    assert sign_in(asked, provider) == Identity("p", PERSON["sub"], "", "person", "basic", NOW)


def test_an_elliptic_key() -> None:
    provider = IdentityProvider(keys=[public_jwk(ec_key())])
    provider.token = lambda claims: provider.signed(claims, ec_key(), "ES256")
    assert sign_in(oidc(provider), provider).kind == "person"


def test_what_the_token_leaves_out_is_asked_for() -> None:
    provider = IdentityProvider(claims={"name": None, "user_type": None, "auth_level": None})
    assert refused(oidc(provider), provider) == "kind"
    assert sign_in(oidc(provider, userinfo=True), provider).name == PERSON["name"]


# ── attacks


def refused(
    asked: Provider, provider: IdentityProvider, change: Callable[[dict[str, str]], object] = lambda q: None
) -> str:
    with pytest.raises(AnswerInvalid) as caught:
        sign_in(asked, provider, change)
    return caught.value.facts["rule"]


@EVERY
def test_a_replayed_code_or_ticket(make: Callable[..., Provider]) -> None:
    provider = IdentityProvider()
    asked, attempt, wire = make(provider), Attempt.begin("p", "/", time.time()), Direct(provider)
    query = dict(parse_qsl(urlsplit(provider.visit(asked.question(attempt, CALLBACK, wire))).query))
    asked.identify(query, attempt, CALLBACK, wire, NOW)
    with pytest.raises(AnswerInvalid):
        asked.identify(query, attempt, CALLBACK, wire, NOW)


@EVERY
def test_a_code_or_ticket_of_another_sign_in(make: Callable[..., Provider]) -> None:
    """An attacker's code in the victim's browser: the verifier, nonce or service of the victim's attempt do not fit."""
    provider = IdentityProvider()
    asked, wire = make(provider), Direct(provider)
    attackers = provider.visit(asked.question(Attempt.begin("p", "/", 0), CALLBACK, wire))
    query = dict(parse_qsl(urlsplit(attackers).query))
    with pytest.raises(AnswerInvalid):
        asked.identify(query, Attempt.begin("p", "/", 0), CALLBACK, wire, NOW)


@EVERY
@pytest.mark.parametrize("given", ["x" * 5000, "a\r\nb", "门票"])
def test_a_code_or_ticket_beyond_all_shape(make: Callable[..., Provider], given: str) -> None:
    provider = IdentityProvider()
    assert refused(make(provider), provider, lambda q: q.update(code=given, ticket=given)) in ("code", "ticket")


@pytest.mark.parametrize(
    ("claims", "rule"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "claims"),
        ({"aud": "another"}, "audience"),
        ({"aud": None}, "claims"),
        ({"aud": [CLIENT, "another"]}, "audience"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "audience"),
        ({"azp": "another"}, "audience"),
        ({"iss": "https://elsewhere.test"}, "issuer"),
        ({"iss": "http://provider.test/"}, "issuer"),
        ({"exp": int(time.time()) - 3600}, "expired"),
        ({"exp": None}, "claims"),
        ({"exp": "soon"}, "id_token"),
        ({"iat": int(time.time()) + 3600}, "not_yet"),
        ({"nbf": int(time.time()) + 3600}, "not_yet"),
        ({"iat": None}, "claims"),
        ({"sub": None}, "claims"),
        ({"sub": 12}, "id_token"),
    ],
)
def test_a_token_that_is_not_for_this_sign_in(claims: dict[str, Any], rule: str) -> None:
    provider = IdentityProvider(claims=claims)
    assert refused(oidc(provider), provider) == rule


def test_several_audiences_of_which_this_is_the_party() -> None:
    provider = IdentityProvider(claims={"aud": [CLIENT, "another"], "azp": CLIENT})
    assert sign_in(oidc(provider), provider).kind == "person"


def _encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _none(claims: dict[str, Any]) -> str:
    return f"{_encoded({'alg': 'none', 'kid': KID})}.{_encoded(claims)}."


def _public_key_as_secret(claims: dict[str, Any]) -> str:
    """The classic: HS256 with the public key as the secret."""
    pem = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = f"{_encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': KID})}.{_encoded(claims)}"
    mac = hmac.new(pem, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _client_secret(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, SECRET, "HS256", {"kid": KID})


def _another_key(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, rsa_key(1), "RS256", {"kid": KID})


def _own_key_in_header(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, rsa_key(1), "RS256", {"kid": KID, "jwk": public_jwk(rsa_key(1))})


def _unknown_key(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, rsa_key(), "RS256", {"kid": "another"})


def _elliptic_by_rsa_key(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, ec_key(), "ES256", {"kid": KID})


def _altered(claims: dict[str, Any]) -> str:
    head, _, tail = jwt.encode(claims, rsa_key(), "RS256", {"kid": KID}).split(".")
    return f"{head}.{_encoded(claims | {'sub': 'somebody-else'})}.{tail}"


@pytest.mark.parametrize(
    ("token", "rule"),
    [
        (_none, "algorithm"),
        (_public_key_as_secret, "algorithm"),
        (_client_secret, "algorithm"),
        (_another_key, "signature"),
        (_own_key_in_header, "signature"),
        (_unknown_key, "key"),
        (_elliptic_by_rsa_key, "id_token"),
        (_altered, "signature"),
        (lambda claims: "no token", "id_token"),
        (lambda claims: "a.b.c", "id_token"),
        (lambda claims: None, "id_token"),
    ],
)
def test_a_token_that_the_provider_did_not_sign(token: Callable[[dict[str, Any]], str], rule: str) -> None:
    provider = IdentityProvider(token=token)
    assert refused(oidc(provider), provider) == rule


@pytest.mark.parametrize(
    "keys",
    [
        [],
        ["no key"],
        [public_jwk(), public_jwk()],
        [public_jwk(use="enc")],
        [public_jwk(alg="PS256")],
        [{"kty": "oct", "k": "c2VjcmV0", "kid": KID}],
        [{"kty": "RSA", "kid": KID}],
        [{"kty": "RSA", "kid": KID, "n": 5, "e": []}],
    ],
)
def test_a_key_set_without_the_one_key(keys: list[Any]) -> None:
    provider = IdentityProvider(keys=keys)
    assert refused(oidc(provider), provider) in ("key", "id_token")


def test_another_issuer_answers() -> None:
    """RFC 9207, and a discovery document that is another's."""
    provider = IdentityProvider()
    assert refused(oidc(provider), provider, lambda query: query.update(iss="https://elsewhere.test")) == "issuer"
    discovery = provider.discovery() | {"issuer": "https://elsewhere.test"}
    provider.instead["/.well-known/openid-configuration"] = (200, "", json.dumps(discovery).encode())
    assert refused(oidc(provider), provider) == "issuer"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "http://a@b.test/", None, "http://"])
def test_an_address_that_discovery_may_not_give(address: str | None) -> None:
    provider = IdentityProvider()
    discovery = provider.discovery() | {"authorization_endpoint": address}
    provider.instead["/.well-known/openid-configuration"] = (200, "", json.dumps(discovery).encode())
    with pytest.raises(ProviderUnreachable):
        sign_in(oidc(provider), provider)


def test_http_only_where_the_operator_says_so() -> None:
    provider = IdentityProvider()
    for make in (oidc, oauth2, cas):
        asked = make(provider)
        object.__setattr__(asked, "allow_http", False)
        with pytest.raises(ProviderUnreachable):
            sign_in(asked, provider)


def test_the_users_information_of_somebody_else() -> None:
    provider = IdentityProvider()
    provider.instead["/userinfo"] = (200, "", json.dumps(PERSON | {"sub": "somebody-else"}).encode())
    assert refused(oidc(provider, userinfo=True), provider) == "subject"


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b"<html>"])
def test_an_answer_that_is_no_json(content: bytes) -> None:
    for make in (oidc, oauth2):
        provider = IdentityProvider()
        provider.instead["/token"] = (200, "", content)
        assert refused(make(provider), provider) == "json"


# ── XML

CAS = 'xmlns:cas="http://www.yale.edu/tp/cas"'
BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "content",
    [
        f'<!DOCTYPE x [<!ENTITY l0 "lol">{BOMB}]><cas:serviceResponse {CAS}>&l9;</cas:serviceResponse>',
        f'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><cas:serviceResponse {CAS}><cas:authenticationSuccess>'
        f"<cas:user>&f;</cas:user></cas:authenticationSuccess></cas:serviceResponse>",
        f'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><cas:serviceResponse {CAS}/>',
        f"<cas:serviceResponse {CAS}>",
        "",
        "{}",
        f"<cas:serviceResponse {CAS}>" + "<a>" * 5000,
    ],
)
def test_xml_that_is_not_read(content: str) -> None:
    started = time.monotonic()
    with pytest.raises(AnswerInvalid) as caught:
        answer_of(content.encode())
    assert caught.value.facts["rule"] == "xml"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<cas:authenticationFailure code='INVALID_TICKET'>no</cas:authenticationFailure>",
        "<cas:authenticationSuccess><cas:user>a</cas:user></cas:authenticationSuccess>" * 2,
        "<x><cas:authenticationSuccess><cas:user>a</cas:user></cas:authenticationSuccess></x>",
    ],
)
def test_an_answer_that_is_no_success(inside: str) -> None:
    with pytest.raises(AnswerInvalid):
        answer_of(f"<cas:serviceResponse {CAS}>{inside}</cas:serviceResponse>".encode())


def test_a_name_is_read_whole() -> None:
    """`admin<!-- -->@elsewhere` is not admin, and markup inside a name is none."""
    success = (
        "<cas:authenticationSuccess><cas:user>admin<!-- x -->@elsewhere</cas:user><cas:attributes><cas:a>1</cas:a>"
    )
    more = "<cas:a>2</cas:a><cas:b>x<i>y</i></cas:b></cas:attributes></cas:authenticationSuccess>"
    found = answer_of(f"<cas:serviceResponse {CAS}>{success}{more}</cas:serviceResponse>".encode())
    assert found == {"user": "admin@elsewhere", "attributes": {"a": "1", "b": ""}}


def test_a_ticket_adds_nothing_to_the_question() -> None:
    """`&service=…` in a ticket stays a part of the ticket."""
    provider = IdentityProvider()
    assert (
        refused(cas(provider), provider, lambda q: q.update(ticket=f"ST-1&{urlencode({'service': 'x'})}")) == "ticket"
    )
