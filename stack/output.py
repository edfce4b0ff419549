"""What the commands print: progress for people on standard error, results on standard output.

With --json standard output carries one JSON object and nothing else.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Sequence


def progress(chinese: str, english: str) -> None:
    """One line about what happens now."""
    print(f"· {chinese} / {english}", file=sys.stderr, flush=True)


def result(value: object) -> None:
    """The one JSON object of a command."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str), flush=True)


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows in columns; a Chinese character is two columns wide."""
    lines = [[str(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(headings))]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
