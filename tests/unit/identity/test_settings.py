"""config/identity.yaml: what it may say, and that every mistake names its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ckanext.govcn.identity.cas import Cas
from ckanext.govcn.identity.exceptions import SettingsInvalid
from ckanext.govcn.identity.oauth2 import OAuth2
from ckanext.govcn.identity.oidc import Oidc
from ckanext.govcn.identity.settings import FILE, settings_of

SHIPPED = Path(__file__).resolve().parents[3] / "config" / FILE


def example() -> dict[str, Any]:
    """The example in the shipped file, without its comment signs."""
    lines = SHIPPED.read_text("utf-8").splitlines()
    return yaml.safe_load("\n".join(line.removeprefix("#") for line in lines[lines.index("#") :]))


def test_the_shipped_file_has_no_provider_and_its_example_is_right() -> None:
    assert not settings_of(SHIPPED.read_text("utf-8"), {}).providers
    found = settings_of(yaml.safe_dump(example()), {"GOVCN_IDENTITY_PROVINCE": "made-up"})
    assert list(found.levels) == ["basic", "strong"]
    kinds = {name: type(each) for name, each in found.providers.items()}
    assert kinds == {"province": Oidc, "city": OAuth2, "bureau": Cas}
    assert found.providers["province"].client_secret() == "made-up"
    assert found.providers["city"].token == ("data", "access_token")
    assert "made-up" not in repr(found)


def test_nothing_is_nothing() -> None:
    assert not settings_of("", {}).providers
    assert not settings_of("# a comment", {}).levels


def test_a_secret_from_a_file_is_read_when_it_is_used(tmp_path: Path) -> None:
    given = example()
    path = tmp_path / "secret"
    given["providers"]["city"]["client_secret"] = {"file": str(path)}
    city = settings_of(yaml.safe_dump(given), {}).providers["city"]
    with pytest.raises(SettingsInvalid):
        city.client_secret()
    path.write_text("made-up\n")
    assert city.client_secret() == "made-up"
    path.write_text("renewed\n")
    assert city.client_secret() == "renewed"


@pytest.mark.parametrize(
    ("provider", "change", "place"),
    [
        ("province", {"issuer": "http://sso.example.gov.cn"}, "issuer"),
        ("province", {"issuer": "https://user@sso.example.gov.cn"}, "issuer"),
        ("province", {"issuer": None}, "issuer"),
        ("province", {"algorithms": ["RS256", "HS256"]}, "algorithms"),
        ("province", {"algorithms": ["none"]}, "algorithms"),
        ("province", {"algorithms": []}, "algorithms"),
        ("province", {"client_secret": "in the file"}, "client_secret"),
        ("province", {"client_secret": {"environment": "A", "file": "b"}}, "client_secret"),
        ("province", {"client_secret": None}, "client_secret"),
        ("province", {"isuer": "x"}, "isuer"),
        ("province", {"protocol": "saml"}, "protocol"),
        ("province", {"title": ""}, "title"),
        ("province", {"seconds": 0}, "seconds"),
        ("province", {"seconds": True}, "seconds"),
        ("province", {"leeway": 100_000}, "leeway"),
        ("province", {"allow_http": "yes please"}, "allow_http"),
        ("province", {"answer": {"kind": "robot"}}, "answer.kind"),
        ("province", {"answer": {"kind": "person", "trust": {"at": "x", "values": {"1": "gone"}}}}, "answer.trust"),
        ("province", {"answer": {"kind": {"at": "x", "value": {}}}}, "answer.kind.value"),
        ("province", {"answer": []}, "answer"),
        ("city", {"token_in": "body"}, "token_in"),
        ("city", {"userinfo_endpoint": "ftp://id.example.gov.cn"}, "userinfo_endpoint"),
        ("city", {"success": {"at": "code", "values": "0"}}, "success.values"),
        ("bureau", {"server": "cas.example.gov.cn"}, "server"),
        ("bureau", {"validate": "https://elsewhere.test"}, "validate"),
        ("bureau", {"client_id": "x"}, "client_id"),
    ],
)
def test_every_mistake_names_its_place(provider: str, change: dict[str, Any], place: str) -> None:
    given = example()
    given["providers"][provider] |= change
    with pytest.raises(SettingsInvalid) as caught:
        settings_of(yaml.safe_dump(given), {})
    assert f"providers.{provider}.{place}" in caught.value.message
    assert "in the file" not in caught.value.message


@pytest.mark.parametrize("text", ["a: [", "[]", "x", "levels: {}", "levels: [x]", "providers: []", "providers: {A_: {}}",
                                  "levels: [{name: a}]", "secrets: {}"])  # fmt: skip
def test_a_file_that_is_none(text: str) -> None:
    with pytest.raises(SettingsInvalid):
        settings_of(text, {})


def test_http_where_it_is_allowed() -> None:
    given = example()
    given["providers"]["province"] |= {"issuer": "http://10.0.0.1", "allow_http": True}
    assert settings_of(yaml.safe_dump(given), {}).providers["province"].allow_http
