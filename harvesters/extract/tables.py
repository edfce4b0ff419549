"""From a grid to records: where the heading is (one row or two), what stands around the table, one dataset per record.

Departments' workbooks have a title and 填报单位 lines above the heading, notes below the table, merged parents over
the headings, and often one row per 数据项, with the dataset's own cells on the first row only.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import cast

from harvesters.exceptions import UnreadableSource
from harvesters.extract.grids import Cell, Grid
from harvesters.normalize import headings, readers, secrecy
from harvesters.normalize.columns import is_department
from harvesters.normalize.headings import PARENT
from harvesters.record import Place, Record, Value

LOOKED_AT = 40  # rows in which the heading must be
KNOWN = 0.4  # of a heading row's texts are known headings; of a row of data hardly one …
SURE = 0.6  # … and if another full row stands above it, this many must be
ITEMS = "items."
VARYING = ("share_type", "share_condition", "open_type", "open_condition", "open_flag")

_TEMPLATE = re.compile(r"模板数据|示例数据|样例数据|请删除后使用|填写示例|填表示例")
_NOTE = re.compile(
    r"\s*(注|备注|说明|填表|填报|审核|制表|联系人|合计|总计|附注|\*)\s*(说明|人|单位|日期|[:：0-9、.])"
    r"|^(合计|总计|以下空白|此处空白)$"
)
_REPORTER = re.compile(
    r"(?:填报|填表|提供|编制|报送)(?:单位|部门|机构)(?:名称)?[(（盖章)）]*\s*[:：]\s*([^\s:：]{2,40})"
)


@dataclass(frozen=True, slots=True)
class Heading:
    """One column: its name as records carry it, its own text and the merged parent above it ("" if none)."""

    name: str
    leaf: str
    parent: str
    field: str  # by name alone; "items.…" for columns that describe 数据项


@dataclass(slots=True)
class Group:
    """The rows of one dataset so far. `item_rows`: where each of its 数据项 stands."""

    row: int
    raw: dict[str, Value]
    items: list[dict[str, Value]] = field(default_factory=list[dict[str, Value]])
    item_rows: list[int] = field(default_factory=list[int])


@dataclass(frozen=True, slots=True)
class Table:
    """The table of one grid: its heading rows (from 1), its columns and its datasets, row by row.

    A column is None when it has no heading, or is one of `marks`.
    """

    heading: tuple[int, int]
    columns: list[Heading | None]
    above: list[list[Cell]]
    groups: Iterator[Group]


def records_of(grid: Grid, source: str, file: str) -> Iterator[Record]:
    """The records of one grid; nothing when it holds no table (a cover sheet, a sheet of notes)."""
    table = table_in(grid)
    if table is None:
        return
    defaults = _defaults(table.above) or _named_after(grid.sheet, table.columns)
    marked = secrecy.marked_line(t for row in table.above for t in _texts(row))
    for group in table.groups:
        where = Place(file, grid.sheet, group.row)
        yield Record(source, where, group.raw, tuple(group.items), defaults=defaults, secret=marked)


def table_in(grid: Grid) -> Table | None:
    """Where the table of a grid is and what stands in it; None when it holds none."""
    if grid.sheet.strip() in _beside():
        return None
    rows = iter(grid.rows)
    head = list(islice(rows, LOOKED_AT))
    own = _marked(head)
    head = [_without(row, own) for row in head]
    found = _heading_rows(head)
    if found is None:
        return None
    first, last = found
    columns = _columns(head[first], head[last] if last > first else None)
    body = enumerate(chain(head[last + 1 :], (_without(row, own) for row in rows)), last + 2)
    return Table((first + 1, last + 1), columns, head[:first], _groups(body, columns, _texts(head[first])))


@functools.cache
def _beside() -> frozenset[str]:
    """Names of sheets that explain a table or judge it, and hold none."""
    return frozenset(cast("list[str]", headings.evidence()["sheets_beside"]))


def marks() -> tuple[str, str]:
    """Headings of the two last columns that a checked workbook comes back with: what is wrong, and what to do."""
    wrong, remedy = cast("list[str]", headings.evidence()["marks"])
    return wrong, remedy


def _marked(head: list[list[Cell]]) -> frozenset[int]:
    """The columns, from 0, that we wrote into a checked workbook ourselves: never part of a record."""
    for row in head:
        texts = [str(cell).strip() if cell else "" for cell in row]
        for at in range(len(texts) - 1):
            if (texts[at], texts[at + 1]) == marks():
                return frozenset({at, at + 1})
    return frozenset()


def _without(row: list[Cell], columns: frozenset[int]) -> list[Cell]:
    return [None if at in columns else cell for at, cell in enumerate(row)] if columns else row


def table_of(rows: list[list[Value]], source: str, file: str) -> Iterator[Record]:
    """Records of a JSON list of lists."""
    plain = [[readers.text_of(cell) if isinstance(cell, (list, dict)) else cell for cell in row] for row in rows]
    return records_of(Grid("", plain), source, file)


def _texts(row: Iterable[Cell]) -> list[str]:
    return [str(cell).strip() for cell in row if cell is not None and str(cell).strip()]


def _heading_rows(head: list[list[Cell]]) -> tuple[int, int] | None:
    """(first, last) row of the heading, from 0. The row with the most known headings; else the first full row."""
    if not head:
        return None
    known = [{t for t in _texts(row) if headings.is_known(t)} for row in head]
    first = max(range(len(head)), key=lambda n: (len(known[n]), -n))
    full = _first_full_row(head)
    share = len(known[first]) / len(set(_texts(head[first]))) if known[first] else 0.0
    if len(known[first]) < 2 or share < KNOWN:
        return full
    if first > 0 and _is_parent(head[first - 1], head[first]):
        return first - 1, first
    if full and full[0] < first and share < SURE:
        return full
    if first + 1 < len(head) and _is_parent(head[first], head[first + 1]):
        return first, first + 1
    return first, first


def _is_parent(upper: list[Cell], lower: list[Cell]) -> bool:
    """Is `upper` a row of merged parents over `lower`? Some parent spans several different children, and all below
    are headings."""
    children = _texts(lower)
    if len(set(_texts(upper))) < 2 or len(children) < 2:
        return False
    known = sum(headings.is_known(t) or t in _texts(upper) for t in children)
    if known < 0.6 * len(children):
        return False
    spans = Counter(_spread(upper, lower))
    return any(n > 1 for parent, n in spans.items() if parent)


def _spread(upper: list[Cell], lower: list[Cell]) -> list[str]:
    """The parent of each column: merged cells are filled already, unmerged blanks take the parent to their left."""
    parents: list[str] = []
    current = ""
    for column in range(max(len(upper), len(lower))):
        above = _at(upper, column)
        below = _at(lower, column)
        current = above or (current if below else "")
        parents.append(current if below and below != current else "")
    return parents


def _at(row: list[Cell], column: int) -> str:
    """A heading's text; what is longer than any heading is cut."""
    return str(row[column]).strip()[:200] if column < len(row) and row[column] is not None else ""


