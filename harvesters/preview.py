"""试运行: what a harvest of a source would take, write nothing. The launcher's `harvest preview` calls `main`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from harvesters.configured import find
from harvesters.exceptions import HarvestError, SourceInvalid
from harvesters.reading import read
from harvesters.report import report_of, to_json_object, to_text

EXIT_SOURCE = 2  # the source as a whole could not be read


def preview(given: str, *, entries: bool = False) -> dict[str, Any]:
    """The preview of a configured source, a YAML file or a catalogue file, as its JSON object."""
    reading = read(find(given))
    return to_json_object(reading, report_of(reading, listed=entries), listed=entries)


def main(arguments: Sequence[str] | None = None) -> int:
    """`preview SOURCE [--json] [--entries]`: exit code 0, or 2 when the source cannot be read at all."""
    parser = argparse.ArgumentParser(prog="harvest", description="目录归集")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("preview", help="试运行：查看归集结果，不写入")
    command.add_argument("source", help="归集来源名称、来源 YAML 文件，或目录文件")
    command.add_argument("--json", action="store_true", help="输出一个 JSON 对象")
    command.add_argument("--entries", action="store_true", help="列出全部目录条目（entry_list）")
    options = parser.parse_args(arguments)
    try:
        reading = read(find(options.source))
        report = report_of(reading, listed=options.entries)
        result = to_json_object(reading, report, listed=options.entries) if options.json else to_text(reading, report)
    except HarvestError as error:
        return _failed(error, as_json=options.json)
    _write(result, entries=report.entry_list if options.entries else None)
    return 0


def _write(result: dict[str, Any] | str, entries: list[dict[str, Any]] | None) -> None:
    if isinstance(result, dict):
        sys.stdout.write(_dumped(result) + "\n")
        return
    sys.stdout.write(result + "\n")
    for entry in entries or []:
        sys.stdout.write(_dumped(entry) + "\n")


def _dumped(value: Any) -> str:
    """JSON that any terminal and any file can hold: lone surrogates of broken sources are escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _failed(error: HarvestError, *, as_json: bool) -> int:
    if as_json:
        fact: dict[str, Any] = {"error": type(error).__name__, "message": error.message, "message_en": error.message_en}
        fact["transient"] = error.transient
        if isinstance(error, SourceInvalid):
            fact["faults"] = [asdict(fault) for fault in error.faults]
        sys.stdout.write(_dumped(fact) + "\n")
    else:
        sys.stderr.write(error.message + "\n")
    return EXIT_SOURCE
