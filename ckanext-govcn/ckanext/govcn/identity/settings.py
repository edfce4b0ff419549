"""config/identity.yaml: the scale of trust, and the providers. PURE; docs/identity.md explains every key.

Secrets are never in the file: it names an environment variable, or a file that holds one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, NoReturn, cast

import yaml

from ckanext.govcn.identity.cas import Cas
from ckanext.govcn.identity.exceptions import SettingsInvalid
from ckanext.govcn.identity.identity import KINDS, Choice, Level, Path, Reading
from ckanext.govcn.identity.oauth2 import TOKEN_IN, OAuth2
from ckanext.govcn.identity.oidc import ALGORITHMS, Oidc
from ckanext.govcn.identity.provider import Provider, Secret, is_address

FILE = "identity.yaml"
LONGEST_SECRET = 4096
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_SUBJECT_AT = {"oidc": "sub", "oauth2": "sub", "cas": "user"}
_NAME_AT = {"oidc": "name", "oauth2": "name", "cas": "attributes.name"}
_AUTHENTICATION = ("basic", "post", "none")


@dataclass(frozen=True, slots=True)
class Settings:
    """Levels (lowest first) and providers by name, in the order of the file."""

    levels: Mapping[str, Level] = field(default_factory=dict[str, Level])
    providers: Mapping[str, Provider] = field(default_factory=dict[str, Provider])


def settings_of(text: str, environment: Mapping[str, str]) -> Settings:
    """The settings in the file's text. Secrets are read when they are used. Raises SettingsInvalid."""
    try:
        given: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        _wrong(f"第 {line} 行", "不是 YAML", "this is no YAML")
    table = _Table("文件", {} if given is None else given)
    levels = dict(map(_level, table.tables("levels")))
    providers: dict[str, Provider] = {}
    for name, about in table.table("providers").items():
        if not _NAME.fullmatch(name):
            _wrong(
                f"providers.{name}", "名称只用小写字母、数字和连字符", "a name has small letters, digits and hyphens"
            )
        providers[name] = _provider(name, _Table(f"providers.{name}", about), levels, environment)
    table.end()
    return Settings(levels, providers)


def _level(item: _Table) -> tuple[str, Level]:
    level = Level(item.text("name"), item.text("zh"), item.text("en"))
    item.end()
    return level.name, level


def _provider(name: str, table: _Table, levels: Mapping[str, Level], environment: Mapping[str, str]) -> Provider:
    makers: dict[str, Callable[..., Provider]] = {"oidc": _oidc, "oauth2": _oauth2, "cas": _cas}
    protocol = table.one_of("protocol", tuple(makers))
    allow_http = table.flag("allow_http", default=False)
    shared: dict[str, Any] = {
        "name": name,
        "title": table.text("title"),
        "title_en": table.text("title_en", table.given.get("title")),
        "allow_http": allow_http,
        "ca_file": table.text("ca_file", ""),
        "seconds": table.number("seconds", 10, 60),
        "most_bytes": table.number("most_bytes", 262_144, 4_194_304),
        "answer": _reading(table.child("answer"), protocol, levels),
    }
    provider = makers[protocol](table, allow_http, environment, shared)
    table.end()
    return provider


def _reading(table: _Table, protocol: str, levels: Mapping[str, Level]) -> Reading:
    reading = Reading(
        subject=table.path("subject", _SUBJECT_AT[protocol]),
        name=table.path("name", _NAME_AT[protocol]),
        kind=_choice(table, "kind", KINDS),
        trust=_choice(table, "trust", levels),
    )
    table.end()
    return reading


def _choice(table: _Table, name: str, known: Mapping[str, object]) -> Choice:
    """A word for everybody, or `at`, `values` and perhaps `default`."""
    given = table.take(name, "")
    place = f"{table.place}.{name}"
    if isinstance(given, str):
        choice = Choice(default=given)
    else:
        inner = _Table(place, given)
        values = {str(key): str(value) for key, value in inner.table("values").items()}
        choice = Choice(inner.path("at", ""), values, inner.text("default", ""))
        inner.end()
    for word in {*choice.values.values(), choice.default} - {""}:
        if word not in known:
            _wrong(place, f"没有“{word}”，应为 {'、'.join(known) or '先列入 levels'}", f"{word} is not known")
    return choice


def _code(table: _Table, environment: Mapping[str, str]) -> dict[str, Any]:
    authentication = table.one_of("client_authentication", _AUTHENTICATION, "basic")
    secret = table.take("client_secret", None)
    if (secret is None) != (authentication == "none"):
        _wrong(
            f"{table.place}.client_secret", "client_authentication 不为 none 时必填", "is needed unless none is asked"
        )
    found: dict[str, Any] = {
        "client_id": table.text("client_id"),
        "client_authentication": authentication,
        "pkce": table.flag("pkce", default=True),
    }
    if secret is not None:
        found["client_secret"] = _secret(_Table(f"{table.place}.client_secret", secret), environment)
    if "scope" in table.given:
        found["scope"] = table.text("scope")
    return found


