"""May this workbook be opened? Asked of its bytes before anything of it becomes an object. PURE.

`guard_zip` looks at what the archive declares, enough for reading row by row; `guard` also counts the elements of all
parts in constant memory, for opening it whole: that makes an object of every element, and of every cell that a merged
range or a link covers.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO
from xml.parsers import expat

from openpyxl.utils.cell import range_boundaries

from ckanext.govcn.spreadsheet.exceptions import NoWorkbook, TooLarge, Unreadable

MACROS = "xl/vbaProject.bin"
MEGABYTE = 1024 * 1024
RATIO = 200  # times smaller than what comes out: nothing honest packs better than this beyond the first megabytes
ZIP_PARTS = 5_000
_UNFOLDING = (" mergeCell", " hyperlink")  # elements whose range becomes one object a cell
_DAMAGED = (
    "工作簿损坏或不完整，可能只传了一半。请重新保存后上传。",
    "The workbook is damaged or incomplete; save it again and send that.",
)


def guard_zip(data: bytes, most_bytes: int) -> None:
    """Raise SpreadsheetError unless the workbook's parts, as declared and counted, stay within `most_bytes`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise Unreadable(*_DAMAGED) from error
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise NoWorkbook
    total = sum(part.file_size for part in parts)
    if len(parts) > ZIP_PARTS or total > most_bytes or (total > 8 * MEGABYTE and total > RATIO * len(data)):
        raise too_large(most_bytes)
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("工作簿设了口令。请去掉口令后上传。", "The workbook has a password; take it off.")


def too_large(most_bytes: int) -> TooLarge:
    """More comes out than may."""
    megabytes = most_bytes // MEGABYTE
    return TooLarge(
        f"解压后超过 {megabytes} MB 或压缩比异常。请分批提供。",
        f"Unpacked it is larger than {megabytes} MB, or packed beyond belief; send less at once.",
    )


def guard(data: bytes, most_bytes: int, most_elements: int) -> bool:
    """Raise SpreadsheetError unless it can be opened whole without harm. True when it has macros, which nobody runs."""
    guard_zip(data, most_bytes)
    counter = _Counter(most_elements)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for part in archive.infolist():
                if part.filename.endswith((".xml", ".rels", ".vml")):
                    counter.read(archive, part)
            return MACROS in archive.namelist()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
        raise Unreadable(*_DAMAGED) from error


class _Counter:
    """Counts the elements of all parts, with the cells that ranges unfold into; raises beyond the limit."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def read(self, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._element
        parser.StartDoctypeDeclHandler = self._declared
        try:
            with archive.open(part) as file:
                parser.ParseFile(_Bounded(file, part.file_size))
        except expat.ExpatError as error:
            raise Unreadable(
                f"工作簿的一部分（{part.filename}）损坏。请重新保存后上传。",
                f"A part of the workbook ({part.filename}) is damaged; save it again and send that.",
            ) from error

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        self._left -= 1
        if name.endswith(_UNFOLDING) and ":" in (ref := attributes.get("ref", "")):
            self._left -= _area(ref)
        if self._left < 0:
            raise TooLarge("单元格太多。请删去空白格式和多余的工作表，或分批上传。", "Too many cells.")

    def _declared(self, *_: object) -> None:
        raise Unreadable(
            "工作簿里有不允许的内容（DOCTYPE）。请重新保存后上传。",
            "The workbook has what is not allowed (DOCTYPE); save it again and send that.",
        )


@dataclass
class _Bounded:
    """A part of which no more is read than it declares."""

    file: IO[bytes]
    left: int

    def read(self, length: int = 1 << 16, /) -> bytes:
        data = self.file.read(min(length, self.left + 1))
        self.left -= len(data)
        if self.left < 0:
            raise Unreadable(
                "工作簿损坏：内容比声明的大。请重新保存后上传。",
                "The workbook is damaged; save it again and send that.",
            )
        return data


def _area(ref: str) -> int:
    try:
        left, top, right, bottom = (int(edge or 1) for edge in range_boundaries(ref))
    except ValueError:
        return 0
    return (right - left + 1) * (bottom - top + 1)
