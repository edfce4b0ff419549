"""One sheet of a workbook that is given back: finding cells, marking them, and taking the marks away again."""

# pyright: basic
# openpyxl is not typed.
from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from ckanext.govcn.spreadsheet.cells import LONGEST, write
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Color, Font, PatternFill
from openpyxl.utils import get_column_letter

from harvesters.extract import tables
from harvesters.extract.tables import ITEMS, Table
from harvesters.normalize import headings, readers
from harvesters.workbook.layout import is_key
from harvesters.workbook.template import BORDER, FACE, TALLEST, height_of

RED, YELLOW = "FFFF8B8B", "FFFFE08A"
AUTHOR = "公共数据开放平台"
LABELS = {"refuse": "退回", "hold": "待核定", "warn": "提醒"}
NOTE = (320, 110)  # pixels of a cell's note
NAMES = ("name", "name_en", "data_type", "length")
"""What makes a row a 信息项: `normalize.entries` counts the rows in which one of them is given."""
WIDTH = 52
_NONE = "00000000"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend: where (`column` is the heading, "" for the whole row), by which rule, and how."""

    sheet: str
    row: int
    column: str
    rule: str
    severity: str
    wrong: str
    remedy: str

    def to_json(self) -> dict[str, Any]:
        """As the report of a check lists it."""
        return {
            "sheet": self.sheet, "row": self.row, "column": self.column, "rule": self.rule,
            "severity": self.severity, "problem": self.wrong, "remedy": self.remedy,
        }  # fmt: skip


class MarkedSheet:
    """A sheet with the table in it. `groups`: first row of each dataset → its rows."""

    def __init__(self, sheet: Any, table: Table) -> None:
        self._sheet = sheet
        self.table = table
        self.groups = {group.row: group for group in table.groups}
        self._columns = {column.name: at for at, column in enumerate(table.columns, 1) if column}
        self._items = {
            headings.item_field(column.leaf): column.name
            for column in reversed(table.columns)
            if column and column.field.startswith(ITEMS)
        }
        self.key = next((column.name for column in table.columns if column and is_key(column.leaf)), "")
        self._merged = [(each.min_row, each.min_col, each.max_row, each.max_col) for each in sheet.merged_cells.ranges]

    @property
    def name(self) -> str:
        return self._sheet.title

    def anchor(self, row: int, column: str) -> Any:
        """The cell under a heading, or the one that holds its value when it is merged."""
        return self._anchor(row, self._columns[column])

    def _anchor(self, row: int, at: int) -> Any:
        cell = self._sheet.cell(row, at)
        if not isinstance(cell, MergedCell):
            return cell
        return next(
            self._sheet.cell(top, left)
            for top, left, bottom, right in self._merged
            if top <= row <= bottom and left <= at <= right
        )

    def text(self, row: int, column: str) -> str:
        """What stands under a heading, "" for nothing."""
        return readers.text_of(self.groups[row].raw.get(column)) if row in self.groups else ""

    def item_place(self, row: int, index: str, field: str) -> tuple[int, str]:
        """(row, heading) of a field of the 信息项 with this index, of the dataset that begins at `row`."""
        column = self._items.get(field) or self._items.get("name", "")
        if not index.isdigit() or row not in self.groups:
            return row, column
        group = self.groups[row]
        rows = [
            at
            for at, item in zip(group.item_rows, group.items, strict=True)
            if any(readers.given(value) for heading, value in item.items() if headings.item_field(heading) in NAMES)
        ]
        return (rows[int(index)] if int(index) < len(rows) else row), column

    def unmark(self) -> None:
        """Take away what an earlier check wrote: colours, notes, the two columns."""
        own = self._own_columns()
        for cell in list(self._sheet._cells.values()):
            if cell.comment is not None and cell.comment.author == AUTHOR:
                cell.comment = None
            if _is_marked(cell):
                cell.fill = _fill_before(cell.fill)
            if cell.column in own and not isinstance(cell, MergedCell):
                cell.value = None

    def _own_columns(self) -> tuple[int, ...]:
        for row in range(1, self.table.heading[1] + 1):
            texts = {cell.column: cell.value for cell in self._sheet[row] if isinstance(cell.value, str)}
            for at, text in texts.items():
                if (text, texts.get(at + 1)) == tables.marks():
                    return at, at + 1
        return ()

    def erase(self, row: int) -> None:
        """Empty all cells of a dataset's rows, with their notes and links."""
        group = self.groups.get(row)
        self._erase(row, max([row, *group.item_rows]) if group else row)

    def erase_above(self) -> None:
        """Empty what stands above the table."""
        self._erase(1, self.table.heading[0] - 1)

    def _erase(self, first: int, last: int) -> None:
        for cell in list(self._sheet._cells.values()):
            if first <= cell.row <= last and not isinstance(cell, MergedCell):
                cell.value = cell.comment = cell.hyperlink = None

    def mark(self, findings: Sequence[Finding]) -> None:
        """Colour the cells, give them notes, and write the two columns."""
        cells: dict[tuple[int, int], list[Finding]] = {}
        rows: dict[int, list[Finding]] = {}
        for finding in findings:
            rows.setdefault(finding.row, []).append(finding)
            if finding.column in self._columns:
                cell = self.anchor(finding.row, finding.column)
                cells.setdefault((cell.row, cell.column), []).append(finding)
        for (row, at), found in cells.items():
            self._mark_cell(self._sheet.cell(row, at), found)
        self._write_columns(rows)

    def _mark_cell(self, cell: Any, found: Sequence[Finding]) -> None:
        cell.fill = _marked_fill(cell.fill, _colour(found))
        if cell.comment is None:  # a clerk's own note is kept; what we have to say stands in the last columns too
            said = "\n".join(dict.fromkeys(f"{LABELS[f.severity]}：{f.wrong}。{f.remedy}（{f.rule}）" for f in found))
            cell.comment = Comment(said, AUTHOR, width=NOTE[0], height=NOTE[1])

    def _write_columns(self, rows: dict[int, list[Finding]]) -> None:
        first = (self._own_columns() or (self._last_column() + 1,))[0]
        head = self.table.heading[1]
        for at, text in enumerate(tables.marks(), first):
            cell = self._anchor(head, at)
            write(cell, text)
            cell.font = Font(name=FACE, size=10, bold=True, color="FFFFFFFF")
            cell.fill = PatternFill("solid", fgColor="FFC00000")
            cell.alignment = Alignment(horizontal="center", vertical="center")
            cell.border = BORDER
            self._sheet.column_dimensions[get_column_letter(at)].width = WIDTH
        for row, found in rows.items():
            texts = [_numbered([_problem(each) for each in found]), _numbered([each.remedy for each in found])]
            for at, text in enumerate(texts, first):
                cell = self._anchor(row, at)
                write(cell, text)
                cell.fill = _marked_fill(PatternFill(), _colour(found))
            height = self._sheet.row_dimensions[row].height or 0
            self._sheet.row_dimensions[row].height = max(height, min(TALLEST, height_of(texts, [WIDTH, WIDTH])))

    def _last_column(self) -> int:
        filled = (cell.column for cell in self._sheet._cells.values() if cell.value is not None)
        return max(len(self.table.columns), max(filled, default=0))


