"""./govcn status: what runs."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stack import configuration, credentials, services, state
from stack.cli import add_data_option
from stack.exceptions import CommandFailed
from stack.output import result, table
from stack.project import DataFolder
from stack.state import State

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
    running = known.services if known and alive else []
    ready = bool(alive and known and known.phase == "ready" and all(s.state == "ready" for s in running))
    index = _index(options.data, known) if ready and known else None
    if options.json:
        result(
            {
                "running": alive,
                "ready": ready,
                "phase": known.phase if known and alive else "stopped",
                "url": known.url if known and alive else None,
                "data": str(options.data.path),
                "started": known.started if known and alive else None,
                "services": [asdict(service) for service in running],
                "index": index,
            }
        )
    elif not alive or known is None:
        print(f"平台没有运行 / the platform is not running ({options.data.path})")
    else:
        rows = [[s.name, f"{WORDS[s.state]} {s.state}", s.pid or "", s.restarts] for s in running]
        print(table(("服务", "状态", "pid", "重启次数"), rows))
        if index:
            away = "" if index["failing_since"] is None else "，检索服务没有响应 / Solr does not answer"
            print(f"待索引 / waiting for the index: {index['waiting']}{away}")
        print(f"门户 / portal: {known.url}")
    return 0 if ready else 1


def _index(data: DataFolder, known: State) -> dict[str, Any] | None:
    """How far the search index is behind, asked of PostgreSQL itself: CKAN would take seconds to start."""
    if known.url is None:
        return None
    command = [
        services.postgres_program("psql"), "-X", "-q", "-A", "-t", "-h", str(Path(known.ini).parent),
        "-U", "postgres", "-d", configuration.DATABASE, "-c", "SELECT row_to_json(s) FROM govcn_index_status() s",
    ]  # fmt: skip
    try:
        password = credentials.load_or_create(data.secrets).postgres
        return json.loads(services.run(command, environment={"PGPASSWORD": password}))
    except (CommandFailed, OSError, ValueError):
        return None
