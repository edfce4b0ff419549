"""`ckan govcn-application`: what the clock does to applications."""

from __future__ import annotations

import json

import click

as_json = click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象")


@click.group("govcn-application", short_help="有条件开放数据申请")
def application() -> None:
    """有条件开放数据申请。"""


@application.command("expire", short_help="使用期限届满的申请转为到期")
@as_json
def expire_command(*, as_json: bool) -> None:
    """End the applications whose period is over. Running it again changes nothing."""
    from ckanext.govcn.application import steps

    expired = steps.expire_due()
    if as_json:
        click.echo(json.dumps({"expired": expired}))
    else:
        click.echo(f"到期 {expired} 件 ({expired} expired)")


@application.command("remind", short_help="提醒办理期限将至或已过的申请")
@as_json
def remind_command(*, as_json: bool) -> None:
    """Tell who has to act before and on the due day, and the bureau after it. Each is told once."""
    from ckanext.govcn.application import deadlines

    reminded = deadlines.remind()
    if as_json:
        click.echo(json.dumps({"reminded": reminded}))
    else:
        click.echo(f"提醒 {reminded} 件 ({reminded} reminded)")
