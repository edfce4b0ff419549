"""Numbers of applications that may be published, PURE: by outcome and by department, nothing that tells of anybody.

What was decided is public already, case by case (`cases.decisions`): whoever reads both knows the decisions of each
department, and whatever is told here can be subtracted from. What these rules keep is the rest, the undecided: who
withdrew and who waits. No number of 1 or 2 follows, also for a reader who knows the rules:

1. Which rows there are depends on what is public: a department with fewer than `LEAST` decisions has no row of its own;
   those of all such departments are one row (`OTHERS`), which takes the department with the fewest decisions in while
   it would still have too few. With fewer decisions than that in all, nothing is told.
2. `received` of a row with 1 or 2 undecided is withheld, and that of every row with as many undecided as the smallest
   number from `LEAST` on: their sum follows from the total, not which row has which. Where no row has so many, the
   total's is withheld, too. Withdrawn and waiting are withheld with it.
3. Withdrawn and waiting are told together or not at all: not, when either is 1 or 2. So are approved and refused. What
   any row withholds is withheld of the total as well.
4. A median stands on `LEAST` decisions at least, or is not told.

What this does not hide: two readings at different times show that a number grew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

LEAST = 3
DECIDED, UNDECIDED = ("approved", "refused"), ("withdrawn", "waiting")
OUTCOMES = (*DECIDED, *UNDECIDED)
OTHERS = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One submitted application: its department (empty: none, which is counted with `OTHERS`), its outcome so far, and
    the working days until it was decided (None while it is not)."""

    department: str
    outcome: str
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """`received` and `outcomes` (None: withheld); `median_days` None: not told, or nothing decided."""

    department: str
    received: int | None
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
    if _number(all_of, DECIDED) < LEAST:
        return Published(None, [])
    groups = _groups(all_of)
    numbers = {name: _number(of, UNDECIDED) for name, of in groups.items()}
    enough = min((number for number in numbers.values() if number >= LEAST), default=None)
    unsaid = set[str]()
    if any(0 < number < LEAST for number in numbers.values()):
        unsaid = {name for name, number in numbers.items() if 0 < number <= (enough or LEAST)}
    rows = [
        _row(name, groups[name], unsaid=name in unsaid)
        for name in sorted(groups, key=lambda name: (name == OTHERS, name))
    ]
    withheld = {outcome for row in rows for outcome, number in row.outcomes.items() if number is None}
    total = _row(OTHERS, all_of, withheld, unsaid=bool(unsaid) and enough is None)
    return Published(total, rows if len(rows) > 1 or OTHERS not in groups else [])


def _number(cases: Iterable[Case], outcomes: Sequence[str]) -> int:
    return sum(case.outcome in outcomes for case in cases)


def _groups(cases: Sequence[Case]) -> dict[str, list[Case]]:
    groups = defaultdict[str, list[Case]](list)
    for case in cases:
        groups[case.department].append(case)
    decisions = {name: _number(of, DECIDED) for name, of in groups.items()}
    by_size = sorted(groups, key=lambda name: (name != OTHERS, decisions[name], name))
    small = [name for name in by_size if name == OTHERS or decisions[name] < LEAST]
    gathered = [case for name in small for case in groups.pop(name)]
    for name in by_size[len(small) :]:
        if not gathered or _number(gathered, DECIDED) >= LEAST:
            break
        gathered += groups.pop(name)
    if gathered:
        groups[OTHERS] = gathered
    return dict(groups)


def _row(department: str, cases: Sequence[Case], withheld: Iterable[str] = (), *, unsaid: bool) -> Row:
    """`unsaid`: neither how many were received nor what is undecided."""
    counts = {outcome: _number(cases, (outcome,)) for outcome in OUTCOMES}
    hidden = {*withheld, *(UNDECIDED if unsaid else ())}
    for pair in (DECIDED, UNDECIDED):
        if any(0 < counts[outcome] < LEAST for outcome in pair):
            hidden.update(pair)
    told = {outcome: None if outcome in hidden else number for outcome, number in counts.items()}
    days = [case.days for case in cases if case.days is not None]
    middle = float(median(days)) if len(days) >= LEAST else None
    return Row(department, None if unsaid else len(cases), told, middle)
