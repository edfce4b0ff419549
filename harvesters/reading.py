"""Reading a source from end to end without writing anything: records → guard → recognition → identity → entries.

    reading = read(load_source("water.yaml"))
    for outcome in reading.outcomes: ...

`run` and `preview` both stand on this. Secret rows (E26) are dropped before they are kept anywhere, this module's own
lists included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import cast

from ckanext.govcn.catalog import checks, levels, sensitive
from ckanext.govcn.catalog.batch import context_of
from ckanext.govcn.catalog.entry import CatalogEntry
from ckanext.govcn.catalog.problem import Problem, Profile

from harvesters.exceptions import RecordError, SecretRecord, SourceRefused, UnreadableRecord
from harvesters.extract import records_from
from harvesters.extract.ckan import FIXED
from harvesters.fetch import Fetcher, fetcher_for
from harvesters.normalize import identity
from harvesters.normalize.entries import Normalizer
from harvesters.normalize.headings import item_field
from harvesters.normalize.identity import Identity, Key
from harvesters.normalize.recognise import Recognition, recognise
from harvesters.normalize.regions import Regions
from harvesters.normalize.secrecy import Guard
from harvesters.record import Place, Record, Records, sample
from harvesters.source import Source
from harvesters.spool import Spool
from harvesters.trail import Remark

HEADINGS = 2_000  # different headings in one source; recognition looks at each
PROVIDERS_ASKED = 5_000  # records whose provider and district say where the source is


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record was sent back (退回): where, by which rule, and what to do. Never a value for E26, but its hash.

    `remote_id`: of a row marked 涉密, where the source states its key; only to find its dataset, and kept nowhere.
    """

    place: Place
    column: str
    rule: str
    message: str
    hash: str = field(default="", compare=False)
    remote_id: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one distinct record. `held` is the rule that keeps a labelled entry 待核定, or ""."""

    remote_id: str
    place: Place
    entry: CatalogEntry
    problems: tuple[Problem, ...]
    refused: bool
    held: str


@dataclass
class Reading:
    """All that was read of a source. `refused_rows`: rows that are no records or must not be here.

    `remarks` concern the source as a whole; `whole` is false when a part of it could not be read this time.
    """

    source: Source
    received: Spool
    refused_rows: list[Refusal] = field(default_factory=list[Refusal])
    base: checks.Context | None = None
    remarks: tuple[Remark, ...] = ()
    whole: bool = True

    @property
    def records(self) -> int:
        """Records met, with the refused ones."""
        return len(self.received) + len(self.refused_rows)

    @cached_property
    def recognition(self) -> Recognition:
        own: Mapping[str, str | None] = FIXED if self.source.protocol == "ckan" else {}
        return recognise(self.received, {**own, **self.source.fields})

    @cached_property
    def _identity(self) -> Identity:
        return identity.identity_of(self.received, self.recognition, self.source.key)

    @property
    def key(self) -> Key:
        return self._identity.key

    def identified(self) -> Iterator[Record]:
        """All records with their remote ids, in the order they came."""
        return self._identity.identified(self.received)

    @cached_property
    def distinct(self) -> Distinct:
        """Records with their remote ids, word-by-word repeats left out."""
        return Distinct(self, identity.repeats(self.identified()))

    @cached_property
    def regions(self) -> Regions:
        return Regions(self.source.region, () if self.source.region else _places(self.received, self.recognition))

    @cached_property
    def normalizer(self) -> Normalizer:
        return Normalizer(self.source, self.recognition, self.regions)

    @property
    def entries(self) -> list[CatalogEntry]:
        """The entries of `distinct`, in its order, before any rule has spoken; of all records at once."""
        return [self.normalizer.entry_from_record(record) for record in self.distinct]

    @cached_property
    def context(self) -> checks.Context:
        """What rules may look up: the base's answers (the portal's), and this run's own titles, codes and series."""
        named = map(self.normalizer.named, self.received)
        return context_of(named, self.base or checks.Context(today=_today()))

    def judge(self, record: Record) -> Outcome:
        """The entry of one record with every problem of it."""
        entry = self.normalizer.entry_from_record(record)
        problems = tuple(checks.check(entry, cast("Profile", self.source.profile), self.context))
        refused = any(p.severity == "refuse" for p in problems)
        held = next((p.rule for p in problems if p.severity == "hold"), "") if entry.open_type else ""
        settled = levels.settle(entry, problems)
        return Outcome(record.remote_id, record.place, settled, problems, refused, held)

    @property
    def outcomes(self) -> Iterator[Outcome]:
        return map(self.judge, self.distinct)

    def column_of(self, problem: Problem) -> str:
        """The heading under which a problem's value stands, or "" when the source has no such heading."""
        return self.heading_of(problem.field)

    def heading_of(self, field: str) -> str:
        """The heading of a field (or `items.3.data_type`), or "" when the source has none."""
        name = field.partition(".")[0]
        for candidate in _COLUMNS.get(name, (name,)):
            if found := self.recognition.headings_of(candidate):
                return found[0]
        return ""

    def shown_fields(self) -> dict[str, str | None]:
        """Every heading met → field of the entry or None; headings of 数据项 columns → items."""
        fields = self.recognition.shown()
        for record in self.received:
            for item in record.items:
                for heading in item:
                    if heading not in fields:
                        fields[heading] = "items" if item_field(heading) else None
        return fields


