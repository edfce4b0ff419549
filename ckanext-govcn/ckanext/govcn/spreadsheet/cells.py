"""Texts in cells. PURE."""

from __future__ import annotations

from typing import Any

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment

TEXT = "@"
LONGEST = 32_767  # characters of a cell, the format's own limit
LAST_ROW = 1_048_576  # of a sheet, the format's own limit; a reader that fills gaps makes every row before a number
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write(cell: Any, text: str) -> None:
    """A text into a cell, as text whatever it begins with: it is no formula, here and after somebody edits it."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    cell.data_type = "s"
    cell.number_format = TEXT
    cell.quotePrefix = True
    cell.alignment = Alignment(vertical="top", wrap_text=True)
