"""A workbook that somebody uploads: within limits, and as a source that `reading.read` reads.

    source = source_of(Path("/…/目录.xlsx"), provider="示例市水利局", region="990100")
    reading = read(source)

Our own template is known by the heading of its key column: then its headings are stated, not guessed, and a row keeps
its identity whatever is edited in it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import yaml
from ckanext.govcn.spreadsheet import guard as guards

from harvesters.configured import config_folder
from harvesters.exceptions import Fault, SourceInvalid, SourceRefused
from harvesters.extract import grids, tables, unpack
from harvesters.source import Limits, Source, source_of_file
from harvesters.workbook.layout import is_key, layout

FILE = "workbook.yaml"
ELEMENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Allowed:
    """How large an uploaded workbook may be (`config/workbook.yaml`). `elements`: XML elements of all its parts, and
    the cells that merged ranges unfold into."""

    limits: Limits
    elements: int = ELEMENTS


@functools.cache
def allowed() -> Allowed:
    """The operator's limits. Raises SourceInvalid when `workbook.yaml` says something else than numbers."""
    usual = Limits(bytes=32 << 20, rows=20_000, columns=256, cell=32_767)
    path = config_folder() / FILE
    if not path.is_file():
        return Allowed(usual)
    try:
        given = cast("dict[str, Any]", yaml.safe_load(path.read_text("utf-8")) or {})
        stated = {str(name): int(value) for name, value in cast("dict[str, Any]", given.get("limits") or {}).items()}
        return Allowed(replace(usual, **stated), int(given.get("elements") or ELEMENTS))  # pyright: ignore[reportArgumentType]
    except (yaml.YAMLError, UnicodeError, AttributeError, TypeError, ValueError) as error:
        fault = Fault(1, "limits", "limits 和 elements 只能写已有的键和整数，见文件里的说明。")
        raise SourceInvalid(FILE, [fault]) from error


def source_of(path: Path, *, provider: str = "", region: str = "", name: str = "") -> Source:
    """The source of an uploaded file, judged as a department's own catalogue (profile guide).

    `provider` is the department whose entries these are; without one the rows name theirs. Raises SourceRefused for
    a file that is too large, UnreadableSource for one that is no table.
    """
    data = read_bytes(path)
    source = replace(
        source_of_file(path),
        profile="guide",
        providers="fixed" if provider else "create",
        provider=provider,
        region=region,
        limits=allowed().limits,
    )
    source = replace(source, name=name or source.name)
    headings = _key_headings(unpack.unpacked(data, path.name, source.limits), path.name, source.limits)
    if not headings:
        return source
    return replace(source, fields={**layout().fields, **dict.fromkeys(headings, "remote_id")}, key=headings[:1])


def read_bytes(path: Path) -> bytes:
    """The file's bytes, within the limit."""
    limit = allowed().limits.bytes
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise SourceRefused(path.name, f"超过 {limit >> 20} MB。请分批上传。", f"It is larger than {limit >> 20} MB.")
    return data


def _key_headings(data: bytes, name: str, limits: Limits) -> tuple[str, ...]:
    """How the key column is headed, in every sheet that has one; () when this is not our template."""
    if unpack.kind_of(data, name) == "json":
        return ()
    found: dict[str, None] = {}
    for grid in grids.grids_of(data, name, limits):
        table = tables.table_in(grid)
        found.update({column.name: None for column in table.columns if column and is_key(column.leaf)} if table else {})
    return tuple(found)


def guard(data: bytes, name: str) -> bool:
    """Raise unless an xlsx can be opened whole without harm. True when it has macros, which nobody here runs."""
    with unpack.guarding(name):
        return guards.guard(data, allowed().limits.bytes, allowed().elements)
