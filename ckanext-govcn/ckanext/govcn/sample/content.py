"""样例数据: at most ten rows that show what a conditional dataset looks like, made up or masked, as text. PURE.

Nothing of it comes from the protected file: a person enters it and says that it is made up or masked. Values that look
like a person's are refused all the same.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, cast

import yaml
from stdnum import luhn
from stdnum.cn import ric

from ckanext.govcn.catalog.text import storable
from ckanext.govcn.grant import columns
from ckanext.govcn.grant.exceptions import ColumnsRefused
from ckanext.govcn.sample.exceptions import SampleRefused

MOST_ROWS, MOST_COLUMNS, LONGEST_NAME, LONGEST_CELL = 10, 100, 100, 200
LARGEST = 256 * 1024  # bytes
MADE_UP, MASKED = "made_up", "masked"
KINDS = {MADE_UP: ("虚构", "made up"), MASKED: ("脱敏", "masked")}
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s\-—]+(?=\d)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Sample:
    """`columns`: names; `rows`: as many texts each."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def read(content: bytes, kind: str) -> Sample:
    """A sample from a csv or json file (see `columns`). Raises SampleRefused: the first thing that is wrong."""
    output = io.BytesIO()
    try:
        written = columns.lines(io.BytesIO(content), output, kind, None, LARGEST)
    except ColumnsRefused as refused:
        raise _wrong(f"样例数据不能读取：{refused.reason}", f"It cannot be read: {refused.reason_en}") from refused
    if written.rows > MOST_ROWS:
        raise _wrong(f"样例数据最多 {MOST_ROWS} 行", f"At most {MOST_ROWS} rows")
    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    names = written.header or tuple(dict.fromkeys(name for line in lines for name in line))
    rows = [line if written.header else [line.get(name) for name in names] for line in lines]
    return of(names, rows)


def of(names: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Sample:
    """A sample from its parts. Raises SampleRefused."""
    sample = Sample(tuple(map(_text, names)), tuple(tuple(map(_text, row)) for row in rows))
    if any(cell != storable(cell) for cell in _cells(sample)):
        raise _wrong("样例数据含有无法保存的字符，请删去", "It holds characters that cannot be kept; take them out")
    _check_size(sample)
    for number, row in enumerate(sample.rows, start=1):
        for name, cell in zip(sample.columns, row, strict=True):
            found = personal(cell)
            if found:
                zh, en = found
                raise _wrong(
                    f"第 {number} 行的“{name}”像是{zh}，请改为虚构或脱敏的内容（如 138****1234）",
                    f"Row {number}, {name}: it looks like {en}; make it up, or mask it (138****1234)",
                )
    return sample


def personal(cell: str) -> tuple[str, str] | None:
    """What a value looks like, in Chinese and English, if it looks like a person's."""
    plain = unicodedata.normalize("NFKC", cell)
    texts = {plain, _BETWEEN_DIGITS.sub("", plain)}
    return next(((about.zh, about.en) for about in _patterns() if any(map(about.matches, texts))), None)


def as_csv(sample: Sample) -> str:
    """The sample as people edit it."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([sample.columns, *sample.rows])
    return text.getvalue()


def taken_from(sample: Sample, real: Iterable[Sequence[Any]]) -> int | None:
    """The number of the first row of which everything stands in one row of the real data, or None.

    `real`: cells as csv or json gives them. One cell alone proves nothing where real rows have more.
    """
    wanted = [_compared(row) for row in sample.rows]
    any_of = frozenset[str]().union(*wanted)
    for row in real:
        cells = _compared(row)
        if not any_of.isdisjoint(cells):
            for number, cells_wanted in enumerate(wanted, start=1):
                if len(cells_wanted) >= min(2, len(row)) and cells_wanted <= cells:
                    return number
    return None


def _compared(row: Sequence[Any]) -> frozenset[str]:
    """What a row says, whatever the blanks, widths and capitals it is written with; empty cells say nothing."""
    plain = (unicodedata.normalize("NFKC", _written(cell)).casefold() for cell in row)
    return frozenset(cell for each in plain if (cell := "".join(each.split())))


def _text(value: Any) -> str:
    if value is not None and not isinstance(value, str | int | float):
        raise _wrong("样例数据的每个值应为文本或数", "Every value must be a text or a number")
    return " ".join(_written(value).split())


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _check_size(sample: Sample) -> None:
    if not sample.rows or not sample.columns:
        raise _wrong("请至少填写一行样例数据", "Give at least one row")
    if len(sample.rows) > MOST_ROWS or len(sample.columns) > MOST_COLUMNS:
        raise _wrong(
            f"样例数据最多 {MOST_ROWS} 行、{MOST_COLUMNS} 列", f"At most {MOST_ROWS} rows and {MOST_COLUMNS} columns"
        )
    if len(set(sample.columns)) < len(sample.columns) or not all(sample.columns):
        raise _wrong("每一列都要有名称，且不重复", "Every column needs a name of its own")
    if any(len(row) != len(sample.columns) for row in sample.rows):
        raise _wrong("每一行的列数应与表头一致", "Every row needs as many cells as there are columns")
    if any(len(name) > LONGEST_NAME for name in sample.columns) or any(map(_unfit, _cells(sample))):
        raise _wrong(f"每个值最多 {LONGEST_CELL} 字", f"A value has at most {LONGEST_CELL} characters")


def _cells(sample: Sample) -> Iterator[str]:
    return (cell for row in (sample.columns, *sample.rows) for cell in row)


def _unfit(cell: str) -> bool:
    return len(cell) > LONGEST_CELL or _CONTROL.search(cell) is not None


def _wrong(said: str, said_en: str) -> SampleRefused:
    return SampleRefused(said=said, said_en=said_en)


@dataclass(frozen=True, slots=True)
class _Pattern:
    zh: str
    en: str
    pattern: re.Pattern[str]
    check: Callable[[str], bool]

    def matches(self, text: str) -> bool:
        return any(self.check(found[0]) for found in self.pattern.finditer(text))


_CHECKS: dict[str, Callable[[str], bool]] = {
    "": lambda _found: True,
    "id": lambda found: ric.is_valid(found.upper()),
    "luhn": luhn.is_valid,
}


@functools.cache
def _patterns() -> tuple[_Pattern, ...]:
    text = resources.files("ckanext.govcn.sample").joinpath("patterns.yaml").read_text("utf-8")
    given = cast("list[dict[str, str]]", yaml.safe_load(text)["patterns"])
    return tuple(
        _Pattern(each["zh"], each["en"], re.compile(each["pattern"]), _CHECKS[each.get("check", "")]) for each in given
    )
