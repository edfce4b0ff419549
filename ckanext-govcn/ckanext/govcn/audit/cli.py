"""`ckan govcn-audit` (`./govcn audit …`): is the log whole?"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

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
