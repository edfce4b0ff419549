"""A workbook that somebody uploads: within limits, and as a source that `reading.read` reads.

    source = source_of(Path("/…/目录.xlsx"), provider="示例市水利局", region="990100")
    reading = read(source)

Our own template is known by the heading of its key column: then its headings are stated, not guessed, and a row keeps
its identity whatever is edited in it.
"""

from __future__ import annotations

import functools
import io
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, cast
from xml.parsers import expat

import yaml
from openpyxl.utils.cell import range_boundaries

from harvesters.configured import config_folder
from harvesters.exceptions import Fault, SourceInvalid, SourceRefused, UnreadableSource
from harvesters.extract import grids, tables, unpack
from harvesters.source import Limits, Source, source_of_file
from harvesters.workbook.layout import is_key, layout

FILE = "workbook.yaml"
ELEMENTS = 1_000_000
MACROS = "xl/vbaProject.bin"
_UNFOLDING = (" mergeCell", " hyperlink")  # elements whose range becomes one object a cell


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
    """Raise unless an xlsx can be opened whole without harm. True when it has macros, which nobody here runs.

    Opening makes an object of every element, and of every cell that a merged range or a link covers: they are counted
    first, part by part, in constant memory.
    """
    unpack.guard_zip(data, name, allowed().limits)
    counter = _Counter(name, allowed().elements)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for part in archive.infolist():
                if part.filename.endswith((".xml", ".rels", ".vml")):
                    counter.read(archive, part)
            return MACROS in archive.namelist()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
        raise UnreadableSource(name, "工作簿损坏或不完整，可能只传了一半。请重新保存后上传。") from error


class _Counter:
    """Counts the elements of all parts, with the cells that ranges unfold into; raises beyond the limit."""

    def __init__(self, name: str, limit: int) -> None:
        self._name, self._left = name, limit

    def read(self, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._element
        parser.StartDoctypeDeclHandler = self._declared
        try:
            with archive.open(part) as file:
                parser.ParseFile(_Bounded(file, part.file_size, self._name))
        except expat.ExpatError as error:
            why = f"工作簿的一部分（{part.filename}）损坏。请重新保存后上传。"
            raise UnreadableSource(self._name, why) from error

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        self._left -= 1
        if name.endswith(_UNFOLDING) and ":" in (ref := attributes.get("ref", "")):
            self._left -= _area(ref)
        if self._left < 0:
            raise SourceRefused(self._name, "单元格太多。请删去空白格式和多余的工作表，或分批上传。", "Too many cells.")

    def _declared(self, *_: object) -> None:
        raise UnreadableSource(self._name, "工作簿里有不允许的内容（DOCTYPE）。请重新保存后上传。")


@dataclass
class _Bounded:
    """A part of which no more is read than it declares."""

    file: IO[bytes]
    left: int
    name: str

    def read(self, length: int = 1 << 16, /) -> bytes:
        data = self.file.read(min(length, self.left + 1))
        self.left -= len(data)
        if self.left < 0:
            raise UnreadableSource(self.name, "工作簿损坏：内容比声明的大。请重新保存后上传。")
        return data


def _area(ref: str) -> int:
    try:
        left, top, right, bottom = (int(edge or 1) for edge in range_boundaries(ref))
    except ValueError:
        return 0
    return (right - left + 1) * (bottom - top + 1)
