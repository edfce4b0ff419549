"""./govcn status: what runs."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from stack import state
from stack.cli import add_data_option
from stack.output import result, table

WORDS = {
    "starting": "启动中",
    "migrating": "更新数据库结构",
    "ready": "正常",
    "restarting": "重启中",
    "failed": "启动失败",
    "stopped": "已停止",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `status`."""
    add_data_option(parser)
    parser.add_argument("--json", action="store_true", help="输出 JSON / print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Exit code 0 when everything is ready, 1 otherwise."""
    known = state.read(options.data)
    alive = state.running(options.data)
    services = known.services if known and alive else []
    ready = bool(alive and known and known.phase == "ready" and all(s.state == "ready" for s in services))
    if options.json:
        result({
            "running": alive,
            "ready": ready,
            "phase": known.phase if known and alive else "stopped",
            "url": known.url if known and alive else None,
            "data": str(options.data.path),
            "started": known.started if known and alive else None,
            "services": [asdict(service) for service in services],
        })
    elif not alive or known is None:
        print(f"平台没有运行 / the platform is not running ({options.data.path})")
    else:
        rows = [[s.name, f"{WORDS[s.state]} {s.state}", s.pid or "", s.restarts] for s in services]
        print(table(("服务", "状态", "pid", "重启次数"), rows))
        print(f"门户 / portal: {known.url}")
    return 0 if ready else 1
