"""变更清单 (plan): what a run would do with the records of a source. PURE: it looks at nothing but its arguments.

A record is known by (source, remote id). Its canonical hash comes first: an unchanged record is neither read into an
entry nor compared. What remains is read and judged, and compared field by field with the entry that was last
harvested from it, so that "changed" always names the fields, old and new.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ckanext.govcn.catalog.entry import CatalogEntry, Resource

from harvesters.merge import LEVEL, Choice, FieldChange, merge, narrowed, undecided, width

SECRECY = "E26"
PERSONAL = "E30"
PERSONAL_DATA = "检出个人信息，不得发布；请脱敏后重新提交。"
UNKEPT = frozenset({SECRECY, PERSONAL})
"""Rules that keep nothing of a record but its hash, its place and the rule."""


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

    def received(self) -> bytes:
        """The record as it came, as JSON."""
        ...


@dataclass(frozen=True, slots=True)
class Trouble:
    """One problem of one record with its place; `severity` is refuse, warn or not_run, `message` Chinese.

    `hash` is the record's, where nothing else of it may be kept.
    """

    rule: str
    severity: str
    message: str
    field: str = ""
    given: str = ""
    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    hash: str = dataclasses.field(default="", compare=False)

    def as_refusal(self) -> dict[str, Any]:
        """As previews list what was sent back: where, by which rule, and what to do."""
        place = {"file": self.file, "sheet": self.sheet, "row": self.row, "column": self.column}
        return {**place, "rule": self.rule, "message": self.message}

    def without_content(self) -> Trouble:
        """What may be kept of a row refused by E26 or E30: source, sheet, row, rule, hash and the fixed sentence."""
        message = PERSONAL_DATA if self.rule == PERSONAL else self.message
        return Trouble(self.rule, self.severity, message, sheet=self.sheet, row=self.row, hash=self.hash)


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

    @property
    def unkept(self) -> Trouble | None:
        """Why nothing of the record may be kept, if so."""
        refusing = (each for each in self.problems if each.severity == "refuse" and each.rule in UNKEPT)
        return min(refusing, key=lambda each: each.rule, default=None)


@dataclass(frozen=True, slots=True)
class Known:
    """What the portal knows of a record: the hash last seen and its dataset, with its owner and 编目状态 now.

    `withdrawn`: the harvest has taken it down because the record vanished. `by_person`: a person has taken an
    editorial step with the dataset, so that its 编目状态 is theirs. `kept`: it vanished, and undoing the run that took
    it down brought it back; it stays until the record returns. `incomplete`: a file of it could not be fetched, so that
    it is done again.
    """

    hash: str
    package_id: str
    withdrawn: bool = False
    owner: str = ""
    status: str = ""
    by_person: bool = False
    kept: bool = False
    incomplete: bool = False

    def waits(self) -> bool:
        """Is the dataset waiting for a review that a stated release makes unnecessary?"""
        return self.status == "department_review" and not self.by_person


@dataclass(frozen=True, slots=True)
class Added:
    """`reopens`: the source already has a narrower entry of this title and owner, under another id."""

    remote_id: str
    hash: str
    judged: Judged
    reopens: bool = False

    @property
    def entry(self) -> CatalogEntry:
        """The entry to write."""
        return self.judged.entry

    @property
    def opens(self) -> bool:
        return self.reopens


@dataclass(frozen=True, slots=True)
class Changed:
    """A record that differs from what was last harvested (`old`), or that returned (`wakes`: `fields` may be empty).

    `judged.entry` is what was received and is kept as last harvested; `merged` is what the dataset (`theirs`) is to
    become. Without edits by a person `theirs` is `old` and `merged` what was received. `partial`: only its level is
    done, the entry stays that of the record before.
    """

    remote_id: str
    hash: str
    judged: Judged
    known: Known
    old: CatalogEntry
    fields: tuple[FieldChange, ...] = ()
    wakes: bool = False
    theirs: CatalogEntry | None = None
    merged: CatalogEntry | None = None
    partial: bool = False

    @property
    def entry(self) -> CatalogEntry:
        """The entry to write."""
        return self.judged.entry if self.merged is None else self.merged

    @property
    def present(self) -> CatalogEntry:
        """The entry that the dataset has now."""
        return self.old if self.theirs is None else self.theirs

    @property
    def moves(self) -> bool:
        """Does the entry go to another department? (One that nobody was named for only finds its own.)"""
        return bool(self.known.owner) and self.judged.owner != self.known.owner

    @property
    def opens(self) -> bool:
        return width(self.entry) > width(self.present)

    @property
    def narrows(self) -> bool:
        return width(self.entry) < width(self.present)

    @property
    def conflicts(self) -> bool:
        return any(each.conflict for each in self.fields)

    @property
    def beside_level(self) -> bool:
        """Does anything change but the level?"""
        return any(each.field not in LEVEL for each in self.fields)

    def narrowing(self) -> Changed:
        """The part that never waits: the dataset's level, and nothing else. The record stays as it was otherwise."""
        received = replace(self.old, **{name: getattr(self.entry, name) for name in LEVEL})
        written = narrowed(self.present, self.entry)
        level = tuple(
            FieldChange(name, getattr(self.present, name), getattr(written, name), getattr(self.present, name))
            for name in LEVEL
            if getattr(self.present, name) != getattr(written, name)
        )
        judged = replace(
            self.judged, entry=received, owner=self.known.owner, publishes=False, decided=bool(written.open_type)
        )
        part = replace(self, judged=judged, fields=level, merged=written, theirs=self.present)
        return replace(part, hash=self.known.hash, wakes=False, partial=True)


