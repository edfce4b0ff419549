"""What is wrong with a workbook.

::

    SpreadsheetError
    ├── TooLarge        it, or what it unfolds into, is beyond a limit
    └── Unreadable      damaged, encrypted, or with what is not allowed
        └── NoWorkbook  a zip archive, but no workbook

None is transient: the same file gets the same answer.
"""

from __future__ import annotations


class SpreadsheetError(Exception):
    """Base: `message` is Chinese, `message_en` English; both say what to do next."""

    transient = False

    def __init__(self, message: str, message_en: str) -> None:
        super().__init__(f"{message} ({message_en})")
        self.message, self.message_en = message, message_en


class TooLarge(SpreadsheetError):
    """Beyond a limit."""


class Unreadable(SpreadsheetError):
    """It cannot be read, or has what is not allowed."""


class NoWorkbook(Unreadable):
    """A zip archive of something else."""

    def __init__(self) -> None:
        super().__init__("是压缩包，但不是 xlsx 工作簿。请提供 xlsx。", "A zip archive, but no workbook; give an xlsx.")
