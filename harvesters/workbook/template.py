"""The blank workbook that a department downloads, with its current entries filled in.

Plain xlsx that WPS, Excel and LibreOffice open alike: no macros, no formulas, drop-downs over named ranges of a
hidden sheet, every cell formatted as text so that codes keep their zeros and a value that begins with = stays a text.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any

from ckanext.govcn.catalog.entry import CatalogEntry
from ckanext.govcn.spreadsheet.cells import LONGEST, TEXT, write
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from harvesters.exceptions import TextTooLong
from harvesters.workbook.layout import Column, Layout, cells_of, layout

TITLE, REPORTER, GROUPS, HEADINGS = 1, 2, 3, 4  # rows
FACE = "微软雅黑"
TALLEST = 150  # points of a row; the rest of a long text is seen in its cell

_LINE = Side(style="thin", color="FFBFBFBF")
BORDER = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
NEEDS = {"yes": "必填", "if": "有条件必填", "no": "选填"}
_HEADS = {"yes": "FF1F4E79", "if": "FF2E75B6", "no": "FF7F7F7F"}
_GROUP = "FFDDEBF7"


def template(entries: Iterable[tuple[str, CatalogEntry]] = (), department: str = "") -> bytes:
    """The workbook as xlsx. `entries`: the key of each (its remote id) with the entry.

    What is read back from it by `upload.source_of` are the same entries under the same keys. Raises TextTooLong for a
    text that no cell can hold: cutting it would change the entry.
    """
    book = Workbook()
    shape = layout()
    sheet: Any = book.active
    sheet.title = shape.sheet
    _head(sheet, shape, department)
    row = HEADINGS + 1
    for key, entry in entries:
        for cells in cells_of(key, entry):
            for number, column in enumerate(shape.columns, 1):
                if text := cells.get(column.field, ""):
                    write(sheet.cell(row, number), _held(text, entry, column))
            sheet.cell(row, 1).alignment = Alignment(vertical="top")
            widths = [column.width for column in shape.columns[1:]]
            texts = [cells.get(column.field, "") for column in shape.columns[1:]]
            sheet.row_dimensions[row].height = min(TALLEST, height_of(texts, widths))
            row += 1
    _drop_downs(book, sheet, shape)
    _about(book.create_sheet(shape.about), shape)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _held(text: str, entry: CatalogEntry, column: Column) -> str:
    if len(text) > LONGEST:
        raise TextTooLong(title=entry.title[:40], column=column.name, longest=LONGEST)
    return text


def _head(sheet: Any, shape: Layout, department: str) -> None:
    write(sheet.cell(TITLE, 1), shape.title)
    sheet.cell(TITLE, 1).font = Font(name=FACE, size=16, bold=True)
    sheet.cell(TITLE, 1).alignment = Alignment(vertical="center")
    write(sheet.cell(REPORTER, 1), f"{shape.reporter}：{department}")
    sheet.cell(REPORTER, 1).alignment = Alignment(vertical="center")
    sheet.cell(REPORTER, 1).font = Font(name=FACE, size=11)
    first = 1
    for name, columns in shape.groups.items():
        last = first + len(columns) - 1
        for number in range(first, last + 1):
            styled(sheet.cell(GROUPS, number), name if number == first else "", _GROUP, "FF1F4E79")
        if last > first:
            sheet.merge_cells(start_row=GROUPS, start_column=first, end_row=GROUPS, end_column=last)
        for number, column in enumerate(columns, first):
            styled(sheet.cell(HEADINGS, number), column.heading, _HEADS[column.need], "FFFFFFFF")
            dimension = sheet.column_dimensions[get_column_letter(number)]
            dimension.width = column.width
            dimension.number_format = TEXT
            dimension.alignment = Alignment(vertical="top", wrap_text=True)
        first = last + 1
    sheet.row_dimensions[TITLE].height, sheet.row_dimensions[REPORTER].height = 28, 20
    sheet.row_dimensions[GROUPS].height, sheet.row_dimensions[HEADINGS].height = 20, 34
    sheet.freeze_panes = sheet.cell(HEADINGS + 1, 3)
    _on_paper(sheet, f"{GROUPS}:{HEADINGS}", pages=4)
    sheet.print_title_cols = "A:B"


def styled(cell: Any, text: str, fill: str, ink: str) -> None:
    write(cell, text)
    cell.fill = PatternFill("solid", fgColor=fill)
    cell.font = Font(name=FACE, size=10, bold=True, color=ink)
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    cell.border = BORDER


def _on_paper(sheet: Any, repeated: str, pages: int = 1) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A3
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = pages, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = repeated


def _drop_downs(book: Any, sheet: Any, shape: Layout) -> None:
    """The choices on a hidden sheet, a name for each list, and a drop-down with a hint for each column."""
    lists = book.create_sheet(shape.lists)
    lists.sheet_state = "hidden"
    names: dict[str, str] = {}
    for column in shape.columns:
        if column.list and column.list not in names:
            at = len(names) + 1
            for row, text in enumerate((column.list, *column.choices), 1):
                write(lists.cell(row, at), text)
            letter = get_column_letter(at)
            names[column.list] = f"govcn_{column.list}"
            where = f"'{shape.lists}'!${letter}$2:${letter}${len(column.choices) + 1}"
            book.defined_names[names[column.list]] = DefinedName(names[column.list], attr_text=where)
    for number, column in enumerate(shape.columns, 1):
        letter = get_column_letter(number)
        rule: Any = DataValidation(allow_blank=True)
        if column.list:
            rule = DataValidation(type="list", formula1=f"={names[column.list]}", allow_blank=True)
        rule.showInputMessage = True
        rule.promptTitle = f"{column.name}（{NEEDS[column.need]}）"[:32]
        rule.prompt = f"{column.what}。例：{column.example}"[:255]
        rule.showErrorMessage = bool(column.list) and not column.several
        rule.errorStyle = "warning"
        rule.errorTitle, rule.error = column.name[:32], "下拉框里没有这个值，提交后会被标出。确定要这样填写吗？"
        rule.add(f"{letter}{HEADINGS + 1}:{letter}{HEADINGS + shape.rows}")
        sheet.add_data_validation(rule)


def _about(sheet: Any, shape: Layout) -> None:
    """填写说明: each column, what to write, whether it must be there, what is allowed, an example, the clause."""
    write(sheet.cell(1, 1), shape.about)
    sheet.cell(1, 1).font = Font(name=FACE, size=16, bold=True)
    sheet.row_dimensions[1].height = 28
    row = 2
    for number, note in enumerate(shape.notes, 1):
        write(sheet.cell(row, 1), f"{number}. {note}")
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=7)
        sheet.row_dimensions[row].height = height_of([note], [sum(ABOUT_WIDTHS)])
        row += 1
    head = row + 1
    for number, text in enumerate(("分组", "列", "是否必填", "填写什么", "可选值", "示例", "依据"), 1):
        styled(sheet.cell(head, number), text, _HEADS["yes"], "FFFFFFFF")
    row = head + 1
    for group, columns in shape.groups.items():
        for column in columns:
            cells = (group, column.name, NEEDS[column.need], column.what, _listed(column), column.example, column.basis)
            for number, text in enumerate(cells, 1):
                cell = sheet.cell(row, number)
                write(cell, text)
                cell.border = BORDER
            sheet.row_dimensions[row].height = height_of(cells[1:], ABOUT_WIDTHS[1:])
            row += 1
        if len(columns) > 1:
            sheet.merge_cells(start_row=row - len(columns), start_column=1, end_row=row - 1, end_column=1)
    for letter, width in zip("ABCDEFG", ABOUT_WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = sheet.cell(head + 1, 1)
    _on_paper(sheet, f"{head}:{head}")


def height_of(texts: Sequence[str], widths: Sequence[float]) -> float:
    """Points that a row needs for these wrapped texts; rows beside merged cells do not find it out by themselves."""
    lines = 1
    for text, width in zip(texts, widths, strict=True):
        shown = (sum(2 if ord(character) > 0x2E7F else 1 for character in line) for line in text.split("\n"))
        lines = max(lines, sum(max(1, ceil(length / (width - 1))) for length in shown))
    return 4 + 14 * lines


SHOWN = 12
ABOUT_WIDTHS = (13, 21, 12, 42, 48, 28, 30)


def _listed(column: Column) -> str:
    some = "、".join(column.choices[:SHOWN])
    more = f" 等 {len(column.choices)} 项，见下拉框" if len(column.choices) > SHOWN else ""
    return some + more + ("（可填多个，用“；”隔开）" if column.several else "")
