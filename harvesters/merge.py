"""Three-way merge (三方合并): a person's edit is not overwritten by a harvest. PURE.

    old      the entry last harvested        theirs   the dataset now, edited by a person perhaps
    new      the entry as received

Field by field: where only the source changed, the new value; where only a person changed, theirs; where both changed to
different values, a conflict that a person decides. 数据项 are compared by name and resources by their identity, each
column for itself; every other list is one value. A resource that the source gives no id of its own and that has a new
address is the one that stood at its place. The level (open type and access mode) is one value, and what narrows
it is no conflict: closing never waits for anybody.

Values are compared as the platform keeps them (`kept`), so that a blank more or less is no edit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeVar, cast

from ckanext.govcn.catalog import levels
from ckanext.govcn.catalog.entry import CatalogEntry, Item, Resource
from ckanext.govcn.dataset import convert, items, tags

from harvesters.rows import format_of, is_link

Choice = Literal["theirs", "new"]
Row = TypeVar("Row", Item, Resource)

PLATFORM = frozenset({"codes", "code_provisional", "unread", "secrecy"})
"""Fields that the platform gives, and fields that never reach the dataset: neither side's to change."""
LEVEL = ("open_type", "access_mode")
ROWS = ("items", "resources")
COLUMNS = tuple(each.name for each in fields(CatalogEntry) if each.name not in PLATFORM)
UNEDITED = frozenset({"size", "sha256", "remote_id"})
"""Of a resource what is found out from its content, and the source's id; nobody edits these."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that the source changed: as last harvested, as received, and as the dataset has it now.

    `conflict`: a person changed it too, to something else, and nobody has decided yet.
    """

    field: str
    old: Any
    new: Any
    theirs: Any = None
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """The entry to write, what the source changed, and the fields in which a person's value stays (`stays`)."""

    entry: CatalogEntry
    fields: tuple[FieldChange, ...] = ()
    stays: frozenset[str] = frozenset()

    @property
    def conflicts(self) -> bool:
        return any(each.conflict for each in self.fields)


def undecided(_field: str) -> Choice | None:
    """Nobody has decided any conflict."""
    return None


def merge(
    old: CatalogEntry,
    theirs: CatalogEntry,
    new: CatalogEntry,
    choose: Callable[[str], Choice | None] = undecided,
) -> Merged:
    """The entry that the dataset is to have. `choose` decides the conflict of a field; undecided, theirs stands.

    >>> merge(CatalogEntry(title="a"), CatalogEntry(title="a", notes="n"), CatalogEntry(title="b")).entry.notes
    'n'
    """
    was, now, comes = kept(old), kept(theirs), kept(new)
    values: dict[str, Any] = {}
    changes: list[FieldChange] = []
    stays: set[str] = set()
    level_moves = any(getattr(was, name) != getattr(comes, name) for name in LEVEL)
    taken = _level(was, now, comes, choose)
    for name in COLUMNS:
        before, present, after = (getattr(each, name) for each in (was, now, comes))
        conflict = False
        if name in LEVEL:
            values[name], conflict = getattr(comes if taken == "new" else now, name), taken == "conflict"
        elif present in (before, after):
            values[name] = getattr(new, name)
        elif before == after:
            values[name] = present
        elif name in ROWS:
            values[name], conflict = _merged_rows(before, present, after, choose(name))
        else:
            chosen = choose(name)
            values[name], conflict = (getattr(new, name) if chosen == "new" else present), chosen is None
        if before != after and (name not in LEVEL or level_moves):
            changes.append(FieldChange(name, getattr(old, name), getattr(new, name), present, conflict))
        if present != before and values[name] == present != after:
            stays.add(name)
    if new.codes and new.codes != old.codes:  # stated by the internal instance, never edited
        changes.append(FieldChange("codes", old.codes, new.codes, old.codes))
    entry = levels.clamp(replace(new, **values))
    return Merged(entry, tuple(changes), frozenset(stays))


def width(entry: CatalogEntry) -> int:
    """How open an entry is: 无条件 3, 登录 2, 有条件 1, 不予 or 待核定 0."""
    if entry.open_type == "unconditional" and entry.access_mode == "login":
        return 2
    return {"unconditional": 3, "conditional": 1}.get(entry.open_type, 0)


def narrowed(theirs: CatalogEntry, new: CatalogEntry) -> CatalogEntry:
    """The dataset's entry with nothing changed but its level, which is that of `new`."""
    return levels.clamp(replace(theirs, open_type=new.open_type, access_mode=new.access_mode))


