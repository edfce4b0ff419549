"""`ckan govcn-keys`: the site's signing keys. Private keys are never printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import click

from ckanext.govcn.signing.exceptions import KeyMissing, SigningError
from ckanext.govcn.signing.keys import KeptKey, PublicKey
from ckanext.govcn.signing.suites import SUITES, suite_of

as_json = click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象")


@click.group("govcn-keys", short_help="签名密钥")
def keys() -> None:
    """本站的签名密钥。私钥只在密钥目录里，任何命令都不显示。"""


@keys.command("create", short_help="新建密钥并从现在起用它签名")
@click.option("--suite", type=click.Choice(list(SUITES)), help="算法套件，默认按配置")
@as_json
def create(suite: str | None, *, as_json: bool) -> None:
    """新建密钥；旧密钥保留，用来核对以前的签名。"""
    from ckanext.govcn.audit import log
    from ckanext.govcn.audit.chain import Event
    from ckanext.govcn.signing import site

    with _one_sentence(as_json):
        folder = site.key_folder()
        key = folder.create(suite_of(suite) if suite else site.suite())
        log.write(Event("keys.create", who=log.operator(), subject=key.key_id))
        _print({"site": folder.site_id, **_shown(key.public)} if as_json else f"{key.key_id}\n{key.public.pem}")


@keys.command("list", short_help="列出密钥")
@as_json
def list_command(*, as_json: bool) -> None:
    """本站的编号和全部密钥。"""
    from ckanext.govcn.signing import site

    with _one_sentence(as_json):
        folder = site.key_folder()
        kept = folder.all()
        if as_json:
            _print({"site": folder.site_id, "keys": [_line(each) for each in kept]})
            return
        _print(f"站点 {folder.site_id}")
        for each in kept:
            _print(f"{'*' if each.current else ' '} {each.key.key_id}  {each.created:%Y-%m-%d}")


@keys.command("show-public", short_help="显示公钥，交给对方")
@click.argument("key_id", default="")
@as_json
def show_public(key_id: str, *, as_json: bool) -> None:
    """The public key (of KEY_ID, else the one that signs now) as PEM, and as the one line that settings take."""
    from ckanext.govcn.signing import site

    with _one_sentence(as_json):
        folder = site.key_folder()
        key = next(
            (each.key for each in folder.all() if each.key.key_id == key_id or (not key_id and each.current)), None
        )
        if key is None:
            raise KeyMissing(key_id=key_id, folder=folder.folder)
        shown = {"site": folder.site_id, **_shown(key)}
        _print(shown if as_json else f"站点 {folder.site_id}\n密钥 {key.key_id}\n{key.text}\n{key.pem}")


def _shown(key: PublicKey) -> dict[str, Any]:
    return {"key_id": key.key_id, "suite": key.suite.name, "public_key": key.text}


def _line(kept: KeptKey) -> dict[str, Any]:
    return {**_shown(kept.key), "created": kept.created.isoformat(), "current": kept.current}


@contextmanager
def _one_sentence(as_json: bool) -> Generator[None]:
    """An error of this package is one sentence and exit code 1."""
    try:
        yield
    except SigningError as error:
        if as_json:
            said = {"error": type(error).__name__, "message": error.message, "message_en": error.message_en}
            _print({**said, "transient": error.transient})
        else:
            click.echo(error.message, err=True)
        sys.exit(1)


def _print(what: Any) -> None:
    click.echo(what if isinstance(what, str) else json.dumps(what, ensure_ascii=False))
