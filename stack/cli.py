"""Command line of ./govcn."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from pathlib import Path

from stack import exceptions
from stack.exceptions import StackError
from stack.output import result
from stack.project import ROOT, DataFolder

COMMANDS = {
    "up": "启动平台 / start the platform",
    "down": "停止平台 / stop it",
    "status": "查看各服务状态 / what runs",
    "ckan": "CKAN 命令行 / CKAN's command line, e.g. ./govcn ckan user list",
    "harvest": "目录归集 / harvest preview|propose|run|… SOURCE",
    "release": "发布包 / release packages: release export|list|verify|receipt|receipts",
    "index": "检索索引 / the search index: index status|rebuild|swap|rollback",
    "check": "核对数据库、索引与文件 / compare database, index and files",
    "audit": "审计日志 / audit log: audit verify|seal|export",
    "office": "安全管理员和审计员 / offices: office list|give|take",
    "receipt": "使用回执 / receipts of use: receipt verify FILE",
    "sharing": "共享申请台账 / the ledger of sharing: sharing export FILE|import FILE|expire|remind",
    "deadline": "办理时限 / deadlines: deadline table|due",
    "python": "本环境的 Python / Python in this environment",
    "test": "运行测试 / run the tests",
    "bench": "性能测试 / measure: ./govcn bench NAME",
    "drill": "演练 / drills: ./govcn drill NAME",
    "lock": "重新锁定依赖 / make the lock again (developers)",
}


def main(arguments: list[str]) -> int:
    """Run one command; errors become one sentence and exit code 1."""
    signal.signal(signal.SIGTERM, _interrupt)
    parser = argparse.ArgumentParser(prog="./govcn", description="公共数据开放平台 / open public data platform")
    chosen = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        command = chosen.add_parser(name, help=text, description=text, add_help=name not in PASSING_ON)
        _module(name).add_arguments(command)
    # commands that pass everything on must also pass on options, --help among them
    passed_on: list[str] = []
    if arguments[:1] == ["test"] and "--" in arguments:
        cut = arguments.index("--")
        arguments, passed_on = arguments[:cut], arguments[cut + 1 :]
    if arguments and arguments[0] in PASSING_ON:
        arguments, passed_on = _split(arguments)
    options = parser.parse_args(arguments)
    options.passed_on = passed_on
    as_json = getattr(options, "json", False) or "--json" in passed_on
    try:
        return _module(options.command).run(options)
    except StackError as error:
        return _say(error, as_json=as_json)
    except OSError as error:
        return _say(exceptions.of_system(error), as_json=as_json)
    except KeyboardInterrupt:
        return 130


def _say(error: StackError, *, as_json: bool) -> int:
    if as_json:
        result({"error": {"kind": type(error).__name__, "zh": error.chinese, "en": error.english}})
    print(error, file=sys.stderr)
    return 1


DISPATCHED = ("harvest", "release", "index", "check", "audit", "office", "receipt", "sharing", "deadline")
PASSING_ON = ("ckan", *DISPATCHED, "python", "bench", "drill")


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """--data, the same for every command that needs a platform."""
    parser.add_argument(
        "--data",
        type=data_folder,
        default=os.environ.get("GOVCN_DATA", str(ROOT / "data")),
        metavar="DIR",
        help="数据目录，默认 data / the platform's data folder",
    )


def data_folder(text: str) -> DataFolder:
    """An absolute folder, however it was written."""
    return DataFolder(Path(text).expanduser().absolute())


def _module(command: str):  # noqa: ANN202
    dispatched = dict.fromkeys(DISPATCHED, "dispatch")
    names = {**dispatched, "bench": "measure", "drill": "measure"}
    return importlib.import_module(f"stack.commands.{names.get(command, command)}")


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Our own --data, wherever it stands before `--`; all else belongs to the command behind."""
    ours, theirs = [arguments[0]], []
    rest = iter(arguments[1:])
    for argument in rest:
        if argument == "--data":
            ours += [argument, *[value for value in [next(rest, None)] if value is not None]]
        elif argument.startswith("--data="):
            ours.append(argument)
        else:
            theirs.append(argument)
    return ours, theirs


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