def kept(entry: CatalogEntry) -> CatalogEntry:
    """The entry as a dataset keeps it: what reading the dataset back gives, codes aside."""
    values: dict[str, Any] = {name: _kept_value(getattr(entry, name)) for name in COLUMNS if name not in ROWS}
    return replace(
        entry,
        **values
        | {
            "title": " ".join(entry.title.split()),
            "tags": tuple(sorted(tags.unique(part for tag in entry.tags for part in tags.split_tags(tag)))),
            "formats": tuple(dict.fromkeys(format_of(each) for each in entry.formats)),
            "url": entry.url.strip() if is_link(entry.url) else "",
            "provider": replace(entry.provider, unit=entry.provider.unit.strip()),
            "items": _kept_items(entry.items),
            "resources": tuple(_kept_resource(each) for each in entry.resources),
            "unread": {},
            "secrecy": "",
        },
    )


def _kept_value(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, tuple):
        words = (str(each).strip() for each in cast("tuple[Any, ...]", value))
        return tuple(dict.fromkeys(each for each in words if each))
    return value


def _kept_items(given: Sequence[Item]) -> tuple[Item, ...]:
    try:
        rows = items.items_from(convert.rows_of(given))
    except items.ItemsError:
        return tuple(given)
    return tuple(_made(row) for row in rows)


def _made(row: dict[str, Any]) -> Item:
    columns: dict[str, Any] = {"name": "", **row}
    return Item(**columns)


def _kept_resource(given: Resource) -> Resource:
    known = format_of(given.format) if given.format.strip() else ""
    return replace(
        given,
        url=given.url.strip(),
        name=given.name.strip(),
        description=given.description.strip(),
        format=known,
        size=None,
        sha256="",
    )


def _level(
    was: CatalogEntry, now: CatalogEntry, comes: CatalogEntry, choose: Callable[[str], Choice | None]
) -> Literal["theirs", "new", "conflict"]:
    """Whose level is taken. A narrower one from the source always is."""
    before, present, after = (tuple(getattr(each, name) for name in LEVEL) for each in (was, now, comes))
    if before == after:
        return "theirs"
    if present in (before, after) or width(comes) < width(now):
        return "new"
    return choose(LEVEL[0]) or "conflict"


def _merged_rows(
    old: Sequence[Row], theirs: Sequence[Row], new: Sequence[Row], chosen: Choice | None
) -> tuple[tuple[Row, ...], bool]:
    """Rows merged by identity, in the source's order; what a person added comes after. Whether any is in conflict."""
    was, now, comes = _by_identity(old), _by_identity(theirs), _by_identity(new)
    comes = _under_former_identity(was, comes)
    rows: list[Row] = []
    conflict = False
    for key, row in comes.items():
        before, present = was.get(key), now.get(key)
        if present is None and before is None:
            rows.append(row)
        elif present is None:  # a person took it away
            differs = row != before
            conflict |= differs and chosen is None
            if differs and chosen == "new":
                rows.append(row)
        else:
            merged, undecided_columns = _merged_row(before or present, present, row, chosen)
            conflict |= undecided_columns
            rows.append(merged)
    for key, present in now.items():
        if key in comes:
            continue
        before = was.get(key)
        if before is None or (present != before and chosen != "new"):
            rows.append(present)  # a person added it, or changed what the source took away
            conflict |= before is not None and chosen is None
    return tuple(rows), conflict


def _merged_row(old: Row, theirs: Row, new: Row, chosen: Choice | None) -> tuple[Row, bool]:
    values: dict[str, Any] = {}
    conflict = False
    for column in fields(new):
        before, present, after = (getattr(each, column.name) for each in (old, theirs, new))
        if column.name in UNEDITED:
            continue
        if before == after:
            values[column.name] = present
        elif present not in (before, after) and chosen != "new":
            values[column.name] = present
            conflict |= chosen is None
    return replace(new, **values), conflict


def _under_former_identity(
    was: dict[tuple[str, int], Row], comes: dict[tuple[str, int], Row]
) -> dict[tuple[str, int], Row]:
    """New rows, those that only have a new address under the old one (as `plan.matched_resources` keeps their ids)."""
    former = {
        new: old
        for old, new in zip(was, comes, strict=False)
        if old not in comes and new not in was and _known_by_address(was[old]) and _known_by_address(comes[new])
    }
    return {former.get(key, key): row for key, row in comes.items()}


def _known_by_address(row: Item | Resource) -> bool:
    return isinstance(row, Resource) and not row.remote_id


def _by_identity(rows: Sequence[Row]) -> dict[tuple[str, int], Row]:
    """Rows by name (数据项), the source's id or the address (resources); repeated ones are counted."""
    met: dict[str, int] = {}
    found: dict[tuple[str, int], Row] = {}
    for row in rows:
        name = row.name if isinstance(row, Item) else row.remote_id or row.url
        met[name] = met.get(name, 0) + 1
        found[name, met[name]] = row
    return found