def _problem(finding: Finding) -> str:
    where = f"【{finding.column.strip('*')}】" if finding.column else ""
    return f"{where}{finding.wrong}（{LABELS[finding.severity]} {finding.rule}）"


def _numbered(lines: Sequence[str]) -> str:
    text = "\n".join(f"{n}. {line}" for n, line in enumerate(lines, 1)) if len(lines) > 1 else lines[0]
    return text[:LONGEST]


def _colour(found: Sequence[Finding]) -> str:
    return YELLOW if all(finding.severity == "warn" for finding in found) else RED


def _marked_fill(before: Any, colour: str) -> PatternFill:
    """A solid fill does not show its background colour: there the cell's own colour is kept for the next round."""
    kept = copy(before.fgColor) if before.fill_type == "solid" else Color(rgb=_NONE)
    return PatternFill("solid", fgColor=colour, bgColor=kept)


def _is_marked(cell: Any) -> bool:
    fill = cell.fill
    return fill.fill_type == "solid" and fill.fgColor.type == "rgb" and fill.fgColor.rgb in (RED, YELLOW)


def _fill_before(fill: Any) -> PatternFill:
    kept = fill.bgColor
    nothing = (kept.type == "rgb" and kept.rgb == _NONE) or (kept.type == "indexed" and kept.indexed >= 64)
    return PatternFill() if nothing else PatternFill("solid", fgColor=copy(kept))
