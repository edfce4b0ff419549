"""A provider, configured three times (OpenID Connect, OAuth 2.0, CAS), and browsers. Everybody is made up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import yaml
from contracts.identity_provider import CLIENT, SECRET, IdentityProvider, identity_provider

LEVELS = [{"name": "basic", "zh": "实名核验", "en": "real name"}, {"name": "strong", "zh": "人脸核验", "en": "face"}]


def configuration(url: str) -> dict[str, Any]:
    """The provider under three names; the names are the protocols'."""
    client = {"client_id": CLIENT, "client_secret": {"environment": "GOVCN_IDENTITY_TEST"}}
    endpoints = {f"{name}_endpoint": f"{url}/{path}" for name, path in
                 (("authorization", "authorize"), ("token", "token"), ("userinfo", "userinfo"))}  # fmt: skip

    def about(title: str, prefix: str = "", **more: Any) -> dict[str, Any]:
        kind = {"at": f"{prefix}user_type", "values": {"1": "person", "2": "legal_person"}}
        trust = {"at": f"{prefix}auth_level", "values": {"2": "basic", "3": "strong"}}
        answer = {"kind": kind, "trust": trust, "name": f"{prefix}name", "subject": f"{prefix}sub"}
        return {"title": title, "title_en": f"{title} (en)", "allow_http": True, "answer": answer, **more}

    return {
        "levels": LEVELS,
        "providers": {
            "oidc": about("示例省认证", protocol="oidc", issuer=url, **client),
            "oauth2": about("示例市认证", "data.user.", protocol="oauth2", success={"at": "code", "values": ["0"]},
                            **client, **endpoints),
            "cas": about("示例外网认证", "attributes.", protocol="cas", server=url),
        },
    }  # fmt: skip


@dataclass
class Browser:
    """Somebody's browser, which goes nowhere by itself."""

    client: Any

    def session(self) -> Any:
        """What the portal keeps of it."""
        from ckan.plugins import toolkit as tk

        return self.client.session_transaction(base_url=tk.config["ckan.site_url"])

    def log_in(self, user_id: str) -> None:
        with self.session() as session:
            session["_user_id"], session["_fresh"] = user_id, True

    def get(self, path: str) -> Any:
        return self.client.get(path, follow_redirects=False)

    def begin(self, provider: str, came_from: str = "") -> str:
        """As far as the provider; the address that leads back."""
        answer = self.get(f"/govcn/identity/{provider}/start?came_from={came_from}")
        assert answer.status_code == 303, answer.body
        return self.at_provider(answer.headers["Location"])

    def at_provider(self, address: str) -> str:
        answer = requests.get(address, allow_redirects=False, timeout=20)
        assert answer.status_code == 302
        parts = urlsplit(answer.headers["Location"])
        return f"{parts.path}?{parts.query}"

    def sign_in(self, provider: str, came_from: str = "") -> Any:
        return self.get(self.begin(provider, came_from))

    def bind(self, provider: str, came_from: str = "") -> Any:
        """Whoever is logged in has their account verified."""
        path = f"/govcn/identity/{provider}/bind?came_from={came_from}"
        token = re.findall(r'name="_csrf_token"[^>]*value="([^"]+)"', self.get(path).body)[0]
        shown = self.client.post(path, data={"_csrf_token": token}, follow_redirects=False)
        assert shown.status_code == 200, shown.body
        (address,) = re.findall(r'href="([^"]+)" rel="noreferrer"', shown.body)
        return self.get(self.at_provider(unescape(address)))

    @property
    def user(self) -> str:
        """The id of whoever is logged in, or nothing."""
        with self.session() as session:
            return session.get("_user_id") or ""

    @property
    def session_id(self) -> str:
        with self.session() as session:
            return session.sid


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Write the operator's configuration."""
    folder = tmp_path / "config"
    folder.mkdir()
    monkeypatch.setenv("GOVCN_CONFIG", str(folder))
    monkeypatch.setenv("GOVCN_IDENTITY_TEST", SECRET)

    def write(given: Any) -> None:
        text = given if isinstance(given, str) else yaml.safe_dump(given, allow_unicode=True)
        (folder / "identity.yaml").write_text(text, "utf-8")

    return write


@pytest.fixture
def provider(configured: Callable[[Any], None]) -> Iterator[IdentityProvider]:
    with identity_provider() as found:
        configured(configuration(found.url))
        yield found


@pytest.fixture
def new_browser(clean: None, app: Any) -> Callable[..., Browser]:
    """A new browser, of somebody who is logged in if said."""

    def make(user: dict[str, Any] | None = None) -> Browser:
        made = Browser(app.test_client())
        if user:
            made.log_in(user["id"])
        return made

    return make
