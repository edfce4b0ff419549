"""What the reading half says of a record, as a plan asks for it: an entry with its owner and its problems."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import resources
from importlib.metadata import version
from typing import Any, cast

from ckanext.govcn.catalog.entry import Provider, Release
from ckanext.govcn.catalog.problem import Problem, incomplete_fields

from harvesters.plan import Judged, Trouble
from harvesters.providers import NoOwner, Owners
from harvesters.reading import Reading
from harvesters.record import Place, Record, as_received, canonical_hash

HOW_READ = (
    "profile",
    "providers",
    "provider",
    "provider_map",
    "region",
    "level",
    "release",
    "files",
    "fields",
    "code_maps",
)
"""Settings of a source that decide what becomes of a record."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """A record with the hash that says whether anything has to be done: its content, and how this source is read.

    So a source that now states its release, maps a code or is read by newer tables is judged again as a whole.
    """

    record: Record
    hash: str

    @property
    def remote_id(self) -> str:
        return self.record.remote_id

    @property
    def place(self) -> Place:
        return self.record.place

    def received(self) -> bytes:
        return as_received(self.record)


def stamped(reading: Reading) -> Iterator[Stamped]:
    """The records of a reading with their remote ids, stamped."""
    how = canonical_hash([{name: _plain(getattr(reading.source, name)) for name in HOW_READ}, edition()])
    for record in reading.identified():
        yield Stamped(record, canonical_hash([record.hash, how]))


def _plain(value: object) -> object:
    if isinstance(value, Release):
        return asdict(value)
    return dict(cast("Mapping[str, object]", value)) if isinstance(value, Mapping) else value


@functools.cache
def edition() -> str:
    """The code tables and the version of this software that read the record."""
    tables = (resources.files("ckanext.govcn.standards") / "index.yaml").read_bytes()
    return hashlib.sha256(tables).hexdigest() + version("ckanext-govcn")


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the records of one reading. `released`: the source states why its entries may be published."""

    reading: Reading
    owners: Owners
    released: bool

    def __call__(self, stamped_record: Stamped) -> Judged:
        record = stamped_record.record
        outcome = self.reading.judge(record)
        troubles = tuple(self._trouble(each, record.place) for each in outcome.problems)
        if outcome.refused:
            return Judged(outcome.entry, problems=troubles, place=record.place)
        found = self.owners.owner_of(outcome.entry.provider)
        if isinstance(found, NoOwner):
            refusal = self._no_owner(found, outcome.entry.provider.name, record.place)
            return Judged(outcome.entry, problems=(*troubles, refusal), place=record.place)
        provider, owner = found
        regions = outcome.entry.region_codes or ((provider.region_code,) if provider.region_code else ())
        decided = bool(outcome.entry.open_type) and not outcome.held
        return Judged(
            replace(outcome.entry, provider=provider, region_codes=regions),
            owner,
            troubles,
            publishes=self.released and decided,
            decided=decided,
            incomplete=_incomplete(outcome.problems, provider),
            place=record.place,
        )

    def _trouble(self, problem: Problem, place: Place) -> Trouble:
        severity = "warn" if problem.severity == "hold" else problem.severity
        column = self.reading.column_of(problem)
        stands = _where(place)
        return Trouble(problem.rule, severity, problem.message, problem.field, problem.given, column=column, **stands)

    def _no_owner(self, found: NoOwner, name: str, place: Place) -> Trouble:
        column = self.reading.heading_of("provider")
        stands = _where(place)
        return Trouble(found.rule, "refuse", found.message, field="provider", given=name, column=column, **stands)


def refusals_of(reading: Reading) -> Sequence[Trouble]:
    """Rows that never became records, with what may be kept of them."""
    return [
        Trouble(each.rule, "refuse", each.message, column=each.column, **_where(each.place))
        if each.rule != "E26"
        else Trouble(each.rule, "refuse", each.message, hash=each.hash, **_where(each.place)).without_content()
        for each in reading.refused_rows
    ]


def remarks_of(reading: Reading) -> Sequence[Trouble]:
    """What concerns the source as a whole, as warnings of the run."""
    return [Trouble(each.rule, "warn", each.message) for each in reading.remarks]


def _where(place: Place) -> dict[str, Any]:
    return {"file": place.file, "sheet": place.sheet, "row": place.row or None}


def _incomplete(problems: Sequence[Problem], provider: Provider) -> tuple[str, ...]:
    """Fields that are 待完善, the provider among them when nobody was named."""
    names = incomplete_fields(problems)
    return names if provider.name or "provider" in names else (*names, "provider")
