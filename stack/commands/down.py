"""./govcn down: stop the platform; all data stays."""

from __future__ import annotations

import argparse

from stack import lifecycle
from stack.cli import add_data_option
from stack.output import result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `down`."""
    add_data_option(parser)
    parser.add_argument("--json", action="store_true", help="输出 JSON / print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Stopping what does not run is no error."""
    stopped = lifecycle.stop(options.data)
    if options.json:
        result({"stopped": stopped})
    else:
        print("已停止 / stopped" if stopped else "平台没有运行 / the platform was not running")
    return 0
