"""The ledger as a workbook, PURE: two sheets out, and what two sheets say in. `book.yaml` names the columns.

Cells are texts, codes are written as their labels, times are Beijing time to the second. `written` and `read` are each
other's inverse for whatever a ledger holds.
"""

from __future__ import annotations

import datetime as dt
import functools
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, cast

import openpyxl
import yaml
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from ckanext.govcn.catalog.text import storable
from ckanext.govcn.sharing.exceptions import BookRefused
from ckanext.govcn.spreadsheet.cells import TEXT, write
from ckanext.govcn.spreadsheet.exceptions import SpreadsheetError, Unreadable
from ckanext.govcn.spreadsheet.guard import guard

ELEMENTS = 1_000_000
_HEAD, _INK = "FF1F4E79", "FFFFFFFF"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `derived`: for people only."""

    key: str
    name: str
    width: int
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet's name and columns."""

    name: str
    columns: tuple[Column, ...]

    def heading(self, key: str) -> str:
        """What a column is called."""
        return next(column.name for column in self.columns if column.key == key)


@dataclass(frozen=True, slots=True)
class Layout:
    """`book.yaml`."""

    requests: Sheet
    steps: Sheet
    limits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a sheet: its number as a person sees it, and its texts by column key ("" where blank)."""

    row: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Book:
    """What a workbook says: requests in order, and the steps of each by its 编号."""

    requests: list[Line]
    steps: dict[str, list[Line]] = field(default_factory=dict[str, list[Line]])


@functools.cache
def layout() -> Layout:
    """The layout, read once."""
    given = cast(
        "dict[str, Any]",
        yaml.safe_load(resources.files("ckanext.govcn.sharing").joinpath("book.yaml").read_text("utf-8")),
    )

    def sheet(about: Mapping[str, Any]) -> Sheet:
        return Sheet(about["sheet"], tuple(Column(**column) for column in about["columns"]))

    return Layout(sheet(given["requests"]), sheet(given["steps"]), given["limits"])


def written(requests: Iterable[Mapping[str, str]], steps: Iterable[Mapping[str, str]]) -> bytes:
    """The workbook as xlsx; rows by column key, what is left out is blank."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for shape, rows in ((layout().requests, requests), (layout().steps, steps)):
        _fill(book.create_sheet(shape.name), shape, rows)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(sheet: Any, shape: Sheet, rows: Iterable[Mapping[str, str]]) -> None:
    for at, column in enumerate(shape.columns, 1):
        cell = sheet.cell(1, at)
        write(cell, column.name)
        cell.font, cell.fill = Font(bold=True, color=_INK), PatternFill("solid", fgColor=_HEAD)
        cell.alignment = Alignment(horizontal="center", vertical="center")
        dimension = sheet.column_dimensions[get_column_letter(at)]
        dimension.width, dimension.number_format = column.width, TEXT
    for number, row in enumerate(rows, 2):
        for at, column in enumerate(shape.columns, 1):
            if text := row.get(column.key, ""):
                write(sheet.cell(number, at), text)
    sheet.freeze_panes = "B2"


def read(data: bytes) -> Book:
    """What a workbook says. Raises SpreadsheetError for a file that may not be opened, BookRefused for one that is no
    ledger: other headings, formulas, too many rows."""
    most = layout().limits
    guard(data, most["unpacked"], ELEMENTS)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        sheets = {sheet.title: sheet for sheet in cast("list[Any]", book.worksheets)}
        requests = list(_lines(sheets, layout().requests, needed=True))
        steps = list(_lines(sheets, layout().steps, needed=False))
    except (SpreadsheetError, BookRefused):
        raise
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever a damaged part makes its parsers raise
        raise Unreadable(
            "工作簿打不开，可能损坏或不完整。请重新保存后上传。",
            "The workbook is damaged; save it again and send that.",
        ) from error
    found = Book(requests)
    for line in steps:
        found.steps.setdefault(line.cells["id"], []).append(line)
    return found


def _lines(sheets: Mapping[str, Any], shape: Sheet, *, needed: bool) -> Iterator[Line]:
    sheet = sheets.get(shape.name)
    if sheet is None:
        if needed:
            raise _refused(f"没有工作表“{shape.name}”，请用导出的工作簿", f"it has no sheet {shape.name}")
        return
    sheet.reset_dimensions()
    places: list[str | None] = []
    filled, limits = 0, layout().limits
    # the reader makes every row and cell that a number leaves out: no more of them than may be
    for number, cells in enumerate(sheet.iter_rows(max_row=limits["last_row"] + 1, max_col=limits["columns"]), 1):
        if number > limits["last_row"]:
            raise _refused(
                f"“{shape.name}”有第 {limits['last_row']} 行以后的行，请删去空行或分批导入",
                f"{shape.name} has rows beyond row {limits['last_row']}; delete blank ones, or import less at once",
            )
        texts = [_text(cell, shape.name, number) for cell in cells]
        if number == 1:
            places = _places(texts, shape)
        elif any(texts):
            filled += 1
            if filled > limits["rows"]:
                most = limits["rows"]
                raise _refused(f"“{shape.name}”超过 {most} 行，请分批导入", f"more than {most} rows in {shape.name}")
            said = {key: text for key, text in zip(places, texts, strict=False) if key}
            yield Line(number, {column.key: said.get(column.key, "") for column in shape.columns})
    if not places:
        _places([], shape)


def _places(texts: Sequence[str], shape: Sheet) -> list[str | None]:
    """Which column each heading is; others are passed over."""
    keys = {column.name: column.key for column in shape.columns}
    missing = [column.name for column in shape.columns if not column.derived and column.name not in texts]
    if missing:
        names = "、".join(missing)
        raise _refused(f"“{shape.name}”第一行缺少列：{names}", f"row 1 of {shape.name} lacks the columns {names}")
    return [keys.get(text) for text in texts]


def _text(cell: Any, sheet: str, row: int) -> str:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        raise _refused(f"“{sheet}”第 {row} 行有公式，请改为文本", f"row {row} of {sheet} has a formula; make it a text")
    if isinstance(value, dt.datetime):
        value = value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ", timespec="seconds")
    elif isinstance(value, dt.date):
        value = value.isoformat()
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    text, most = str(value), layout().limits["cell"]
    if len(text) > most:
        raise _refused(f"“{sheet}”第 {row} 行有单元格超过 {most} 字", f"a cell in row {row} of {sheet} is too long")
    return storable(text).replace("\r\n", "\n").strip()


def _refused(why: str, why_en: str) -> BookRefused:
    return BookRefused(why=why, why_en=why_en)
