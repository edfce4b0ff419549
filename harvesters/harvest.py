"""One harvest from a source's description to the report: read, find owners, plan, write. The commands stand on this."""

# pyright: basic
from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from ckan import model
from ckanext.govcn.department import model as departments
from ckanext.govcn.harvest import jobs
from ckanext.govcn.harvest.jobs import Wanted
from ckanext.govcn.index import indexer

from harvesters import history, leases, registry, statements
from harvesters.configured import is_configured
from harvesters.exceptions import HarvestError, PlanNotWaiting
from harvesters.fetch import Fetcher
from harvesters.files import Files
from harvesters.judging import Judge, refusals_of, remarks_of, stamped
from harvesters.leases import Lease
from harvesters.portal import (
    CkanPortal,
    CkanSession,
    create_department,
    internal_context,
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
    lease: Lease | None = None,
) -> Report:
    """Harvest a source into this CKAN. Raises HarvestError when the source cannot be read or is being harvested.

    `plan_only`: nothing is carried out, every change waits in the run's plan. `one_by_one`: see `portal.CkanPortal`.
    `lease`: the worker's; without it the run takes its own.
    """
    with leases.working(_wanted(source, plan_only=plan_only), lease) as held:
        if source.protocol == "release":
            from harvesters.release.receiving import receive

            report = receive(source, progress, plan_only=plan_only, lease=held)
            held.result, held.failure = report.summary(), report.failure
            return report
        try:
            task, owners, portal = _prepared(source, progress, held, plan_only=plan_only, one_by_one=one_by_one)
        except HarvestError as error:
            registry.unreadable(source, error)
            raise
        report = run(task, portal)
        held.result, held.failure = report.summary(), report.failure
        propose(owners.proposed, source.name)
    return report


def queue(source: Source) -> int:
    """Let the worker harvest the source; the job's number."""
    registry.enter(source)
    wanted = replace(_wanted(source, plan_only=False), reason="command", priority=source.priority)
    job = jobs.create(model.Session, wanted)
    model.Session.commit()
    return job


def _wanted(source: Source, *, plan_only: bool) -> Wanted:
    """A job that the worker can finish if this process dies: it finds the source by its name, or else by its file."""
    arguments = {"given": str(source.file)} if source.file and not is_configured(source) else {}
    return Wanted("run", source.name, arguments | ({"plan_only": True} if plan_only else {}))


def _prepared(
    source: Source, progress: Callable[[Counts], None], lease: Lease, *, plan_only: bool, one_by_one: bool
) -> tuple[Task, Owners, CkanPortal]:
    def told(counts: Counts) -> None:
        lease.check()
        lease.progress = asdict(counts)
        progress(counts)

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
        progress=told,
    )
    return task, owners, CkanPortal(source, Files(source, fetcher), one_by_one=one_by_one, lease=lease)


def undo(run_id: int, lease: Lease | None = None) -> history.Undone:
    """撤回 a run. Raises HarvestError when there is none, it was undone, or a later run changed datasets."""
    source = history.run_of(run_id).source
    with leases.working(Wanted("undo", source, {"run": run_id}), lease):
        undone = history.undo(run_id, internal_context())
        model.Session.commit()
        indexer.index(undone.packages)
    return undone


def apply(run_id: int, source: Source, lease: Lease | None = None) -> dict[str, int]:
    """执行 the changes that wait in a run's plan: how many were carried out, and how many no longer stand."""
    wanted = Wanted("apply", source.name, {"run": run_id})
    with leases.working(wanted, lease), _decided(run_id, source.name, "applied") as rows:
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


def reject(run_id: int, lease: Lease | None = None) -> dict[str, int]:
    """Drop the changes that wait in a run's plan."""
    source = history.run_of(run_id).source
    wanted = Wanted("reject", source, {"run": run_id})
    with leases.working(wanted, lease), _decided(run_id, source, "rejected") as rows:
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