def _first_full_row(head: list[list[Cell]]) -> tuple[int, int] | None:
    """For headings nobody knows: the first row of texts as wide as the table."""
    width = max((len(set(_texts(row))) for row in head), default=0)
    for number, row in enumerate(head):
        texts = _texts(row)
        if width >= 2 and len(set(texts)) == len(texts) >= 0.7 * width and not any(t[:1].isdigit() for t in texts):
            return number, number
    return None


def _columns(upper: list[Cell], lower: list[Cell] | None) -> list[Heading | None]:
    leaves = [(_at(upper, c), "") for c in range(len(upper))]
    if lower is not None:
        parents = _spread(upper, lower)
        leaves = [(_at(lower, c) or _at(upper, c), parents[c]) for c in range(len(parents))]
    names = Counter(leaf for leaf, _ in leaves if leaf)
    met: Counter[str] = Counter()
    columns: list[Heading | None] = []
    for leaf, parent in leaves:
        if not leaf:
            columns.append(None)
            continue
        name = f"{parent}{PARENT}{leaf}" if parent and names[leaf] > 1 else leaf
        met[name] += 1
        name = name if met[name] == 1 else f"{name}#{met[name]}"
        columns.append(Heading(" ".join(name.split()), leaf, parent, _field(leaf, parent)))
    return _items_only_with_names(columns)


def _field(leaf: str, parent: str) -> str:
    kind = headings.parent_kind(parent)
    if kind == "items":
        return ITEMS + (headings.item_field(leaf) or "other")
    found = headings.exact(leaf)
    return found[0] if found else ""


def _items_only_with_names(columns: list[Heading | None]) -> list[Heading | None]:
    """Item columns mean items only beside a column of item names (a lone 数据类型 is the dataset's)."""
    named = any(c and c.field == ITEMS + "name" for c in columns)
    below = any(c and c.field == ITEMS + "name" and headings.parent_kind(c.parent) == "items" for c in columns)

    def is_lone(column: Heading) -> bool:
        return not named or (below and headings.parent_kind(column.parent) != "items")

    return [
        Heading(c.name, c.leaf, c.parent, "") if c and c.field.startswith(ITEMS) and is_lone(c) else c for c in columns
    ]


