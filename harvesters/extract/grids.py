"""From a workbook's or csv's bytes to grids: rows of cells, one grid per sheet, merged cells filled, within limits."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

import openpyxl
import xlrd  # pyright: ignore[reportMissingTypeStubs]
from ckanext.govcn.spreadsheet.cells import LAST_ROW
from openpyxl.utils.cell import range_boundaries

from harvesters.exceptions import SourceRefused, UnreadableEt, UnreadableSource
from harvesters.extract import unpack
from harvesters.source import Limits

Cell: TypeAlias = "str | int | float | bool | None"
DELIMITERS = ",\t;|"
MERGES = 200_000
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')


@dataclass(slots=True)
class Grid:
    """One table-like surface. Rows are counted from 1 as a person sees them; each row has no trailing blanks."""

    sheet: str
    rows: Iterable[list[Cell]]
    notes: list[str] = field(default_factory=list[str])


def grids_of(data: bytes, name: str, limits: Limits, only: Sequence[str] = (), encoding: str = "") -> Iterator[Grid]:
    """The grids of a workbook or csv, whatever its name. `only`: these sheets; hidden ones are read only when named."""
    kind = unpack.kind_of(data, name)
    if kind == "xlsx":
        return grids_of_xlsx(data, name, limits, only)
    if kind == "xls":
        return grids_of_xls(data, name, limits, only)
    return iter([grid_of_csv(data, name, limits, encoding)])


def grids_of_xlsx(data: bytes, name: str, limits: Limits, only: Sequence[str]) -> Iterator[Grid]:
    unpack.guard_zip(data, name, limits)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever a damaged part makes its parsers raise
        raise UnreadableSource(name, "工作簿打不开，可能损坏或不完整。请重新保存后上传。") from error
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for sheet in cast("list[Any]", book.worksheets):
            if _passed_over(sheet.title, sheet.sheet_state != "visible", only):
                continue
            sheet.reset_dimensions()
            merges = _merges(archive, str(getattr(sheet, "_worksheet_path", "")))
            yield Grid(sheet.title, _filled(_limited(_xlsx_rows(sheet, name), name, sheet.title, limits), merges))
    book.close()


def _passed_over(title: str, hidden: bool, only: Sequence[str]) -> bool:
    return title not in only if only else hidden


def _xlsx_rows(sheet: Any, name: str) -> Iterator[list[Cell]]:
    expected = 1
    try:
        for cells in sheet.iter_rows(max_row=LAST_ROW + 1):
            number = max(expected, next((c.row for c in cells if hasattr(c, "row") and c.row), expected))
            if number > LAST_ROW:
                raise SourceRefused(name, f"工作表“{sheet.title}”的行号超过 {LAST_ROW}。请重新保存后上传。")
            while expected < number:  # rows that the file leaves out
                yield []
                expected += 1
            yield [_plain(c.value) for c in cells]
            expected += 1
    except (UnreadableSource, SourceRefused):
        raise
    except Exception as error:  # noqa: BLE001 - see above
        raise UnreadableSource(name, f"工作表“{sheet.title}”读到第 {expected} 行时损坏。请重新保存后上传。") from error


def _plain(value: Any) -> Cell:
    """Dates as ISO text, everything else as it is."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return str(value)


def _merges(archive: zipfile.ZipFile, path: str) -> list[tuple[int, int, int, int]]:
    """(first row, first column, last row, last column), from 0, of the merged ranges of one sheet."""
    found: list[tuple[int, int, int, int]] = []
    if path.lstrip("/") not in archive.namelist():
        return found
    tail = b""
    with archive.open(path.lstrip("/")) as part:
        while chunk := part.read(1 << 20):
            text = tail + chunk
            end = 0
            for match in _MERGE.finditer(text):
                left, top, right, bottom = (int(edge or 1) - 1 for edge in range_boundaries(match[1].decode()))
                found.append((top, left, bottom, right))
                end = match.end()
                if len(found) > MERGES:
                    return found
            tail = text[max(end, len(text) - 200) :]
    return found


def _filled(rows: Iterable[list[Cell]], merges: list[tuple[int, int, int, int]]) -> Iterator[list[Cell]]:
    """Rows in which every cell of a merged range has the range's value."""
    waiting = sorted(merges, reverse=True)
    active: list[tuple[int, int, int, Cell]] = []  # first column, last column, last row, value
    for number, row in enumerate(rows):
        while waiting and waiting[-1][0] <= number:
            top, left, bottom, right = waiting.pop()
            if top == number and left < len(row) and row[left] is not None:
                active.append((left, min(right, left + 512), bottom, row[left]))
        if active:
            active = [merge for merge in active if merge[2] >= number]
            for left, right, _, value in active:
                row.extend([None] * (right + 1 - len(row)))
                row[left : right + 1] = [value] * (right + 1 - left)
        yield row


