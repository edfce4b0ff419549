"""`ckan govcn-index`: the indexer's process, and how far the index is behind."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import click

from ckanext.govcn.index import outbox, watch

as_json = click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象")


@click.group("govcn-index", short_help="检索索引：跟随数据库")
def index() -> None:
    """检索索引。"""


@index.command("watch", short_help="持续把改动补入检索索引（./govcn up 的服务）")
@click.pass_context
def watch_command(context: click.Context) -> None:
    """Follow the database until told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    application = context.meta["flask_app"]

    def in_thread(work: Callable[[], None]) -> None:
        with application.test_request_context():
            work()

    with application.test_request_context():
        watch.watch(stop, in_thread)


@index.command("status", short_help="检索索引落后多少")
@as_json
def status_command(*, as_json: bool) -> None:
    """What waits for the index; exit code 1 where no indexer watches or the index does not answer."""
    found = outbox.status()
    _print(found.to_json() if as_json else told(found))
    sys.exit(0 if found.alive and not found.failing_since else 1)


def told(found: outbox.Status) -> str:
    """The state in one sentence for the operator."""
    said = f"待索引 {found.waiting}（其中收紧、下架等优先处理 {found.urgent}）"
    if found.refused:
        said += f"，检索服务不接受 {found.refused}（见索引服务日志）"
    if not found.alive:
        return f"{said}；索引服务没有运行，请执行 ./govcn up。"
    if found.failing_since:
        return f"{said}；检索服务自 {found.failing_since:%Y-%m-%d %H:%M:%S %Z} 起没有响应，恢复后自动补入。"
    return f"{said}。"


def _print(what: Any) -> None:
    click.echo(what if isinstance(what, str) else json.dumps(what, ensure_ascii=False))
