"""试运行 of a run over this CKAN: the same plan by the same policy, and nothing written.

All of it is one transaction, which is rolled back. So a caller may prepare the database just as the run would.
"""

# pyright: basic
from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ckan import model

from harvesters import statements
from harvesters.files import Files
from harvesters.history import kind_of
from harvesters.plan import Changed, Plan, Trouble
from harvesters.portal import CkanSession
from harvesters.run import Applied, Counts, Report
from harvesters.source import Source

LISTED = 1000


class Rehearsal(CkanSession):
    """A `run.Portal` and its one session.

    `changes` are the first 1,000 that the run would make, by remote id; `troubles` all problems that it would report.
    """

    def __init__(self, source: Source) -> None:
        super().__init__(source, Files(source), 0)
        self.changes: dict[str, dict[str, Any]] = {}
        self.troubles: list[Trouble] = []
        self._aside: dict[str, Changed] = {}

    @contextmanager
    def open(self, source: str) -> Generator[Rehearsal]:
        try:
            yield self
        finally:
            model.Session.rollback()

    def active_ids(self) -> Iterator[tuple[str, bool]]:
        """Asked in this very transaction, which alone sees what the caller has prepared."""
        rows = model.Session.execute(statements.ACTIVE_IDS, {"source": self._source.name}).all()
        return ((row.remote_id, row.kept) for row in rows)

    def apply(self, plan: Plan) -> Applied:
        self._note(plan, waits=False)
        return Applied()

    def hold(self, plan: Plan) -> None:
        self._aside |= {each.remote_id: each for each in plan.changed}
        self._note(plan, waits=True)

    def take_back(self, remote_ids: Collection[str]) -> Sequence[Changed]:
        return [self._aside.pop(each) for each in remote_ids]

    def report(self, troubles: Iterable[Trouble], counts: Counts) -> None:
        self.troubles.extend(troubles)

    def close(self, report: Report) -> None:
        """There is no run to end."""

    def _note(self, plan: Plan, *, waits: bool) -> None:
        for each in (*plan.added, *plan.changed):
            if each.remote_id in self.changes or len(self.changes) < LISTED:
                self.changes[each.remote_id] = {
                    "kind": kind_of(each),
                    "title": each.entry.title,
                    "fields": [field.field for field in each.fields] if isinstance(each, Changed) else [],
                    "opens": each.opens,
                    "waits": waits,
                }
