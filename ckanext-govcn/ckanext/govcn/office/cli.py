"""`ckan govcn-office` (`./govcn office …`): who is 安全管理员 or 审计员. Given and taken here alone, by the operator:
no page and no action makes somebody one.
"""

from __future__ import annotations

import json
from typing import Any

import click

from ckanext.govcn.office.exceptions import OfficeError

as_json = click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象")


@click.group("govcn-office", short_help="安全管理员和审计员")
def office() -> None:
    """三权分立：安全管理员（security）和审计员（auditor），任何账户不得兼任，也不得是系统管理员。"""


@office.command("list", short_help="列出")
@as_json
def list_command(*, as_json: bool) -> None:
    """Who holds which office."""
    from ckanext.govcn.office import model as offices

    held = [
        {"user": name, "office": each.office, "given_at": each.given_at.isoformat()} for name, each in offices.listed()
    ]
    if as_json:
        click.echo(json.dumps({"offices": held}, ensure_ascii=False))
        return
    for each in held:
        click.echo(f"{each['user']}\t{offices.LABELS[offices.Office(each['office'])][0]}\t{each['given_at'][:10]}")
    if not held:
        click.echo("没有安全管理员和审计员。用 ./govcn office give USER security|auditor 指定。")


@office.command("give", short_help="指定")
@click.argument("user")
@click.argument("office", type=click.Choice(["security", "auditor"]))
@as_json
def give_command(user: str, office: str, *, as_json: bool) -> None:
    """Make USER the security officer or an auditor; the audit log says by which account."""
    from ckanext.govcn.office import model as offices

    _done(lambda: offices.give(user, offices.Office(office)), {"user": user, "office": office}, as_json=as_json)


@office.command("take", short_help="撤销")
@click.argument("user")
@as_json
def take_command(user: str, *, as_json: bool) -> None:
    """Take the office of USER away."""
    from ckanext.govcn.office import model as offices

    _done(lambda: offices.take(user), {"user": user, "office": None}, as_json=as_json)


def _done(change: Any, said: dict[str, Any], *, as_json: bool) -> None:
    from ckan import model

    try:
        changed = change()
        model.Session.commit()
    except OfficeError as error:
        model.Session.rollback()
        if as_json:
            kind = type(error).__name__
            click.echo(json.dumps({"error": {"kind": kind, "zh": error.message, "en": error.message_en}}))
        raise click.ClickException(f"{error.message} / {error.message_en}") from error
    if as_json:
        click.echo(json.dumps({**said, "changed": changed}, ensure_ascii=False))
    else:
        click.echo("已办理。" if changed else "没有变化。")
