"""./govcn up: everything from nothing to a running portal."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stack import lifecycle, state
from stack.cli import add_data_option
from stack.environment import python
from stack.exceptions import CommandFailed
from stack.identity import unprivileged
from stack.output import progress, result, table
from stack.project import ROOT, DataFolder
from stack.services import child_environment, ckan_command, ckan_environment
from stack.services import run as run_program
from stack.state import State

DEFAULT_PORT = 5000
COUNTS = ("records", "added", "changed", "unchanged", "removed", "refused")
HEADINGS = ("来源", "记录", "新增", "变更", "未变", "下架", "退回")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `up`."""
    add_data_option(parser)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="门户端口 / port of the portal (5000)")
    parser.add_argument("--detach", action="store_true", help="在后台运行 / return when it runs")
    parser.add_argument("--empty", action="store_true", help="不装载示例数据 / without the demo")
    parser.add_argument("--json", action="store_true", help="输出 JSON / print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Start, show, and without --detach stay until interrupted."""
    data: DataFolder = options.data
    already = state.running(data)
    try:
        summary = bring_up(data, options.port, demo=not options.empty)
    except BaseException:
        if not already:
            lifecycle.stop(data)
        raise
    if options.json:
        result(summary)
    else:
        _print(summary)
    return 0 if options.detach else _stay(data)


def bring_up(data: DataFolder, port: int, *, demo: bool, bound: bool = False) -> dict[str, Any]:
    """Start the platform, load the demo unless told not to, make the administrator on the first start."""
    known = lifecycle.start(data, port, bound=bound)
    harvests = _demo(data, known) if demo else []
    return {
        "url": known.url,
        "data": str(data.path),
        # last of all: nothing that fails may come between the password and the person who reads it
        "admin": _administrator(data, known),
        "services": [asdict(service) for service in known.services],
        "harvest": harvests,
    }


def _administrator(data: DataFolder, known: State) -> dict[str, str] | None:
    stamp = data.path / "administrator-made"
    if stamp.exists():
        return None
    progress("创建管理员", "Creating the administrator")
    printed = run_program(unprivileged([str(python()), "-m", "stack.administrator"]), ckan_environment(Path(known.ini)))
    stamp.touch(mode=0o600)
    return json.loads(printed.strip().splitlines()[-1])


def _demo(data: DataFolder, known: State) -> list[dict[str, Any]]:
    """Load config/demo and harvest its sources: the command shows progress on standard error, JSON on output."""
    progress("装载示例数据", "Loading the demo")
    command = ckan_command(Path(known.ini), "govcn-demo", "load", "--json")
    environment = child_environment(ckan_environment(Path(known.ini)))
    done = subprocess.run(
        unprivileged(command), stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT, env=environment
    )
    if done.returncode:
        raise CommandFailed(
            "装载示例数据失败，详情见上方输出；可用 ./govcn up --empty 启动空平台。",
            "The demo could not be loaded; ./govcn up --empty starts without it.",
            command="govcn-demo load",
            code=done.returncode,
        )
    return json.loads(done.stdout)["sources"]


def _print(summary: dict[str, Any]) -> None:
    administrator = summary["admin"]
    if summary["harvest"]:
        rows = [[line["source"], *(line.get(count, 0) for count in COUNTS)] for line in summary["harvest"]]
        print(table(HEADINGS, rows))
        print()
    if administrator:
        print(f"管理员 / administrator: {administrator['name']}")
        print(f"密码（只显示这一次） / password (shown once): {administrator['password']}")
    print(f"门户 / portal: {summary['url']}", flush=True)


def _stay(data: DataFolder) -> int:
    print("按 Ctrl-C 停止 / Ctrl-C stops", file=sys.stderr)
    try:
        while state.running(data):
            time.sleep(1)
    except KeyboardInterrupt:
        lifecycle.stop(data)
        return 0
    return 1
