"""数据项 (items) as a grid, PURE: what a form, a spreadsheet or the API sends becomes a list of rows in its own order.

scheming's repeating subfields sort their keys as text (0, 1, 10, 11, 2 …), so items travel as one JSON list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ckanext.govcn.catalog import codes
from ckanext.govcn.catalog.datatypes import data_type_of

TEXT_COLUMNS = (
    "name", "name_en", "data_type", "length", "description",
    "share_type", "share_condition", "open_type", "open_condition",
)  # fmt: skip
FLAG_COLUMNS = ("primary_key", "nullable", "dictionary")
MAX_ITEMS = 2000
MAX_TEXT = 2000
_YES = {"是", "y", "yes", "1", "true", "√"}
_NO = {"否", "n", "no", "0", "false", "×"}


class ItemsError(ValueError):
    """The items cannot be read. `row` counts from 1, 0 is the whole; `sentence` is in Chinese and English."""

    def __init__(self, row: int, sentence: tuple[str, str]):
        super().__init__(sentence[0])
        self.row = row
        self.sentence = sentence


def items_from(value: Any) -> list[dict[str, Any]]:
    """The rows of a list of objects or of a JSON string of one. Empty rows are dropped, unknown columns are an error.

    Raises ItemsError.
    """
    rows = _as_list(value)
    if len(rows) > MAX_ITEMS:
        raise ItemsError(
            0, (f"数据项最多 {MAX_ITEMS} 个，请拆分数据集", f"At most {MAX_ITEMS} items; split the dataset")
        )
    read = [_row(number, row) for number, row in enumerate(rows, 1)]
    return [row for row in read if row]


def _as_list(value: Any) -> list[Any]:
    if value in (None, ""):
        return []
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise ItemsError(
                0, ("数据项不是 JSON 列表，请用表格填写", "Not a JSON list; please use the grid")
            ) from error
    if not isinstance(value, list):
        raise ItemsError(0, ("数据项应为列表", "Items must be a list"))
    return value


def _row(number: int, row: Any) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise ItemsError(number, (f"第 {number} 个数据项应为对象", f"Item {number} must be an object"))
    unknown = sorted(set(row) - {*TEXT_COLUMNS, *FLAG_COLUMNS})
    if unknown:
        raise ItemsError(
            number,
            (f"第 {number} 个数据项有未知的列：{unknown[0]}", f"Item {number} has an unknown column: {unknown[0]}"),
        )
    texts = {column: _text(number, column, row.get(column)) for column in TEXT_COLUMNS}
    flags = {column: _flag(number, column, row.get(column)) for column in FLAG_COLUMNS}
    return {key: value for key, value in (_coded(texts) | flags).items() if value not in ("", None)}


def _coded(texts: dict[str, str]) -> dict[str, str]:
    """Names become codes (字符型C, varchar(20) → C and 20; 有条件共享 → 2); the rest stays for the rules."""
    found = data_type_of(texts["data_type"])
    codes_of = {name: codes.table(name).code_of(texts[name]) or texts[name] for name in ("share_type", "open_type")}
    if found is None:
        return texts | codes_of
    return texts | codes_of | {"data_type": found.letter, "length": texts["length"] or found.length}


def _text(number: int, column: str, value: Any) -> str:
    text = "" if value is None else " ".join(str(value).split())
    if len(text) > MAX_TEXT:
        raise ItemsError(
            number,
            (
                f"第 {number} 个数据项的 {column} 超过 {MAX_TEXT} 字",
                f"Item {number}: {column} is over {MAX_TEXT} characters",
            ),
        )
    return text


def _flag(number: int, column: str, value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if not word:
        return None
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ItemsError(number, (f"第 {number} 个数据项的 {column} 请填是或否", f"Item {number}: {column} is yes or no"))
