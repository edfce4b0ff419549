"""Reading JSON that others send: within limits, whatever shape the envelope has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from harvesters.exceptions import RecordError, UnreadableRecord, UnreadableSource
from harvesters.record import Place, Record, Value
from harvesters.source import Limits

ENVELOPES = 10  # how deep the list of records may lie
VALUES = 6_000_000  # in one text: a hundred thousand records of sixty fields; `[{},{},…]` takes fifty times its size


def parsed(text: str, where: str, values: int = VALUES) -> Any:
    """The JSON value of a text. Raises UnreadableSource, before anything is built when there are too many values."""
    if len(text) > values and sum(map(text.count, ",[{")) > values:
        raise UnreadableSource(
            where, f"JSON 里超过 {values} 个值。请分批提供。", f"It holds more than {values} values."
        )
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        at_end = error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg
        why = "JSON 不完整，可能只传了一半" if at_end else f"第 {error.lineno} 行第 {error.colno} 列不是有效的 JSON"
        raise UnreadableSource(where, f"{why}。请重新导出。") from error
    except (RecursionError, ValueError) as error:
        raise UnreadableSource(where, "JSON 嵌套太深或有过长的数字。") from error


def dig(value: Any, path: str) -> Any:
    """What lies at `a.b.0.c`; None when nothing does. A text on the way that holds JSON is read as JSON."""
    for step in path.split(".") if path else []:
        value = _opened(value)
        if isinstance(value, Mapping):
            value = cast("Mapping[str, Any]", value).get(step)
        elif isinstance(value, list) and step.isdigit():
            parts = cast("list[Any]", value)
            value = parts[int(step)] if int(step) < len(parts) else None
        else:
            return None
    return _opened(value)


def _opened(value: Any) -> Any:
    """JSON inside a string (广东 sends its list so)."""
    if isinstance(value, str) and value[:1] in {"{", "["} and value.rstrip()[-1:] in {"}", "]"}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def find_list(value: Any, depth: int = ENVELOPES) -> list[Any] | None:
    """The longest list of objects inside an envelope of any shape; None when there is none.

    Objects of one kind under their ids, and columns of equal length, are lists of records too.
    """
    value = _opened(value)
    if isinstance(value, list):
        parts = cast("list[Any]", value)
        if any(isinstance(part, (dict, list)) for part in parts):
            return parts
        return parts if depth == ENVELOPES else None
    if not isinstance(value, dict) or depth == 0:
        return None
    whole = cast("dict[str, Any]", value)
    if rows := _rows_of_columns(whole) or _alike(whole):
        return rows
    inside = [found for part in whole.values() if (found := find_list(part, depth - 1))]
    return max(inside, key=len, default=None)


def _alike(value: dict[str, Any]) -> list[Any]:
    """{"17": {…}, "18": {…}, …}: the objects, when there are three or more and most of their keys are the same."""
    parts = [cast("dict[str, Any]", part) for part in value.values() if isinstance(part, dict)]
    if len(parts) < 3 or len(parts) < len(value):
        return []
    shared = set(parts[0]).intersection(*parts)
    return list(parts) if len(shared) > 1 and len(shared) * 2 > max(map(len, parts)) else []


def _rows_of_columns(value: dict[str, Any]) -> list[Any]:
    """{"标题": […], "来源部门": […]} or {"标题": {"0": …}, …}: the rows of columns that are equally long."""
    columns = {heading: _column(part) for heading, part in value.items()}
    lengths = {len(column) for column in columns.values()}
    if len(columns) < 2 or len(lengths) != 1 or 0 in lengths:
        return []
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _column(part: Any) -> list[Any]:
    if isinstance(part, dict) and all(key.isdigit() for key in cast("dict[str, Any]", part)):
        part = list(cast("dict[str, Any]", part).values())
    cells = cast("list[Any]", part) if isinstance(part, list) else []
    return [] if any(isinstance(cell, (dict, list)) for cell in cells) else cells


def records_of_list(parts: list[Any], source: str, file: str, limits: Limits) -> Iterator[Record | RecordError]:
    """One record per object; `row` is the place in the list, from 1."""
    if len(parts) > limits.rows:
        raise UnreadableSource(file, f"超过 {limits.rows} 条。请分批提供。")
    for number, part in enumerate(parts, 1):
        yield record_of(part, source, Place(file, "", number), limits)


def record_of(part: Any, source: str, place: Place, limits: Limits) -> Record | RecordError:
    if not isinstance(part, dict) or not part:
        return UnreadableRecord(place, why="不是一条目录记录（应为“字段: 值”的对象）")
    raw: dict[str, Value] = {}
    try:
        _flatten(cast("dict[str, Any]", part), "", raw, limits)
    except _TooMuchError as error:
        return UnreadableRecord(place, why=str(error))
    return Record(source, place, raw)


class _TooMuchError(ValueError):
    pass


def _flatten(part: dict[str, Any], before: str, raw: dict[str, Value], limits: Limits) -> None:
    """Nested objects become `outer.inner`; lists stay lists."""
    for key, value in part.items():
        name = f"{before}{key}"[:200]
        if isinstance(value, dict) and value and name.count(".") < limits.depth:
            _flatten(cast("dict[str, Any]", value), name + ".", raw, limits)
        else:
            _check_size(value, limits, limits.depth)
            raw[name] = value
        if len(raw) > limits.columns:
            raise _TooMuchError(f"超过 {limits.columns} 个字段")


def _check_size(value: Any, limits: Limits, depth: int) -> None:
    if isinstance(value, str):
        if len(value) > limits.cell:
            raise _TooMuchError(f"有值超过 {limits.cell} 个字符")
    elif isinstance(value, (list, dict)):
        if depth <= 0 or len(cast("list[Any]", value)) > limits.rows:
            raise _TooMuchError("嵌套太深或列表太长")
        parts = cast("dict[str, Any]", value).values() if isinstance(value, dict) else cast("list[Any]", value)
        for part in parts:
            _check_size(part, limits, depth - 1)


def lines_of(text: str, source: str, file: str, limits: Limits) -> Iterator[Record | RecordError]:
    """NDJSON: one object per line; a line that is none is refused and the rest goes on."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        if number > limits.rows:
            raise UnreadableSource(file, f"超过 {limits.rows} 行。请分批提供。")
        place = Place(file, "", number)
        try:
            part = json.loads(line, parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            yield UnreadableRecord(place, why="这一行不是有效的 JSON，可能只传了一半")
            continue
        yield record_of(part, source, place, limits)
