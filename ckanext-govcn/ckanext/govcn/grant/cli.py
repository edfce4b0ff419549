"""`ckan govcn-receipt` (`./govcn receipt …`): is a receipt of use right, and what does it say?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from ckanext.govcn.grant.exceptions import GrantError, ReceiptInvalid
from ckanext.govcn.grant.receipts import Receipt
from ckanext.govcn.signing.envelopes import LARGEST
from ckanext.govcn.signing.exceptions import SigningError
from ckanext.govcn.signing.keys import PublicKey


@click.group("govcn-receipt", short_help="使用回执")
def receipt() -> None:
    """数据使用回执：平台为按授权交付的每次下载出具，并用站点密钥签名。"""


@receipt.command("verify", short_help="核对一份使用回执")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", "keys", multiple=True, help="信任的公钥（一行文本，或 PEM 文件）；默认为本站的公钥")
@click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象")
def verify_command(file: Path, keys: tuple[str, ...], *, as_json: bool) -> None:
    """Was it signed by a trusted key, and is it as it was signed? Prints what it says; exit code 1 when it is not."""
    try:
        said = Receipt.opened(_content(file), [_public(key) for key in keys] or _own())
    except (SigningError, GrantError) as error:
        if as_json:
            wrong = {"valid": False, "error": type(error).__name__, "transient": error.transient}
            _print({**wrong, "message": error.message, "message_en": error.message_en})
        else:
            click.echo(error.message, err=True)
        sys.exit(1)
    _print({"valid": True, **said.to_json()} if as_json else "\n".join(_lines(said)))


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(LARGEST + 1)
    except OSError as error:
        raise ReceiptInvalid(f"无法读取 {file}", f"cannot read {file}: {error.strerror}") from error


def _public(key: str) -> PublicKey:
    """Raises KeyInvalid."""
    path = Path(key)
    return PublicKey.from_text(path.read_text("ascii", "replace") if len(key) < 200 and path.is_file() else key)


def _own() -> list[PublicKey]:
    """The keys of the running platform."""
    from ckan.plugins import toolkit as tk

    from ckanext.govcn.signing import site

    if "ckan.storage_path" not in tk.config:
        raise click.UsageError("没有运行中的平台，请用 --key 给出公钥 (no running platform: give the key with --key)")
    return site.key_folder().public_keys()


def _lines(said: Receipt) -> list[str]:
    rows = "" if said.delivered.rows is None else f"{said.delivered.rows} 行，"
    columns = "、".join(said.delivered.fields) or "全部"
    told = [
        f"签名正确：站点 {said.site}，审计日志第 {said.number} 行，{said.at}（北京时间）",
        f"数据集 {said.dataset.title} {said.dataset.id}，资源 {said.resource}",
        f"版本 {said.version}（{said.fetched_at}）" if said.version else f"版本 {said.fetched_at}",
        f"交付 {rows}{said.delivered.bytes} 字节，信息项 {columns}，SHA-256 {said.delivered.sha256 or '（部分内容）'}",
        f"授权 {said.grant.id}：{said.grant.begins} 至 {said.grant.until}，用途：{said.grant.purpose}",
    ]
    if said.agreement.application:
        of = said.agreement
        clauses = "、".join(each for each in (of.purpose, of.period) if each)
        told.append(f"申请 {of.application}，利用协议第 {of.version} 版（{clauses}），SHA-256 {of.sha256}")
    return [*told, f"被授权账户 {said.grantee}；出具给 {said.asked_by}，{said.issued_at}"]


def _print(what: Any) -> None:
    click.echo(what if isinstance(what, str) else json.dumps(what, ensure_ascii=False))
