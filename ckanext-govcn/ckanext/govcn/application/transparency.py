"""Numbers of applications that may be published, PURE: by outcome and by department, nothing that tells of anybody.

A number below `LEAST` that is not 0 is not published, nor what it could be computed from:

1. A department with fewer applications than that has no row of its own; those of all such departments are one row
   (`OTHERS`), which takes the smallest other department in when it would still be too small.
2. In a row, an outcome with 1 or 2 is withheld, and with it the next smallest, until what is withheld is two outcomes
   at least and `LEAST` applications together: the row's total tells only their sum.
3. The outcomes that any department withholds are withheld of all departments together, too, so that no difference of
   totals brings them back; rule 2 holds for that row as well.
4. A median stands on `LEAST` decisions at least, or is not told.

What this does not hide: two readings at different times show that a number grew. Each decision, with its dataset and
month, is in the public list of decisions by law; these rules are for what is not: applicants who withdrew or wait, and
how long things took.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

LEAST = 3
OUTCOMES = ("approved", "refused", "withdrawn", "waiting")
OTHERS = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One submitted application: its department, its outcome so far, and the working days until it was decided (None
    while it is not)."""

    department: str
    outcome: str
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """`received` and `outcomes` (None: withheld); `median_days` None: not told, or nothing decided."""

    department: str
    received: int
    outcomes: dict[str, int | None]
    median_days: float | None

    def to_json(self) -> dict[str, Any]:
        """As the action gives it."""
        return {
            "department": self.department,
            "received": self.received,
            **self.outcomes,
            "median_days": self.median_days,
        }


@dataclass(frozen=True, slots=True)
class Published:
    """All departments together (None: there are too few applications to say anything), and each, by name."""

    total: Row | None
    departments: list[Row]


def published(cases: Iterable[Case]) -> Published:
    """What may be published of these applications."""
    all_of = list(cases)
    if len(all_of) < LEAST:
        return Published(None, [])
    groups = _groups(all_of)
    rows = [_row(name, groups[name]) for name in sorted(groups, key=lambda name: (name == OTHERS, name))]
    withheld = {outcome for row in rows for outcome, number in row.outcomes.items() if number is None}
    return Published(_row(OTHERS, all_of, withheld), rows if len(rows) > 1 or OTHERS not in groups else [])


def _groups(cases: Sequence[Case]) -> dict[str, list[Case]]:
    groups = defaultdict[str, list[Case]](list)
    for case in cases:
        groups[case.department].append(case)
    by_size = sorted(groups, key=lambda name: (len(groups[name]), name))
    small = [name for name in by_size if len(groups[name]) < LEAST]
    gathered = [case for name in small for case in groups.pop(name)]
    for name in by_size[len(small) :]:
        if not gathered or len(gathered) >= LEAST:
            break
        gathered += groups.pop(name)
    if gathered:
        groups[OTHERS] = gathered
    return dict(groups)


def _row(department: str, cases: Sequence[Case], withheld: Iterable[str] = ()) -> Row:
    counts = {outcome: sum(case.outcome == outcome for case in cases) for outcome in OUTCOMES}
    hidden = {outcome for outcome in withheld if counts[outcome]}
    hidden |= {outcome for outcome, number in counts.items() if 0 < number < LEAST}
    others = sorted((number, outcome) for outcome, number in counts.items() if number and outcome not in hidden)
    while hidden and others and (len(hidden) < 2 or sum(counts[outcome] for outcome in hidden) < LEAST):
        hidden.add(others.pop(0)[1])
    days = [case.days for case in cases if case.days is not None]
    told = {outcome: None if outcome in hidden else number for outcome, number in counts.items()}
    return Row(department, len(cases), told, float(median(days)) if len(days) >= LEAST else None)