@dataclass(frozen=True, slots=True)
class Distinct:
    """The records of a reading without word-by-word repeats; `repeated` are their places in it."""

    reading: Reading
    repeated: set[int]

    def __len__(self) -> int:
        return len(self.reading.received) - len(self.repeated)

    def __iter__(self) -> Iterator[Record]:
        return (record for place, record in enumerate(self.reading.identified()) if place not in self.repeated)


_COLUMNS = {
    "provider": ("provider", "provider_uscc"),
    "open_type": ("open_type", "open_flag", "open_condition"),
    "open_label": ("open_type", "open_flag"),
    "items": ("items", "items.name"),
    "codes": ("source_code",),
    "region_codes": ("region_codes", "provider_region"),
}


def read(source: Source, fetcher: Fetcher | None = None, context: checks.Context | None = None) -> Reading:
    """Read all records of a source. Raises SourceError when the source as a whole cannot be read."""
    guard = Guard(source.fields)
    reading = Reading(source, Spool(source.name), base=context)
    fetcher = fetcher or fetcher_for(source)
    for record in records_from(source, fetcher):
        if refusal := _kept(record, reading.received, guard, source.key):
            reading.refused_rows.append(refusal)
        elif len(reading.received.headings) > HEADINGS:
            raise SourceRefused(record.place.file, f"有超过 {HEADINGS} 个不同的字段名，不是目录。请核对来源。")
    reading.remarks, reading.whole = tuple(fetcher.trail.remarks), fetcher.trail.whole
    return reading


def _kept(record: Record | RecordError, received: Spool, guard: Guard, key: Sequence[str]) -> Refusal | None:
    """Keep a record, or say why it is none."""
    if isinstance(record, RecordError):
        return Refusal(record.place, "", record.rule, record.message)
    try:
        if guard.column(record) is None:
            received.append(record)
            return None
        remote_id = record.remote_id or (identity.joined(record, key) if key else "")
    except RecursionError:
        unreadable = UnreadableRecord(record.place, why="嵌套太深")
        return Refusal(record.place, "", unreadable.rule, unreadable.message)
    secret = SecretRecord(record.place)
    return Refusal(record.place, "", secret.rule, secret.message, record.hash, remote_id)


def _today() -> date:
    """The day in China, whatever the clock of the machine says."""
    return (datetime.now(UTC) + timedelta(hours=8)).date()


def _places(records: Records, recognition: Recognition) -> Iterator[str]:
    """What the records say about where they are from: districts beside departments, then the departments' names."""
    for record in sample(records, PROVIDERS_ASKED):
        for name in ("provider_region", "region_codes", "provider"):
            for heading in recognition.headings_of(name):
                value = record.raw.get(heading)
                if isinstance(value, str) and not sensitive.is_role_name(value):
                    yield value.strip("【[ ").partition("】")[0].partition("-")[0]
