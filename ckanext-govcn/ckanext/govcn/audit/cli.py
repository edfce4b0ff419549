"""`ckan govcn-audit` (`./govcn audit …`): is the log whole?"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO

import click

as_json = click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象")


@click.group("govcn-audit", short_help="审计日志")
def audit() -> None:
    """审计日志：只能追加，逐行成链，链头另行签名。"""


@audit.command("verify", short_help="核对审计日志")
@as_json
def verify_command(*, as_json: bool) -> None:
    """Find every line that was altered, is missing or was cut off; exit code 1 when there is one."""
    from ckanext.govcn.audit import log, notes

    notes.take_over()
    check, faults = log.verify()
    sealed = check.head.number if check.head else 0
    if as_json:
        found = {"lines": check.lines, "last": check.last.number, "sealed_until": sealed}
        click.echo(json.dumps({**found, "faults": [asdict(each) for each in faults]}, ensure_ascii=False))
    else:
        click.echo(f"{check.lines} 行，已签名至第 {sealed} 行")
        for each in faults:
            click.echo(each.message)
        click.echo("完整" if not faults else f"{len(faults)} 处问题")
    sys.exit(1 if faults else 0)


@audit.command("seal", short_help="为现在的链头签名")
@as_json
def seal_command(*, as_json: bool) -> None:
    """Sign where the chain ends now. Writers do so by themselves; before a backup it is done by hand."""
    from ckanext.govcn.audit import log

    head = log.seal_head()
    if as_json:
        click.echo(json.dumps({"number": head.number if head else None, "file": str(log.heads_file())}))
    else:
        click.echo(f"已签名至第 {head.number} 行：{log.heads_file()}" if head else "没有新的行。")


@audit.command("export", short_help="导出审计日志")
@click.option("--since", default="", metavar="DATE", help="从这一天（北京时间）起，如 2026-01-01；也可写时间")
@click.option("--until", default="", metavar="DATE", help="到这一天为止，含当天")
@click.option(
    "--format", "form", type=click.Choice(["syslog", "json"]), default="syslog", help="RFC 5424，或每行一个 JSON"
)
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@as_json
def export_command(since: str, until: str, form: str, file: Path | None, *, as_json: bool) -> None:
    """Lines to FILE (0600; an older file of the name is replaced when the new one is whole) or to standard output.

    The export is a line of the log itself, under the account that runs the command.
    """
    from ckanext.govcn.audit import exporting
    from ckanext.govcn.audit.acting import actor
    from ckanext.govcn.audit.exceptions import AuditError
    from ckanext.govcn.audit.reading import Wanted

    try:
        wanted = Wanted.of({"since": since, "until": until})
        with _opened(file) as stream:
            count = _write(stream, exporting.export(wanted, form, actor()))
    except AuditError as error:
        raise click.ClickException(f"{error.message} / {error.message_en}") from error
    except OSError as error:
        where = f"平台的账户不能写入 {file}：{error.strerror}。可不写 FILE，改用 > {file}"
        raise click.ClickException(f"{where} / the platform's account cannot write there; use > {file}") from error
    said = {"lines": count, "format": form, "file": str(file) if file else None}
    click.echo(json.dumps(said, ensure_ascii=False) if as_json else f"{count} 行", err=file is None)


@contextmanager
def _opened(file: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a file that takes its name when it is whole. Raises OSError before anything is exported."""
    if file is None:
        yield sys.stdout
        return
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        yield stream
    part.replace(file)


def _write(stream: IO[str], texts: Iterable[str]) -> int:
    count = 0
    for text in texts:
        stream.write(f"{text}\n")
        count += 1
    return count