@dataclass(frozen=True, slots=True)
class Different:
    """A record that is known and whose hash is another one than last time, or that returned."""

    remote_id: str
    hash: str
    judged: Judged
    known: Known


class Entries(Protocol):
    """What the portal holds of many records, each kind in one look-up."""

    def last_entries(self, remote_ids: Collection[str]) -> Mapping[str, CatalogEntry]:
        """The entries last harvested, by remote id."""
        ...

    def present(self, remote_ids: Collection[str]) -> Mapping[str, CatalogEntry]:
        """The entries that their datasets have now, persons' edits included; what is missing nobody has edited."""
        ...


@dataclass(frozen=True, slots=True)
class Removed:
    """A record that vanished, or (`secret`) whose row is now marked 涉密: its dataset is to be withdrawn."""

    remote_id: str
    known: Known
    secret: bool = False


@dataclass(slots=True)
class Seen:
    """The remote ids met in a run. `unique` turns false when one of them stood for two different records.

    `whole` is false when a part of the source could not be read: then nobody knows what has vanished.

    `secret`: rows that were refused for secrecy before they had an id; the datasets they once made must go.
    Ids and hashes are kept as sixteen bytes each: a hundred thousand records take some twenty megabytes.
    """

    unique: bool = True
    whole: bool = True
    records: int = 0
    repeated: int = 0
    secret: int = 0
    _met: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])

    def __contains__(self, remote_id: str) -> bool:
        return _short(remote_id) in self._met

    def __len__(self) -> int:
        return len(self._met)

    def with_content(self, remote_id: str, hash_: str) -> bool:
        """Was this id met with this very content?"""
        return self._met.get(_short(remote_id)) == _short(hash_)

    def add(self, remote_id: str, hash_: str) -> None:
        """An id was met."""
        self._met[_short(remote_id)] = _short(hash_)


