"""A small real 统一身份认证: OpenID Connect, OAuth 2.0 and CAS, with the faults that a test wants. Everybody is made up.

`answer` is the whole provider without a network; `identity_provider()` puts it behind HTTP. Codes and tickets work once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit
from xml.sax.saxutils import escape

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

CLIENT, SECRET = "govcn", "made-up secret: with a space and a colon"
KID = "key-1"
PERSON = {"sub": "made-up-person-1", "name": "示例用户", "user_type": "1", "auth_level": "3"}

Answer = tuple[int, str, bytes]


@cache
def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class IdentityProvider:
    """`person`: what it says of whoever signs in. `claims`: other claims of the ID token, None for leaving one out.
    `token`: makes the ID token in place of `signed`. `instead`: path → an answer in place of the right one."""

    url: str = "http://provider.test"
    person: dict[str, Any] = field(default_factory=lambda: dict(PERSON))
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    token: Callable[[dict[str, Any]], str] | None = None
    keys: list[dict[str, Any]] = field(default_factory=lambda: [public_jwk()])
    instead: dict[str, Answer] = field(default_factory=dict[str, Answer])
    asked: list[str] = field(default_factory=list[str])
    codes: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    tickets: dict[str, str] = field(default_factory=dict[str, str])
    tokens: set[str] = field(default_factory=set[str])

    def visit(self, address: str) -> str:
        """What a browser does there: the person signs in and is sent back to this address."""
        parts = urlsplit(address)
        given = dict(parse_qsl(parts.query))
        if parts.path == "/login":
            ticket = f"ST-{secrets.token_hex(8)}"
            self.tickets[ticket] = given["service"]
            return f"{given['service']}&{urlencode({'ticket': ticket})}"
        assert (parts.path, given["client_id"], given["response_type"]) == ("/authorize", CLIENT, "code")
        code = secrets.token_hex(8)
        self.codes[code] = given
        return f"{given['redirect_uri']}?{urlencode({'code': code, 'state': given['state']})}"

    def answer(  # noqa: PLR0911 - one for each endpoint
        self, method: str, address: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> Answer:
        parts = urlsplit(address)
        self.asked.append(f"{method} {parts.path}")
        if parts.path in self.instead:
            return self.instead[parts.path]
        query = dict(parse_qsl(parts.query))
        match (method, parts.path):
            case ("GET", "/.well-known/openid-configuration"):
                return _json(self.discovery())
            case ("GET", "/jwks"):
                return _json({"keys": self.keys})
            case ("POST", "/token"):
                return self._exchange(form, headers)
            case (_, "/userinfo"):
                return self._userinfo(query | dict(form), headers)
            case ("GET", "/serviceValidate" | "/p3/serviceValidate"):
                return self._validate(query, attributes=parts.path.startswith("/p3"))
        return 404, "text/plain", b"?"

    def discovery(self) -> dict[str, str]:
        paths = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks"}
        found = {name: self.url + path for name, path in (paths | {"userinfo_endpoint": "/userinfo"}).items()}
        return {"issuer": self.url, **found}

    def signed(
        self, claims: dict[str, Any], key: Any = None, algorithm: str = "RS256", header: dict[str, Any] | None = None
    ) -> str:
        return jwt.encode(claims, key or rsa_key(), algorithm, {"kid": KID} if header is None else header)

    def _exchange(self, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        given = self.codes.pop(form.get("code", ""), None)
        name, password = form.get("client_id", ""), form.get("client_secret", "")
        if headers.get("Authorization", "").startswith("Basic "):
            pair = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
            name, password = (unquote_plus(part) for part in pair.split(":"))
        if given is None or (name, password) != (CLIENT, SECRET) or form["redirect_uri"] != given["redirect_uri"]:
            return _json({"error": "invalid_grant"}, 400)
        if "code_challenge" in given:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != given["code_challenge"]:
                return _json({"error": "invalid_grant"}, 400)
        access = secrets.token_hex(8)
        self.tokens.add(access)
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": given.get("nonce"),
            **self.person,
        }
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        tokens = {"access_token": access, "token_type": "Bearer", "data": {"token": access}}
        return _json(tokens | {"id_token": (self.token or self.signed)(claims)})

    def _userinfo(self, given: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        token = given.get("access_token") or headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return _json({"code": "401"})  # as several platforms do, with status 200
        return _json({"code": "0", "data": {"user": self.person}, **self.person})

    def _validate(self, query: Mapping[str, str], *, attributes: bool) -> Answer:
        if self.tickets.pop(query["ticket"], None) != query["service"]:
            return _xml('<cas:authenticationFailure code="INVALID_TICKET">no</cas:authenticationFailure>')
        more = "".join(f"<cas:{name}>{escape(str(value))}</cas:{name}>" for name, value in self.person.items())
        more = f"<cas:attributes>{more}</cas:attributes>" if attributes else ""
        user = f"<cas:user>{escape(self.person['sub'])}</cas:user>"
        return _xml(f"<cas:authenticationSuccess>{user}{more}</cas:authenticationSuccess>")


def public_jwk(key: Any = None, **more: Any) -> dict[str, Any]:
    """The public key as a key set has it."""
    key = key or rsa_key()
    algorithms = {rsa.RSAPrivateKey: "RS256", ec.EllipticCurvePrivateKey: "ES256"}
    algorithm = next(name for kind, name in algorithms.items() if isinstance(key, kind))
    jwk: Any = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**jwk, "kid": KID, "use": "sig", **more}


def _json(found: Any, status: int = 200) -> Answer:
    return status, "application/json", json.dumps(found, ensure_ascii=False).encode()


def _xml(inside: str) -> Answer:
    text = f'<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">{inside}</cas:serviceResponse>'
    return 200, "application/xml", text.encode()


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """The provider on a free port of this machine."""
    provider = IdentityProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            self._answer(dict(parse_qsl(body)))

        def _answer(self, form: dict[str, str]) -> None:
            parts = urlsplit(self.path)
            if parts.path in ("/authorize", "/login") and parts.path not in provider.instead:
                self.send_response(302)
                self.send_header("Location", provider.visit(provider.url + self.path))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            status, kind, content = provider.answer(self.command, self.path, form, dict(self.headers.items()))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if 300 <= status < 400:
                self.send_header("Location", content.decode())
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        provider.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield provider
        server.shutdown()
        thread.join()
