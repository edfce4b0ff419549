"""The commands that need no platform: `harvest preview`, `propose`, `mark`, and `template` without entries.

What a harvest of a source would take, a description of a new source, a checked workbook, a blank one. The launcher
calls `main`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from harvesters.configured import find
from harvesters.exceptions import HarvestError, SourceInvalid, SourceRefused
from harvesters.fetch import Fetcher
from harvesters.propose import propose, with_networks
from harvesters.reading import read
from harvesters.report import report_of, to_json_object, to_text
from harvesters.source import Source
from harvesters.workbook.files import mark_file, write_template

EXIT_SOURCE = 2  # the source as a whole could not be read


def preview(given: str, *, entries: bool = False) -> dict[str, Any]:
    """The preview of a configured source, a YAML file or a catalogue file, as its JSON object."""
    reading = read(find(given))
    return to_json_object(reading, report_of(reading, listed=entries), listed=entries)


def main(arguments: Sequence[str] | None = None) -> int:
    """`preview SOURCE [--json] [--entries]`, `propose FILE|URL [--output YAML] [--json]`.

    Exit code 0, or 2 when the source cannot be read at all.
    """
    parser = argparse.ArgumentParser(prog="harvest", description="目录归集")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("preview", help="试运行：查看归集结果，不写入")
    command.add_argument("source", help="归集来源名称、来源 YAML 文件，或目录文件")
    command.add_argument("--json", action="store_true", help="输出一个 JSON 对象")
    command.add_argument("--entries", action="store_true", help="列出全部目录条目（entry_list）")
    proposing = commands.add_parser("propose", help="为目录文件或网址起草来源配置（YAML），附每个字段的把握程度")
    proposing.add_argument("source", metavar="FILE|URL", help="目录文件，或 http(s) 网址")
    proposing.add_argument("--output", type=Path, help="写入这个新文件；缺省时输出到屏幕")
    proposing.add_argument("--json", action="store_true", help="输出一个 JSON 对象")
    proposing.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="NETWORK",
        help="允许访问 config/networks.yaml 登记的这个内部网络",
    )
    marking = commands.add_parser("mark", help="检查目录工作簿，退回标出问题的同一份工作簿")
    marking.add_argument("file", type=Path, metavar="FILE", help="xlsx、xls、et 或 csv")
    marking.add_argument("--output", type=Path, required=True, help="写到这个 xlsx 文件")
    marking.add_argument("--json", action="store_true", help="输出一个 JSON 对象")
    blank = commands.add_parser("template", help="空白的目录填报工作簿（xlsx）")
    blank.add_argument("--output", type=Path, help="写到这个文件")
    blank.add_argument("--json", action="store_true", help="输出一个 JSON 对象")
    options = parser.parse_args(arguments)
    return _COMMANDS[options.command](options)


def _propose(options: argparse.Namespace) -> int:
    try:
        allowed = tuple(options.allow)
        found = propose(options.source, lambda source: Fetcher(replace(source, allow_networks=allowed)))
        text = with_networks(found.yaml, allowed)
        if options.output:
            _write_new(options.output, text, found.source)
    except HarvestError as error:
        return _failed(error, as_json=options.json)
    if options.json:
        written = str(options.output) if options.output else None
        _write({**found.to_json(), "yaml": text, "written": written}, None)
    elif options.output:
        sys.stdout.write(f"已写入 {options.output}，请核对后使用。\n")
    else:
        sys.stdout.write(text)
    return 0


def _write_new(path: Path, text: str, source: Source) -> None:
    """Write a file that does not exist yet; a catalogue file has to lie below its folder."""
    if source.path and path.resolve().parent != source.folder:
        why = f"来源配置须与目录文件放在同一文件夹（{source.folder.name}）。"
        raise SourceRefused(path.name, why, "The description has to stand beside its catalogue file.")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise SourceRefused(path.name, "文件已存在，不会覆盖。请换一个名字。", "It exists and is kept.") from error
    except OSError as error:
        raise SourceRefused(path.name, "无法写入。请核对文件夹和权限。", "It cannot be written.") from error


def _preview(options: argparse.Namespace) -> int:
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


def _mark(options: argparse.Namespace) -> int:
    """Exit code 0 when nothing has to be mended, 1 when something has, 2 when the file cannot be read."""
    try:
        found = mark_file(options.file, options.output)
    except HarvestError as error:
        return _failed(error, as_json=options.json)
    if options.json:
        _write({"file": options.file.name, "output": str(options.output), **found.to_json()}, None)
    else:
        counts = f"目录 {found.records} 条，可以收下 {found.records - found.refused}，退回 {found.refused}"
        lines = [
            counts,
            *found.notes,
            f"已写入 {options.output}" + ("，没有要改的。" if found.clean else "，请改正标红处。"),
        ]
        sys.stdout.write("\n".join(lines) + "\n")
    return 0 if found.clean else 1


def _blank(options: argparse.Namespace) -> int:
    try:
        done = write_template(options.output)
    except HarvestError as error:
        return _failed(error, as_json=options.json)
    sys.stdout.write((_dumped(done) if options.json else f"已写入 {done['output']}") + "\n")
    return 0


_COMMANDS = {"preview": _preview, "propose": _propose, "mark": _mark, "template": _blank}
