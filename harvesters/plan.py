"""变更清单 (plan): what a run would do with the records of a source. PURE: it looks at nothing but its arguments.

A record is known by (source, remote id). Its canonical hash comes first: an unchanged record is neither read into an
entry nor compared. What remains is read and judged, and compared field by field with the entry that was last
harvested from it, so that "changed" always names the fields, old and new.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from ckanext.govcn.catalog.entry import CatalogEntry, Resource

SECRECY = "E26"
MOVED = "H01"
"""Rule of this module: an entry never moves to another department by a harvest alone."""
UNREAD_FIELDS = frozenset({"unread", "secrecy"})
"""Fields of an entry that never reach the dataset: a difference in them alone is no change."""


class Place(Protocol):
    """Where a record stands in its source."""

    @property
    def file(self) -> str: ...
    @property
    def sheet(self) -> str: ...
    @property
    def row(self) -> int | None: ...


class Record(Protocol):
    """来源记录 as an extractor gives it: `remote_id` within the source, canonical `hash` (hexadecimal), `place`."""

    @property
    def remote_id(self) -> str: ...
    @property
    def hash(self) -> str: ...
    @property
    def place(self) -> Place: ...


@dataclass(frozen=True, slots=True)
class Trouble:
    """One problem of one record with its place; `severity` is refuse, warn or not_run, `message` Chinese."""

    rule: str
    severity: str
    message: str
    field: str = ""
    given: str = ""
    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""

    def as_refusal(self) -> dict[str, Any]:
        """As previews list what was sent back: where, by which rule, and what to do."""
        place = {"file": self.file, "sheet": self.sheet, "row": self.row, "column": self.column}
        return {**place, "rule": self.rule, "message": self.message}

    def without_content(self) -> Trouble:
        """What may be kept of a row refused for secrecy (E26): source, sheet, row, rule, and the fixed sentence."""
        return Trouble(self.rule, self.severity, self.message, sheet=self.sheet, row=self.row)


@dataclass(frozen=True, slots=True)
class Judged:
    """A record read into an entry, with every problem of it. `owner` is the organization the entry belongs to.

    `publishes`: the source states its release, the level is decided and no rule holds the entry back. `decided`: the
    level is decided and nothing holds the entry. `incomplete` names the fields that are 待完善.
    """

    entry: CatalogEntry
    owner: str = ""
    problems: tuple[Trouble, ...] = ()
    publishes: bool = False
    decided: bool = False
    incomplete: tuple[str, ...] = ()
    place: Place | None = None

    @property
    def refused(self) -> bool:
        return any(each.severity == "refuse" for each in self.problems)

    @property
    def secret(self) -> bool:
        return any(each.rule == SECRECY and each.severity == "refuse" for each in self.problems)


@dataclass(frozen=True, slots=True)
class Known:
    """What the portal knows of a record: the hash last seen and its dataset, with its owner and 编目状态 now.

    `withdrawn`: the harvest has taken it down because the record vanished.
    """

    hash: str
    package_id: str
    withdrawn: bool = False
    owner: str = ""
    status: str = ""

    def waits(self) -> bool:
        """Is the dataset waiting for a review that a stated release makes unnecessary?"""
        return self.status == "department_review"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an entry, as last harvested and as received now."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Added:
    remote_id: str
    hash: str
    judged: Judged


@dataclass(frozen=True, slots=True)
class Changed:
    """`fields` may be empty when a record only returned: then `wakes` is true."""

    remote_id: str
    hash: str
    judged: Judged
    known: Known
    old: CatalogEntry
    fields: tuple[FieldChange, ...] = ()
    wakes: bool = False


@dataclass(frozen=True, slots=True)
class Removed:
    """A record that vanished, or (`secret`) whose row is now marked 涉密: its dataset is to be withdrawn."""

    remote_id: str
    known: Known
    secret: bool = False


@dataclass(slots=True)
class Seen:
    """The remote ids met in a run. `unique` turns false when one of them stood for two different records.

    `secret`: rows that were refused for secrecy before they had an id; the datasets they once made must go.
    """

    hashes: dict[str, str] = field(default_factory=dict[str, str])
    unique: bool = True
    records: int = 0
    repeated: int = 0
    secret: int = 0


@dataclass(slots=True)
class Plan:
    """What is to be done with one batch of records. `unchanged` maps remote id → hash to keep."""

    added: list[Added] = field(default_factory=list[Added])
    changed: list[Changed] = field(default_factory=list[Changed])
    unchanged: dict[str, str] = field(default_factory=dict[str, str])
    removed: list[Removed] = field(default_factory=list[Removed])
    refused: list[tuple[Trouble, ...]] = field(default_factory=list[tuple[Trouble, ...]])
    warnings: list[Trouble] = field(default_factory=list[Trouble])


@dataclass(frozen=True, slots=True)
class Brake:
    """批量下架拦截: more than `count` removals, or more than `share` of the source once there are `least` of them.

    `least` keeps the share from stopping the single removal of a source with a handful of entries.
    """

    share: float = 0.10
    count: int = 20
    least: int = 3

    def holds(self, removed: int, active: int) -> bool:
        return removed > self.count or (removed >= self.least and removed > active * self.share)


def plan_batch(
    records: Iterable[Record],
    known: Mapping[str, Known],
    seen: Seen,
    judge: Callable[[Any], Judged],
    last_entries: Callable[[Collection[str]], Mapping[str, CatalogEntry]],
) -> Plan:
    """The plan for one batch; `seen` goes on from batch to batch of a run.

    `judge` reads a record into an entry with its problems; it is asked for new and changed records only.
    `last_entries` gives the last harvested entries of many remote ids in one look-up.
    """
    plan = Plan()
    different: list[tuple[str, str, Judged, Known]] = []
    for record in records:
        remote_id = _identity(record, known, seen)
        if remote_id is None:
            continue
        was = known.get(remote_id)
        if was and was.hash == record.hash and not was.withdrawn:
            plan.unchanged[remote_id] = record.hash
            continue
        judged = judge(record)
        if judged.refused:
            _refuse(plan, remote_id, judged, was)
        elif was and was.owner and judged.owner != was.owner:
            plan.refused.append((_moved(record, judged),))
        elif was is None:
            plan.added.append(Added(remote_id, record.hash, judged))
            plan.warnings.extend(judged.problems)
        else:
            different.append((remote_id, record.hash, judged, was))
            plan.warnings.extend(judged.problems)
    _compare(plan, different, last_entries)
    return plan


@dataclass(slots=True)
class Removals:
    """What vanished: to be withdrawn now, or held back until somebody has looked; `brake` says why (Chinese)."""

    now: list[Removed] = field(default_factory=list[Removed])
    held: list[Removed] = field(default_factory=list[Removed])
    brake: str = ""


def plan_removals(known: Mapping[str, Known], seen: Seen, brake: Brake) -> Removals:
    """What vanished from a source that was read to its end."""
    gone = [
        Removed(remote_id, was)
        for remote_id, was in known.items()
        if not was.withdrawn and remote_id not in seen.hashes
    ]
    if len(gone) <= seen.secret:
        return Removals(now=gone)  # what is now marked 涉密 goes at once, whatever else holds
    active = sum(not was.withdrawn for was in known.values())
    if not seen.hashes:
        return Removals(held=gone, brake=f"来源没有返回任何记录，已有的 {active} 条保持不变。请核实来源是否正常。")
    if not seen.unique:
        why = f"来源记录标识不唯一，无法判断哪些记录已消失，{len(gone)} 条未下架。请为该来源指定唯一的标识列。"
        return Removals(brake=why)
    if brake.holds(len(gone), active):
        why = f"本次将下架 {len(gone)} 条（共 {active} 条），超过批量下架上限，已全部拦截。请核实后再执行。"
        return Removals(held=gone, brake=why)
    return Removals(now=gone)


def differences(old: CatalogEntry, new: CatalogEntry) -> tuple[FieldChange, ...]:
    """Field by field, in the entry's order; fields that never reach the dataset are not compared."""
    return tuple(
        FieldChange(each.name, getattr(old, each.name), getattr(new, each.name))
        for each in fields(CatalogEntry)
        if each.name not in UNREAD_FIELDS and getattr(old, each.name) != getattr(new, each.name)
    )


