"""`ckan govcn-notice`: deliver notices, look at deliveries, try failed ones again."""

# pyright: basic
from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click

as_json = click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象")
STATES = {"waiting": "待投递", "sent": "已投递", "failed": "失败", "dropped": "不再需要"}


@click.group("govcn-notice", short_help="消息：投递、查看、重试")
def notice() -> None:
    """消息: the outbox and its channels."""


@notice.command("deliver", short_help="投递到期的消息")
@click.option("--most", default=1000, show_default=True, help="最多投递这么多条")
@as_json
def deliver(most: int, *, as_json: bool) -> None:
    """Try everything that is due now; the worker does the same every few seconds."""
    from harvesters.webhook import deliver_due

    done = deliver_due(datetime.now(UTC), most)
    _print(done if as_json else "，".join(f"{STATES[state]} {count}" for state, count in done.items()))


@notice.command("list", short_help="查看邮件和 webhook 的投递情况")
@click.option("--state", type=click.Choice(list(STATES)), help="只看这个状态")
@click.option("--limit", default=50, show_default=True)
@as_json
def list_command(state: str | None, limit: int, *, as_json: bool) -> None:
    """Deliveries, newest first, with how often they were tried and why they failed."""
    from ckanext.govcn.notice import delivery

    rows = delivery.listed(state, limit)
    if as_json:
        _print({"deliveries": rows})
        return
    for row in rows:
        cells = [row["id"], row["created_at"][:16], row["kind"], row["channel"], row["user"], STATES[row["state"]]]
        _print("  ".join(str(cell) for cell in [*cells, f"{row['attempts']} 次", row["last_error"]]))


@notice.command("retry", short_help="重新投递失败的消息")
@click.argument("ids", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="全部失败的消息")
@as_json
def retry_command(ids: tuple[int, ...], *, everything: bool, as_json: bool) -> None:
    """Make failed deliveries wait again: those with these numbers, or --all."""
    from ckanext.govcn.notice import delivery

    if not ids and not everything:
        raise click.UsageError("请写出投递编号（见 list），或用 --all。")
    done = delivery.retry(None if everything else ids, datetime.now(UTC))
    _print({"retried": done} if as_json else f"{done} 条将重新投递。")


def _print(what: Any) -> None:
    click.echo(what if isinstance(what, str) else json.dumps(what, ensure_ascii=False))
