"""`ckan govcn-sharing` (`./govcn sharing …`): the ledger out and in as a workbook, and what the clock does to it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NoReturn

import click

from ckanext.govcn.sharing.exceptions import BookRefused, Off, SharingError
from ckanext.govcn.spreadsheet.exceptions import SpreadsheetError, TooLarge

as_json = click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象")
LABELS = {"new": "新增", "changed": "变更", "unchanged": "未变", "refused": "退回"}


@click.group("govcn-sharing", short_help="共享申请台账")
def sharing() -> None:
    """部门之间的共享申请台账：只记录，不提供数据。"""


@sharing.command("export", short_help="导出为工作簿")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@as_json
def export_command(file: Path, *, as_json: bool) -> None:
    """The whole ledger to FILE (xlsx), drafts too. The export is a line of the audit log."""
    _require_on(as_json=as_json)
    from ckanext.govcn.audit.log import operator
    from ckanext.govcn.sharing import cases, ledger

    requests = cases.everything()
    content = ledger.export(requests, ledger.By(None, operator()))
    try:
        file.write_bytes(content)
    except OSError as error:
        _fail("WriteFailed", f"无法写入 {file}", f"cannot write {file}: {error.strerror}", as_json=as_json)
    if as_json:
        click.echo(json.dumps({"rows": len(requests), "file": str(file)}, ensure_ascii=False))
    else:
        click.echo(f"{len(requests)} 件：{file} ({len(requests)} requests)")


@sharing.command("import", short_help="导入工作簿")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@as_json
def import_command(file: Path, *, as_json: bool) -> None:
    """Bring in a ledger: requests with their whole history, every step as the table allows it. What is there already is
    never rewritten, and the same file again changes nothing. Exit code 1 when a row was refused."""
    _require_on(as_json=as_json)
    from ckanext.govcn.audit.log import operator
    from ckanext.govcn.sharing import ledger

    try:
        outcomes = ledger.bring_in(_content(file), ledger.By(None, operator()))
    except (SpreadsheetError, SharingError) as error:
        _fail(type(error).__name__, error.message, error.message_en, as_json=as_json)
    found = ledger.report(outcomes)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        click.echo("，".join(f"{label} {found[name]}" for name, label in LABELS.items()))
        for row in found["rows"]:
            for reason in row["reasons"]:
                click.echo(f"第 {row['row']} 行：{reason['zh']} / {reason['en']}")
    sys.exit(1 if found["refused"] else 0)


@sharing.command("expire", short_help="使用时限届满的转为到期")
@as_json
def expire_command(*, as_json: bool) -> None:
    """End the requests whose time of use is over. Running it again changes nothing."""
    _require_on(as_json=as_json)
    from ckanext.govcn.sharing import steps

    expired = steps.expire_due()
    click.echo(json.dumps({"expired": expired}) if as_json else f"到期 {expired} 件 ({expired} expired)")


@sharing.command("remind", short_help="提醒办理期限将至或已过的申请")
@as_json
def remind_command(*, as_json: bool) -> None:
    """Tell who has to act before and on the due day, and the bureau after it. Each is told once."""
    _require_on(as_json=as_json)
    from ckanext.govcn.sharing import deadlines

    reminded = deadlines.remind()
    click.echo(json.dumps({"reminded": reminded}) if as_json else f"提醒 {reminded} 件 ({reminded} reminded)")


def _content(file: Path) -> bytes:
    """Raises SpreadsheetError, BookRefused."""
    from ckan.plugins import toolkit as tk

    most = int(tk.config["ckanext.govcn.sharing.upload_size"])
    try:
        with file.open("rb") as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise BookRefused(why=f"无法读取 {file}", why_en=f"cannot read {file}: {error.strerror}") from error
    if len(data) > most:
        raise TooLarge(f"超过 {most >> 20} MB，请分批导入", f"Larger than {most >> 20} MB; import less at once")
    return data


def _require_on(*, as_json: bool) -> None:
    from ckanext.govcn.sharing.switch import is_on

    if not is_on():
        off = Off()
        _fail("Off", off.message, off.message_en, as_json=as_json)


def _fail(kind: str, chinese: str, english: str, *, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps({"error": {"kind": kind, "zh": chinese, "en": english}}, ensure_ascii=False))
    else:
        click.echo(f"{chinese} / {english}", err=True)
    sys.exit(1)
