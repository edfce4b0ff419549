"""What the reading half says of a record, as a plan asks for it: an entry with its owner and its problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ckanext.govcn.catalog.problem import Problem, incomplete_fields

from harvesters.plan import Judged, Trouble
from harvesters.providers import NoOwner, Owners
from harvesters.reading import Reading
from harvesters.record import Place, Record


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the records of one reading. `released`: the source states why its entries may be published."""

    reading: Reading
    owners: Owners
    released: bool

    def __call__(self, record: Record) -> Judged:
        outcome = self.reading.judge(record)
        troubles = tuple(self._trouble(each, record.place) for each in outcome.problems)
        if outcome.refused:
            return Judged(outcome.entry, problems=troubles, place=record.place)
        found = self.owners.owner_of(outcome.entry.provider)
        if isinstance(found, NoOwner):
            refusal = _no_owner(found, outcome.entry.provider.name, record.place)
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
            incomplete=incomplete_fields(outcome.problems),
            place=record.place,
        )

    def _trouble(self, problem: Problem, place: Place) -> Trouble:
        severity = "warn" if problem.severity == "hold" else problem.severity
        column = self.reading.column_of(problem)
        stands = _where(place)
        return Trouble(problem.rule, severity, problem.message, problem.field, problem.given, column=column, **stands)


def refusals_of(reading: Reading) -> Sequence[Trouble]:
    """Rows that never became records, with what may be kept of them."""
    return [
        Trouble(each.rule, "refuse", each.message, column=each.column, **_where(each.place))
        if each.rule != "E26"
        else Trouble(each.rule, "refuse", each.message, **_where(each.place)).without_content()
        for each in reading.refused_rows
    ]


def _where(place: Place) -> dict[str, object]:
    return {"file": place.file, "sheet": place.sheet, "row": place.row or None}


def _no_owner(found: NoOwner, name: str, place: Place) -> Trouble:
    return Trouble(found.rule, "refuse", found.message, field="provider", given=name, **_where(place))