def matched_resources(old: Sequence[Resource], old_ids: Sequence[str], new: Sequence[Resource]) -> list[str | None]:
    """The id that each new resource keeps: by the source's own id, then by URL, then by position; None is a new one."""
    free = dict(enumerate(zip(old, old_ids, strict=False)))
    kept: list[str | None] = [None] * len(new)

    def take(at: int, fits: Callable[[int, Resource], bool]) -> None:
        found = next((position for position, (was, _) in free.items() if fits(position, was)), None)
        if found is not None:
            kept[at] = free.pop(found)[1]

    for at, resource in enumerate(new):
        if resource.remote_id:
            take(at, lambda _, was, wanted=resource.remote_id: was.remote_id == wanted)
    for at, resource in enumerate(new):
        if kept[at] is None:
            take(at, lambda _, was, wanted=resource.url: was.url == wanted)
    for at, resource in enumerate(new):
        if kept[at] is None and not resource.remote_id:
            take(at, lambda position, was, wanted=at: position == wanted and not was.remote_id)
    return kept


def _identity(record: Record, known: Mapping[str, Known], seen: Seen) -> str | None:
    """The remote id to use, or None for a record met before word by word.

    Where one id stands for several records, the later ones are told apart by their content, and the run removes
    nothing: dropping them would lose entries, merging them would mix entries up.
    """
    seen.records += 1
    by_content = f"{record.remote_id}#{record.hash[:12]}"
    for candidate in (record.remote_id, by_content):
        if seen.hashes.get(candidate) == record.hash:
            seen.repeated += 1
            return None
    taken = record.remote_id in seen.hashes
    if taken:
        seen.unique = False
    remote_id = by_content if taken or by_content in known else record.remote_id
    seen.hashes[remote_id] = record.hash
    return remote_id


