"""One harvest from a source's description to the report: read, find owners, plan, write. The commands stand on this."""

# pyright: basic
from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from ckan import model
from ckanext.govcn.department import model as departments
from ckanext.govcn.index import indexer

from harvesters import history, statements
from harvesters.exceptions import PlanNotWaiting
from harvesters.fetch import Fetcher
from harvesters.files import Files
from harvesters.judging import Judge, refusals_of, remarks_of, stamped
from harvesters.portal import (
    CkanPortal,
    CkanSession,
    create_department,
    internal_context,
    only_run_of,
    place_department,
    propose,
    unplaced_departments,
)
from harvesters.providers import Owners
from harvesters.reading import read
from harvesters.review import Policy
from harvesters.run import BATCH, Counts, Report, Task, batches, run
from harvesters.source import Source


def harvest(
    source: Source,
    progress: Callable[[Counts], None] = lambda _counts: None,
    *,
    plan_only: bool = False,
    one_by_one: bool = False,
) -> Report:
    """Harvest a source into this CKAN. Raises HarvestError when the source cannot be read or is being harvested.

    `plan_only`: nothing is carried out, every change waits in the run's plan. `one_by_one`: see `portal.CkanPortal`.
    """
    if source.protocol == "release":
        from harvesters.release.receiving import receive

        return receive(source, progress, plan_only=plan_only)
    fetcher = Fetcher(source)
    reading = read(source, fetcher)
    owners = Owners(
        source,
        departments.directory(model.Session),
        create_department,
        region=reading.regions.home,
        unplaced=unplaced_departments(source.name),
        place=place_department,
    )
    task = Task(
        source=source.name,
        records=stamped(reading),
        judge=Judge(reading, owners, source.release is not None),
        policy=Policy(review=source.apply == "review", plan_only=plan_only),
        refusals=refusals_of(reading),
        remarks=remarks_of(reading),
        repeated=reading.records - len(reading.refused_rows) - len(reading.distinct),
        key_unique=reading.key.unique,
        progress=progress,
    )
    report = run(task, CkanPortal(source, Files(source, fetcher), one_by_one=one_by_one))
    propose(owners.proposed, source.name)
    return report


def undo(run_id: int) -> history.Undone:
    """撤回 a run. Raises HarvestError when there is none, it was undone, or a later run changed datasets."""
    source = history.run_of(run_id).source
    with only_run_of(source):
        undone = history.undo(run_id, internal_context())
        model.Session.commit()
        indexer.index(undone.packages)
    return undone


def apply(run_id: int, source: Source) -> dict[str, int]:
    """执行 the changes that wait in a run's plan: how many were carried out, and how many no longer stand."""
    with only_run_of(source.name), _decided(run_id, source.name, "applied") as rows:
        session = CkanSession(source, Files(source), run_id)
        known = session.known()
        done = skipped = 0
        for batch in batches(rows, BATCH):
            last = session.last_entries([row.remote_id for row in batch if row.kind == "changed"])
            plan = history.plan_from(batch, known, last)
            standing = len(plan.added) + len(plan.changed) + len(plan.removed)
            refused = len(session.apply(plan).refused_ids)
            done += standing - refused
            skipped += len(batch) - standing + refused
        session.end()
        model.Session.execute(statements.SKIPPED, {"run": run_id})
        return {"run": run_id, "applied": done, "skipped": skipped}


def reject(run_id: int) -> dict[str, int]:
    """Drop the changes that wait in a run's plan."""
    source = history.run_of(run_id).source
    with only_run_of(source), _decided(run_id, source, "rejected") as rows:
        model.Session.execute(statements.SKIPPED, {"run": run_id})
        return {"run": run_id, "rejected": len(rows)}


def changes_of(run_id: int, limit: int = 1000) -> list[dict[str, Any]]:
    """变更清单: what a run did or would do, field by field."""
    rows = model.Session.execute(statements.SHOWN, {"run": run_id, "limit": limit}).mappings()
    return [dict(row) for row in rows]


@contextmanager
def _decided(run_id: int, source: str, plan: str) -> Generator[list[Any]]:
    """The planned changes of a run that waits; afterwards its plan is decided. Raises PlanNotWaiting."""
    found = history.run_of(run_id)
    if found.plan != "waiting" or found.source != source:
        raise PlanNotWaiting(run=run_id, plan=found.plan or "无")
    yield list(model.Session.execute(statements.PLANNED, {"run": run_id}))
    model.Session.execute(statements.DECIDED, {"run": run_id, "plan": plan})
    model.Session.commit()