def _short(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@dataclass(slots=True)
class Plan:
    """What is to be done with one batch of records. `unchanged` maps remote id → hash to keep.

    `received` are the records that were judged, as they came, by remote id; not those of which nothing may be kept.
    `rehashed` are those of `unchanged` whose stored state is another: the record was received or read in another way
    and the same entry came of it, or it has returned to a dataset that stood without it.
    """

    added: list[Added] = field(default_factory=list[Added])
    changed: list[Changed] = field(default_factory=list[Changed])
    unchanged: dict[str, str] = field(default_factory=dict[str, str])
    removed: list[Removed] = field(default_factory=list[Removed])
    refused: list[tuple[Trouble, ...]] = field(default_factory=list[tuple[Trouble, ...]])
    received: dict[str, Record] = field(default_factory=dict[str, Record])
    warnings: list[Trouble] = field(default_factory=list[Trouble])
    rehashed: set[str] = field(default_factory=set[str])


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


def candidates(records: Iterable[Record]) -> list[str]:
    """Every remote id under which one of these records may be known."""
    return [each for record in records for each in (record.remote_id, _by_content(record))]


def plan_batch(
    records: Iterable[Record],
    known: Mapping[str, Known],
    seen: Seen,
    judge: Callable[[Any], Judged],
    entries: Entries,
) -> Plan:
    """The plan for one batch; `seen` goes on from batch to batch of a run.

    `judge` reads a record into an entry with its problems; it is asked for new and changed records only, and so are
    the `entries`.
    """
    plan = Plan()
    different: list[Different] = []
    for record in records:
        remote_id = _identity(record, known, seen)
        if remote_id is None:
            continue
        was = known.get(remote_id)
        if was and was.hash == record.hash and not was.withdrawn and not was.incomplete:
            plan.unchanged[remote_id] = record.hash
            if was.kept:
                plan.rehashed.add(remote_id)
            continue
        judged = judge(record)
        if judged.unkept is None:
            plan.received[remote_id] = record
        if judged.refused:
            _refuse(plan, remote_id, record.hash, judged, was)
        elif was is None:
            plan.added.append(Added(remote_id, record.hash, judged))
            plan.warnings.extend(judged.problems)
        else:
            different.append(Different(remote_id, record.hash, judged, was))
            plan.warnings.extend(judged.problems)
    _compare(plan, different, entries)
    return plan


def reopening(
    added: Sequence[Added], openings: Callable[[Collection[str]], Mapping[tuple[str, str], int]]
) -> list[Added]:
    """The additions, with those marked that would show more than the same entry did under its former id.

    A source that gives all its records new ids must not get past the rule that what becomes more open waits.
    """
    titles = {each.entry.title for each in added if width(each.entry)}
    present: Mapping[tuple[str, str], int] = openings(titles) if titles else {}
    return [
        replace(each, reopens=width(each.entry) > present.get((each.entry.title, each.judged.owner), width(each.entry)))
        for each in added
    ]


def change_of(
    given: Different,
    old: CatalogEntry,
    theirs: CatalogEntry | None = None,
    choose: Callable[[str], Choice | None] = undecided,
) -> Changed:
    """The change that a record makes to its dataset, a person's edits kept; `choose` decides conflicts.

    What a person has filled in is no longer 待完善, and a level that a person gave is decided.
    """
    judged, known = given.judged, given.known
    merged = merge(old, old if theirs is None else theirs, judged.entry, choose)
    decided = bool(merged.entry.open_type) and (judged.decided or LEVEL[0] in merged.stays)
    settled = replace(
        judged,
        decided=decided,
        publishes=judged.publishes and decided,
        incomplete=tuple(each for each in judged.incomplete if each not in merged.stays),
    )
    return Changed(
        given.remote_id,
        given.hash,
        settled,
        known,
        old,
        merged.fields,
        wakes=known.withdrawn,
        theirs=theirs,
        merged=merged.entry,
    )


@dataclass(slots=True)
class Removals:
    """Ids that vanished: to be withdrawn now, or held back until somebody has looked; `brake` says why (Chinese).

    `secret`: no more went than rows were refused for secrecy, so that these may be theirs.
    """

    now: list[str] = field(default_factory=list[str])
    held: list[str] = field(default_factory=list[str])
    brake: str = ""
    secret: bool = False


def plan_removals(known: Iterable[tuple[str, bool]], seen: Seen, brake: Brake) -> Removals:
    """What vanished from a source that was read to its end. `known`: what `Session.active_ids` gives."""
    gone: list[str] = []
    active = 0
    for remote_id, kept in known:
        active += 1
        if not kept and remote_id not in seen:
            gone.append(remote_id)
    if len(gone) <= seen.secret:
        return Removals(now=gone, secret=bool(gone))  # what is now marked 涉密 goes at once, whatever else holds
    if not len(seen):
        return Removals(held=gone, brake=f"来源没有返回任何记录，已有的 {active} 条保持不变。请核实来源是否正常。")
    if not seen.whole:
        why = f"来源有一部分本次没有读到，无法判断哪些记录已消失，{len(gone)} 条未下架。下次读全后再判断。"
        return Removals(brake=why)
    if not seen.unique:
        why = f"来源记录标识不唯一，无法判断哪些记录已消失，{len(gone)} 条未下架。请为该来源指定唯一的标识列。"
        return Removals(brake=why)
    if brake.holds(len(gone), active):
        why = f"本次将下架 {len(gone)} 条（共 {active} 条），超过批量下架上限，已全部拦截。请核实后再执行。"
        return Removals(held=gone, brake=why)
    return Removals(now=gone)


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
    by_content = _by_content(record)
    taken = record.remote_id in seen
    apart = taken or by_content in known
    if apart and any(seen.with_content(each, record.hash) for each in (record.remote_id, by_content)):
        seen.repeated += 1
        return None
    if taken:
        seen.unique = False
    remote_id = by_content if apart else record.remote_id
    seen.add(remote_id, record.hash)
    return remote_id


def _by_content(record: Record) -> str:
    """The id that tells a record apart from another of the same remote id."""
    return f"{record.remote_id}#{record.hash[:12]}"


def _refuse(plan: Plan, remote_id: str, hash_: str, judged: Judged, was: Known | None) -> None:
    """A refused record changes nothing of what is there, except that 涉密 takes its dataset down at once."""
    unkept = judged.unkept
    plan.refused.append((replace(unkept, hash=hash_).without_content(),) if unkept else judged.problems)
    if judged.secret and was and not was.withdrawn:
        plan.removed.append(Removed(remote_id, was, secret=True))


def _compare(plan: Plan, different: Sequence[Different], entries: Entries) -> None:
    if not different:
        return
    ids = [each.remote_id for each in different]
    last, present = entries.last_entries(ids), entries.present(ids)
    for each in different:
        change = change_of(each, last.get(each.remote_id, CatalogEntry()), present.get(each.remote_id))
        known = each.known
        waits = known.waits() and change.judged.publishes
        if change.fields or change.moves or known.withdrawn or known.incomplete or waits:
            plan.changed.append(change)
        else:
            plan.unchanged[each.remote_id] = each.hash
            plan.rehashed.add(each.remote_id)