def _defaults(above: list[list[Cell]]) -> dict[str, str]:
    for text in (t for row in above for t in _texts(row)):
        if found := _REPORTER.search(text):
            return {"provider": found[1]}
    return {}


def _named_after(sheet: str, columns: list[Heading | None]) -> dict[str, str]:
    """One sheet per department, named after it, and no column that says so."""
    if any(c and c.field == "provider" for c in columns) or len(sheet) < 3 or not is_department(sheet):
        return {}
    return {"provider": sheet}


def _groups(body: Iterable[tuple[int, list[Cell]]], columns: list[Heading | None], top: list[str]) -> Iterator[Group]:
    with_items = any(c and c.field.startswith(ITEMS) for c in columns)
    current: Group | None = None
    for number, row in body:
        texts = _texts(row)
        if not texts or _is_beside(texts, len([c for c in columns if c]), top):
            continue
        raw, item = _split(row, columns)
        if current is not None and with_items and _continues(current, raw, item, columns):
            _add(current, raw, item, columns)
            current.item_rows.append(number)
            continue
        if current is not None:
            yield current
        with_item = any(item.values())
        current = Group(number, raw, [item] if with_item else [], [number] if with_item else [])
    if current is not None:
        yield current


def _is_beside(texts: list[str], width: int, top: list[str]) -> bool:
    """A repeated heading, a template row, a line of notes: not a record."""
    if texts == top or (len(texts) > 3 and sum(t in top for t in texts) >= 0.8 * len(texts)):
        return True
    if any(_TEMPLATE.search(text) for text in texts):
        return True
    if width <= 3:
        return False
    return all(_NOTE.match(text) for text in texts) or (len(set(texts)) == 1 and len(texts[0]) > 60)


def _split(row: list[Cell], columns: list[Heading | None]) -> tuple[dict[str, Value], dict[str, Value]]:
    raw: dict[str, Value] = {}
    item: dict[str, Value] = {}
    for number, column in enumerate(columns):
        if column is None:
            continue
        value = row[number] if number < len(row) else None
        (item if column.field.startswith(ITEMS) else raw)[column.name] = value
    return raw, item


def _continues(
    group: Group, raw: Mapping[str, Value], item: Mapping[str, Value], columns: list[Heading | None]
) -> bool:
    """Is this row a further 数据项 of the dataset above? Its title and code are blank or the same."""
    if not any(item.values()):
        return False
    keys = [c.name for c in columns if c and c.field in {"title", "source_code", "remote_id"}]
    titles = [c.name for c in columns if c and c.field == "title"]
    given = [k for k in keys if not _is_blank(raw.get(k))]
    if any(raw[k] != group.raw.get(k) for k in given):
        return False
    if not any(k in titles for k in given) or any(k not in titles for k in given):
        return True
    return _same_number(group.raw, raw, columns) and not _named_before(group, item, columns)


def _is_blank(value: Value) -> bool:
    return value is None or value == ""


def _same_number(old: Mapping[str, Value], new: Mapping[str, Value], columns: list[Heading | None]) -> bool:
    numbers = [c.name for c in columns if c and headings.plain(c.leaf) in {"序号", "编号"}]
    return all(_is_blank(new.get(n)) or new.get(n) == old.get(n) for n in numbers)


def _named_before(group: Group, item: Mapping[str, Value], columns: list[Heading | None]) -> bool:
    names = [c.name for c in columns if c and c.field == ITEMS + "name"]
    return any(all(before.get(n) == item.get(n) for n in names) for before in group.items)


def _add(group: Group, raw: Mapping[str, Value], item: dict[str, Value], columns: list[Heading | None]) -> None:
    """Blank cells of the dataset are filled from below; what may differ by item goes with the item."""
    for column in columns:
        if column is None or column.name not in raw:
            continue
        value = raw[column.name]
        if _is_blank(value):
            continue
        if _is_blank(group.raw.get(column.name)):
            group.raw[column.name] = value
        elif column.field in VARYING and value != group.raw[column.name]:
            item[column.name] = value
    group.items.append(item)


def require_any(records: Iterator[Record], file: str) -> Iterator[Record]:
    """The records; raises when there is not one."""
    first = next(records, None)
    if first is None:
        raise UnreadableSource(
            file, "没有找到目录表或表下没有数据行：表头至少要有名称、提供方等两列。请核对工作表和表头。"
        )
    yield first
    yield from records
