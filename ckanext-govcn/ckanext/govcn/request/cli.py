"""`ckan govcn-request`: what the clock does to requests."""

from __future__ import annotations

import json

import click

as_json = click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象")


@click.group("govcn-request", short_help="数据需求和校核纠错")
def request() -> None:
    """数据需求和校核纠错。"""


@request.command("close", short_help="答复后期满未表示不认可的需求办结")
@as_json
def close_command(*, as_json: bool) -> None:
    """Close the answers that were not disputed in time. Running it again changes nothing."""
    from ckanext.govcn.request import steps

    closed = steps.close_answered()
    click.echo(json.dumps({"closed": closed}) if as_json else f"办结 {closed} 件 ({closed} closed)")


@request.command("remind", short_help="提醒办理期限将至或已过的需求和纠错")
@as_json
def remind_command(*, as_json: bool) -> None:
    """Tell who has to act before and on the due day, and the bureau after it. Each is told once."""
    from ckanext.govcn.request import deadlines

    reminded = deadlines.remind()
    click.echo(json.dumps({"reminded": reminded}) if as_json else f"提醒 {reminded} 件 ({reminded} reminded)")