def _refuse(plan: Plan, remote_id: str, judged: Judged, was: Known | None) -> None:
    """A refused record changes nothing of what is there, except that 涉密 takes its dataset down at once."""
    if judged.secret:
        secrecy = tuple(each.without_content() for each in judged.problems if each.rule == SECRECY)
        plan.refused.append(secrecy[:1])
        if was and not was.withdrawn:
            plan.removed.append(Removed(remote_id, was, secret=True))
        return
    plan.refused.append(judged.problems)


def _moved(record: Record, judged: Judged) -> Trouble:
    place = record.place
    return Trouble(
        rule=MOVED,
        severity="refuse",
        message="提供方与已入库数据集的所属部门不同，归集不会划转数据集。请由数据主管部门办理划转后再归集。",
        field="provider",
        given=judged.entry.provider.name,
        file=place.file,
        sheet=place.sheet,
        row=place.row,
    )


def _compare(
    plan: Plan,
    different: Sequence[tuple[str, str, Judged, Known]],
    last_entries: Callable[[Collection[str]], Mapping[str, CatalogEntry]],
) -> None:
    if not different:
        return
    last = last_entries([remote_id for remote_id, *_ in different])
    for remote_id, hash_, judged, was in different:
        old = last.get(remote_id, CatalogEntry())
        changes = differences(old, judged.entry)
        if changes or was.withdrawn or not was.hash or (was.waits() and judged.publishes):
            plan.changed.append(Changed(remote_id, hash_, judged, was, old, fields=changes, wakes=was.withdrawn))
        else:
            plan.unchanged[remote_id] = hash_