def _limited(rows: Iterable[list[Cell]], name: str, sheet: str, limits: Limits) -> Iterator[list[Cell]]:
    """The rows without trailing blank cells, within the limits on rows, columns and cell length."""
    where = f"{name}“{sheet}”" if sheet else name
    filled = 0
    for number, row in enumerate(rows, 1):
        while row and (row[-1] is None or row[-1] == ""):
            row.pop()
        filled += bool(row)
        if filled > limits.rows:
            raise SourceRefused(where, f"超过 {limits.rows} 行。请分批提供。")
        if len(row) > limits.columns:
            raise SourceRefused(where, f"第 {number} 行超过 {limits.columns} 列，不是目录表。")
        for cell in row:
            if isinstance(cell, str) and len(cell) > limits.cell:
                raise SourceRefused(where, f"第 {number} 行有单元格超过 {limits.cell} 个字符。请删减后上传。")
        yield row


def grids_of_xls(data: bytes, name: str, limits: Limits, only: Sequence[str]) -> Iterator[Grid]:
    silent = io.StringIO()
    try:
        try:
            book: Any = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=silent)
        except NotImplementedError:
            book = xlrd.open_workbook(file_contents=data, logfile=silent)
        sheets = [book.sheet_by_index(i) for i in range(book.nsheets)]
    except Exception as error:  # noqa: BLE001 - xlrd raises whatever a damaged record makes it raise
        if unpack.is_et(name):
            raise UnreadableEt(name) from error
        raise UnreadableSource(name, "工作簿（xls/et）打不开：损坏、不完整或设了口令。请另存为 xlsx。") from error
    for sheet in sheets:
        if _passed_over(sheet.name, sheet.visibility != 0, only):
            continue
        merges = [(top, left, bottom - 1, right - 1) for top, bottom, left, right in sheet.merged_cells]
        rows = ([_xls_cell(cell, book.datemode) for cell in sheet.row(i)] for i in range(sheet.nrows))
        yield Grid(sheet.name, _filled(_limited(rows, name, sheet.name, limits), merges))


def _xls_cell(cell: Any, datemode: int) -> Cell:
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return _plain(xlrd.xldate_as_datetime(cell.value, 1 if datemode else 0))
        except (xlrd.XLDateError, ValueError, OverflowError):
            return cell.value
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype in {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK, xlrd.XL_CELL_ERROR}:
        return None
    if cell.ctype == xlrd.XL_CELL_NUMBER and float(cell.value).is_integer():
        return int(cell.value)
    return cell.value


def grid_of_csv(data: bytes, name: str, limits: Limits, encoding: str) -> Grid:
    if unpack.is_et(name):
        raise UnreadableEt(name)
    text, found = unpack.decoded(data, name, encoding)
    if "\x00" in text:
        raise UnreadableSource(name, "含有空字节，不是文本文件。请另存为 UTF-8 的 csv。")
    grid = Grid("", _limited(_csv_rows(text, name, limits), name, "", limits))
    if found not in {"utf-8", "utf-8-sig"}:
        grid.notes.append(f"编码：{found}")
    return grid


def _csv_rows(text: str, name: str, limits: Limits) -> Iterator[list[Cell]]:
    csv.field_size_limit(max(limits.cell + 1, 131_072))  # of the whole process; `_limited` holds the source's own
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    expected = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            why = "引号没有配对，可能只传了一半" if "end of data" in str(error) else "引号或单元格有误"
            raise UnreadableSource(name, f"第 {reader.line_num} 行{why}。请重新导出 csv。") from error
        line = reader.line_num
        yield [cell if cell.strip() else None for cell in row]
        for _ in range(line - expected):  # a quoted cell with line ends: rows below keep their line's number
            yield []
        expected = line + 1


def _delimiter(text: str) -> str:
    """The character that splits the first lines into the most, and equally many, cells."""
    lines = [line for line in text[:100_000].splitlines()[:30] if line.strip()][:20]

    def regular(delimiter: str) -> tuple[int, int]:
        try:
            counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        except csv.Error:
            return 0, 0
        usual = max(set(counts), key=counts.count)
        return (counts.count(usual) if usual > 1 else 0, usual)

    return max(DELIMITERS, key=regular) if lines else ","
