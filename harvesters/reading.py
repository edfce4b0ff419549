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

from harvesters.exceptions import RecordError, SecretRecord, SourceRefused
from harvesters.extract import records_from
from harvesters.extract.ckan import FIXED
from harvesters.fetch import Fetcher, fetcher_for
from harvesters.normalize import identity
from harvesters.normalize.entries import Normalizer
from harvesters.normalize.headings import item_field
from harvesters.normalize.identity import Key
from harvesters.normalize.recognise import Recognition, recognise
from harvesters.normalize.regions import Regions
from harvesters.normalize.secrecy import Guard
from harvesters.record import Place, Record
from harvesters.source import Source
from harvesters.trail import Remark

HEADINGS = 2_000  # different headings in one source; recognition looks at each
PROVIDERS_ASKED = 5_000  # records whose provider and district say where the source is


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record was sent back (退回): where, by which rule, and what to do. Never a value for E26."""

    place: Place
    column: str
    rule: str
    message: str


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
    received: list[Record]
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
    def _identified(self) -> tuple[list[Record], Key]:
        return identity.identified(self.received, self.recognition, self.source.key)

    @property
    def key(self) -> Key:
        return self._identified[1]

    @cached_property
    def distinct(self) -> list[Record]:
        """Records with their remote ids, word-by-word repeats left out."""
        return identity.distinct(self._identified[0])

    @cached_property
    def regions(self) -> Regions:
        return Regions(self.source.region, () if self.source.region else _places(self.received, self.recognition))

    @cached_property
    def normalizer(self) -> Normalizer:
        return Normalizer(self.source, self.recognition, self.regions)

    @cached_property
    def entries(self) -> list[CatalogEntry]:
        """The entries of `distinct`, in its order, before any rule has spoken."""
        return [self.normalizer.entry_from_record(record) for record in self.distinct]

    @cached_property
    def context(self) -> checks.Context:
        """What rules may look up: the base's answers (the portal's), and this run's own titles, codes and series."""
        return context_of(self.entries, self.base or checks.Context(today=_today()))

    def judge(self, record: Record) -> Outcome:
        """The entry of one record with every problem of it."""
        return self._judged(record, self.normalizer.entry_from_record(record))

    def _judged(self, record: Record, entry: CatalogEntry) -> Outcome:
        problems = tuple(checks.check(entry, cast("Profile", self.source.profile), self.context))
        refused = any(p.severity == "refuse" for p in problems)
        held = next((p.rule for p in problems if p.severity == "hold"), "") if entry.open_type else ""
        settled = levels.settle(entry, problems)
        return Outcome(record.remote_id, record.place, settled, problems, refused, held)

    @property
    def outcomes(self) -> Iterator[Outcome]:
        return map(self._judged, self.distinct, self.entries)

    def column_of(self, problem: Problem) -> str:
        """The heading under which a problem's value stands, or "" when the source has no such heading."""
        name = problem.field.partition(".")[0]
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
    reading = Reading(source, [], base=context)
    headings: set[str] = set()
    fetcher = fetcher or fetcher_for(source)
    for record in records_from(source, fetcher):
        if isinstance(record, RecordError):
            reading.refused_rows.append(Refusal(record.place, "", record.rule, record.message))
        elif guard.column(record) is not None:
            secret = SecretRecord(record.place)
            reading.refused_rows.append(Refusal(record.place, "", secret.rule, secret.message))
        else:
            headings.update(record.raw)
            if len(headings) > HEADINGS:
                raise SourceRefused(record.place.file, f"有超过 {HEADINGS} 个不同的字段名，不是目录。请核对来源。")
            reading.received.append(record)
    reading.remarks, reading.whole = tuple(fetcher.trail.remarks), fetcher.trail.whole
    return reading


def _today() -> date:
    """The day in China, whatever the clock of the machine says."""
    return (datetime.now(UTC) + timedelta(hours=8)).date()


def _places(records: Sequence[Record], recognition: Recognition) -> Iterator[str]:
    """What the records say about where they are from: districts beside departments, then the departments' names."""
    step = max(1, len(records) // PROVIDERS_ASKED)
    for record in records[::step]:
        for name in ("provider_region", "region_codes", "provider"):
            for heading in recognition.headings_of(name):
                value = record.raw.get(heading)
                if isinstance(value, str) and not sensitive.is_role_name(value):
                    yield value.strip("【[ ").partition("】")[0].partition("-")[0]