def _secret(table: _Table, environment: Mapping[str, str]) -> Secret:
    """Where the secret is; it is read when it is used, so that it can be renewed."""
    variable, file = table.text("environment", ""), table.text("file", "")
    table.end()
    if bool(variable) == bool(file):
        _wrong(table.place, "写 environment 或 file 之一", "give either environment or file")

    def read() -> str:
        try:
            found = File(file).read_text("utf-8")[:LONGEST_SECRET].strip() if file else environment.get(variable, "")
        except (OSError, ValueError):
            found = ""
        if not found:
            _wrong(table.place, "所指的环境变量或文件没有内容", "the variable or file that it names holds nothing")
        return found

    return read


def _oidc(table: _Table, allow_http: bool, environment: Mapping[str, str], shared: dict[str, Any]) -> Provider:
    algorithms = tuple(table.strings("algorithms", ("RS256", "PS256", "ES256", "EdDSA")))
    if not algorithms or set(algorithms) - set(ALGORITHMS):
        _wrong(f"{table.place}.algorithms", f"只能是 {', '.join(ALGORITHMS)}", f"only {', '.join(ALGORITHMS)}")
    endpoints = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
    return Oidc(
        issuer=table.address("issuer", allow_http),
        algorithms=algorithms,
        leeway=table.number("leeway", 60, 300),
        userinfo=table.flag("userinfo", default=False),
        **{name: table.address(name, allow_http, "") for name in endpoints},
        **_code(table, environment),
        **shared,
    )


def _oauth2(table: _Table, allow_http: bool, environment: Mapping[str, str], shared: dict[str, Any]) -> Provider:
    success = table.child("success")
    at, values = success.path("at", ""), tuple(success.strings("values", ()))
    success.end()
    endpoints = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")
    return OAuth2(
        token=table.path("token", "access_token"),
        token_in=table.one_of("token_in", TOKEN_IN, "header"),
        success_at=at,
        success_values=values,
        **{name: table.address(name, allow_http) for name in endpoints},
        **_code(table, environment),
        **shared,
    )


def _cas(table: _Table, allow_http: bool, environment: Mapping[str, str], shared: dict[str, Any]) -> Provider:
    validate = table.text("validate", "/p3/serviceValidate")
    if not validate.startswith("/"):
        _wrong(f"{table.place}.validate", "应以 / 开头", "begins with /")
    return Cas(server=table.address("server", allow_http), validate=validate, **shared)


class _Table:
    """One mapping of the file: whatever nobody asked for is a mistake in it."""

    def __init__(self, place: str, given: object) -> None:
        if not isinstance(given, dict):
            _wrong(place, "应为若干“键: 值”", "must be keys with values")
        self.place = place
        self.given = {str(key): value for key, value in cast("dict[object, object]", given).items()}
        self._asked: set[str] = set()

    def take(self, key: str, default: object) -> Any:
        self._asked.add(key)
        value = self.given.get(key)
        return default if value is None else value

    def text(self, key: str, default: object = None) -> str:
        value = self.take(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            _wrong(f"{self.place}.{key}", "应为一段文字", "must be a text")
        return value.strip()

    def address(self, key: str, allow_http: bool, default: str | None = None) -> str:
        value = self.text(key, default)
        if value != default and not is_address(value, allow_http=allow_http):
            _wrong(f"{self.place}.{key}", "应为 https 地址（http 须写 allow_http: true）", "must be an https address")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.take(key, default)
        if not isinstance(value, bool):
            _wrong(f"{self.place}.{key}", "应为 true 或 false", "must be true or false")
        return value

    def number(self, key: str, default: int, most: int) -> int:
        value = self.take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
            _wrong(f"{self.place}.{key}", f"应为 1 至 {most} 的整数", f"must be a whole number from 1 to {most}")
        return value

    def one_of(self, key: str, known: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in known:
            _wrong(f"{self.place}.{key}", f"应为 {'、'.join(known)} 之一", f"must be one of {', '.join(known)}")
        return value

    def path(self, key: str, default: str) -> Path:
        """`data.user.id`, or a list of steps where names have dots in them."""
        value = self.take(key, default)
        steps = value.split(".") if isinstance(value, str) else value
        if not isinstance(steps, list):
            _wrong(f"{self.place}.{key}", "应为 a.b.c 或列表", "must be a.b.c or a list")
        return tuple(str(step) for step in cast("list[object]", steps) if str(step))

    def strings(self, key: str, default: tuple[str, ...]) -> list[str]:
        value = self.take(key, list(default))
        if not isinstance(value, list):
            _wrong(f"{self.place}.{key}", "应为列表", "must be a list")
        return [str(each) for each in cast("list[object]", value)]

    def tables(self, key: str) -> list[_Table]:
        value = self.take(key, [])
        if not isinstance(value, list):
            _wrong(f"{self.place}.{key}", "应为列表", "must be a list")
        return [_Table(f"{self.place}.{key}[{n}]", each) for n, each in enumerate(cast("list[object]", value))]

    def table(self, key: str) -> dict[str, object]:
        return self.child(key).given

    def child(self, key: str) -> _Table:
        return _Table(f"{self.place}.{key}", self.take(key, {}))

    def end(self) -> None:
        """Raises SettingsInvalid for what was not asked for."""
        for key in self.given.keys() - self._asked:
            _wrong(f"{self.place}.{key}", "没有这个设置", "there is no such setting")


def _wrong(place: str, why: str, why_en: str) -> NoReturn:
    raise SettingsInvalid(place=place, why=why, why_en=why_en)
