"""`ckan govcn-index`: the indexer's process, and how far the index is behind."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import click

from ckanext.govcn.index import cores, outbox, watch
from ckanext.govcn.index.exceptions import IndexingError
from ckanext.govcn.index.indexer import Indexer

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
    found, build = outbox.status(), cores.status()
    if as_json:
        _print(found.to_json() | {"build": build})
    else:
        _print(told(found))
        if build:
            _print(f"并行索引：{BUILDS[build['state']]}，{build['documents']}/{build['total']}")
    sys.exit(0 if found.alive and not found.failing_since else 1)


@index.command("rebuild", short_help="在旁边重建索引，不影响使用中的索引")
@click.option("--swap", "then_swap", is_flag=True, help="核对无误后立即切换")
@as_json
def rebuild_command(*, then_swap: bool, as_json: bool) -> None:
    """Build an index beside the running one, or go on with one that was begun; compare it with the database."""
    with _one_sentence(as_json), _progress() as progress:
        build = cores.rebuild(progress)
    if then_swap and not build.differences:
        with _one_sentence(as_json):
            build = cores.swap()
    _tell_build(build, as_json)
    sys.exit(1 if build.differences else 0)


@index.command("swap", short_help="切换到重建好的索引")
@as_json
def swap_command(*, as_json: bool) -> None:
    """Put the index beside into use; the other stays for `rollback`."""
    with _one_sentence(as_json):
        build = cores.swap()
    _tell_build(build, as_json)


@index.command("rollback", short_help="换回切换前的索引")
@as_json
def rollback_command(*, as_json: bool) -> None:
    """Put the index of before the last swap into use; what changed since is brought over by the indexer."""
    with _one_sentence(as_json):
        build = cores.rollback()
    _tell_build(build, as_json)


@index.command("fill", short_help="把全部数据集重新写入使用中的索引")
@as_json
def fill_command(*, as_json: bool) -> None:
    """Index everything anew in place, for an index that was emptied; exit code 1 when some still wait."""
    outbox.everything()
    total = outbox.status().waiting
    filler = Indexer(after_batch=lambda: progress(total - outbox.status().waiting, total))
    with _progress() as progress:
        filler.drain()
        filler.end()
    waiting = outbox.status().waiting
    _print({"waiting": waiting} if as_json else f"待索引 {waiting}")
    sys.exit(1 if waiting else 0)


BUILDS = {"building": "正在重建", "built": "已建好，可以切换", "swapped": "已切换，可以换回", "rolled_back": "已换回"}


def _tell_build(build: cores.Build, as_json: bool) -> None:
    if as_json:
        _print(build.to_json())
        return
    _print(f"{BUILDS[build.state]}：文档 {build.documents}/{build.total}，抽查 {build.sampled}。")
    for each in build.differences[:20]:
        _print(f"不符 {each['id']}：{each['field']}")


@contextmanager
def _one_sentence(as_json: bool) -> Generator[None]:
    """An error becomes one sentence, or one object with --json, and exit code 1."""
    try:
        yield
    except IndexingError as error:
        said = {"error": type(error).__name__, "message": error.message, "message_en": error.message_en}
        if as_json:
            _print(said | {"transient": error.transient})
        else:
            click.echo(error.message, err=True)
        sys.exit(1)


@contextmanager
def _progress() -> Generator[Callable[[int, int], None]]:
    """How far it is, on standard error: a line that is rewritten on a terminal, said every five seconds elsewhere."""
    last, terminal = 0.0, sys.stderr.isatty()

    def show(done: int, total: int) -> None:
        nonlocal last
        if done < total and time.monotonic() - last < (0.2 if terminal else 5):
            return
        last = time.monotonic()
        click.echo(f"{chr(13) if terminal else ''}索引 {done}/{total}", err=True, nl=not terminal)

    yield show
    if terminal:
        click.echo(err=True)


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
