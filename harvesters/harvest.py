"""One harvest from a source's description to the report: read, find owners, plan, write. The commands stand on this."""

# pyright: basic
from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ckan import model
from ckanext.govcn.department import model as departments
from ckanext.govcn.harvest import deciding, jobs
from ckanext.govcn.harvest.jobs import Wanted
from ckanext.govcn.harvest.rules import (
    MOVE,
    OPENS,
    OPERATOR,
    Person,
    Stewardship,
    may_apply,
    may_decide,
    takes_uploads,
)
from ckanext.govcn.index import indexer

from harvesters import freshness, history, leases, registry, remembering, statements
from harvesters.adopting import own_rows
from harvesters.configured import is_configured
from harvesters.exceptions import HarvestError, NotAllowed, PlanNotWaiting
from harvesters.fetch import Fetcher
from harvesters.files import Files
from harvesters.judging import Judge, refusals_of, remarks_of, stamped
from harvesters.leases import Lease
from harvesters.merge import Choice
from harvesters.plan import Plan
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
from harvesters.reading import Reading, read
from harvesters.rehearsal import Rehearsal
from harvesters.review import CONFLICT, CONFLICT_EN, Policy
from harvesters.run import BATCH, Counts, Report, Task, batches, run, run_unmodified
from harvesters.source import Source


def harvest(  # noqa: PLR0913  (the source, and one switch each for how it is harvested)
    source: Source,
    progress: Callable[[Counts], None] = lambda _counts: None,
    *,
    plan_only: bool = False,
    one_by_one: bool = False,
    fresh: bool = False,
    lease: Lease | None = None,
) -> Report:
    """Harvest a source into this CKAN. Raises HarvestError when the source cannot be read or is being harvested.

    `plan_only`: nothing is carried out, every change waits in the run's plan. `one_by_one`: see `portal.CkanPortal`.
    `fresh`: read the source also when it says that it is what it was. `lease`: the worker's; without it the run takes
    its own.
    """
    with leases.working(_wanted(source, plan_only=plan_only, fresh=fresh), lease) as held:
        if source.protocol == "release":
            from harvesters.release.receiving import receive

            report = receive(source, progress, plan_only=plan_only, lease=held)
            held.result, held.failure = report.summary(), report.failure
            return report
        remembered, fetcher = remembering.recall(source.name), Fetcher(source)
        fetcher.trail.before = remembered.stamps
        portal = CkanPortal(source, one_by_one=one_by_one, lease=held)
        last = None if fresh or plan_only else remembering.last_if_unmodified(source, remembered, fetcher)
        if last is not None:
            report, stamps = run_unmodified(last, portal), remembered.stamps
        else:
            report = _read_and_run(source, fetcher, portal, _watched(held, progress), plan_only=plan_only)
            stamps = freshness.worth_keeping(fetcher.trail)
        held.result, held.failure = report.summary(), report.failure
        remembering.keep(source, stamps, report)
    return report


def queue(source: Source, *, fresh: bool = False) -> int:
    """Let the worker harvest the source; the job's number."""
    registry.enter(source)
    wanted = replace(_wanted(source, plan_only=False, fresh=fresh), reason="command", priority=source.priority)
    job = jobs.create(model.Session, wanted)
    model.Session.commit()
    return job


def _wanted(source: Source, *, plan_only: bool, fresh: bool) -> Wanted:
    """A job that the worker can finish if this process dies."""
    asked = {"plan_only": plan_only, "fresh": fresh}
    return Wanted("run", source.name, _given(source) | {name: True for name, given in asked.items() if given})


def _given(source: Source) -> dict[str, str]:
    """How the worker finds the source: by its name, or else by its file."""
    return {"given": str(source.file)} if source.file and not is_configured(source) else {}


def _watched(lease: Lease, progress: Callable[[Counts], None]) -> Callable[[Counts], None]:
    """Progress that the lease's row shows, too, and that ends when the lease is lost."""

    def told(counts: Counts) -> None:
        lease.check()
        lease.progress = asdict(counts)
        progress(counts)

    return told


def _read_and_run(
    source: Source, fetcher: Fetcher, portal: CkanPortal, progress: Callable[[Counts], None], *, plan_only: bool
) -> Report:
    try:
        reading = read(source, fetcher)
        owners = _owners(reading)
        task = replace(_task(reading, owners, plan_only=plan_only), progress=progress)
    except HarvestError as error:
        registry.unreadable(source, error)
        raise
    portal.headings = reading.recognition.shown()
    report = run(task, portal)
    propose(owners.proposed, source.name)
    return report


def _owners(reading: Reading) -> Owners:
    source = reading.source
    return Owners(
        source,
        departments.directory(model.Session),
        create_department,
        region=reading.regions.home,
        unplaced=unplaced_departments(source.name),
        place=place_department,
    )


def _task(reading: Reading, owners: Owners, *, plan_only: bool = False) -> Task:
    source = reading.source
    task = Task(
        source=source.name,
        records=stamped(reading),
        judge=Judge(reading, owners, source.release is not None),
        policy=Policy(review=source.apply == "review", plan_only=plan_only),
        refusals=refusals_of(reading),
        remarks=remarks_of(reading),
        key_unique=reading.key.unique,
        whole=reading.whole,
    )
    if not takes_uploads(source.name):
        return task
    return own_rows(task, source.department, [each.remote_id for each in reading.refused_rows if each.remote_id])


def adopt(reading: Reading) -> None:
    """Note the department's own entries, as the workbook that was read says them, as last harvested from it."""
    _task(reading, _owners(reading))
    model.Session.commit()


def rehearse(reading: Reading) -> tuple[Report, Rehearsal]:
    """What a harvest would do with what was read, by the same plan and policy. Nothing is written.

    Only for a source with one stated provider: for others departments are made on the way.
    """
    rehearsal = Rehearsal(reading.source)
    try:
        report = run(_task(reading, _owners(reading)), rehearsal)
    finally:
        model.Session.rollback()
    return report, rehearsal


@dataclass(frozen=True, slots=True)
class Choices:
    """What is to become of conflicts: `keep` for all of them, `fields` for one field of one record.

    The keys of `fields` are (remote id, field). `only` names the records to carry out; None: all of them.
    """

    keep: Choice | None = None
    fields: Mapping[tuple[str, str], Choice] = field(default_factory=dict[tuple[str, str], Choice])
    only: frozenset[str] | None = None

    def __call__(self, remote_id: str, name: str) -> Choice | None:
        return self.fields.get((remote_id, name)) or self.keep

    def arguments(self) -> dict[str, Any]:
        """As a job keeps them."""
        said = {"keep": self.keep, "fields": [[*where, choice] for where, choice in self.fields.items()]}
        return {name: each for name, each in said.items() if each} | (
            {} if self.only is None else {"only": sorted(self.only)}
        )

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Choices:
        """From a job's arguments."""
        fields = {(remote_id, name): choice for remote_id, name, choice in given.get("fields", ())}
        return cls(given.get("keep"), fields, frozenset(given["only"]) if "only" in given else None)

    def take(self, remote_id: str) -> bool:
        """Is this record among those to carry out?"""
        return self.only is None or remote_id in self.only


def apply(
    run_id: int, source: Source, by: Person = OPERATOR, choices: Choices | None = None, *, lease: Lease | None = None
) -> dict[str, Any]:
    """执行 the changes that wait in a run's plan, as far as the person may.

    `applied`, `skipped` (what no longer stands), `waiting` (conflicts nobody has decided, and what somebody else has to
    carry out) and `why` it waits. Raises NotAllowed when the person may do nothing of it.
    """
    choices = choices or Choices()
    arguments = {"run": run_id} | choices.arguments() | _given(source)
    with leases.working(Wanted("apply", source.name, arguments, wanted_by=by.name), lease):
        rows = _waiting(run_id, source.name)
        stewards, _owner = deciding.stewardship(model.Session, run_id)
        session = CkanSession(source, Files(source), run_id)
        done = skipped = 0
        why: dict[str, str] = {}
        decided: dict[str, None] = {}
        for batch in batches((row for row in rows if choices.take(row.remote_id)), BATCH):
            known = session.known([row.remote_id for row in batch])
            changed = [row.remote_id for row in batch if row.kind in ("changed", "move")]
            last, present = session.last_entries(changed), session.present(changed)
            plan = history.plan_from(batch, known, last, present, choices)
            left = _leave(plan, by, stewards, why, decided)
            standing = [*plan.added, *plan.changed, *plan.removed]
            refused = session.apply(plan).refused_ids
            gone = {row.remote_id for row in batch} - left - {each.remote_id for each in standing} | refused
            model.Session.execute(statements.SKIPPED, {"run": run_id, "ids": list(gone)})
            model.Session.commit()
            done += len(standing) - len(refused)
            skipped += len(gone)
        session.end()
        waiting = len(rows) - done - skipped
        if not (done or skipped or decided or CONFLICT in why or not why):
            raise NotAllowed(run=run_id, why="；".join(why), why_en="; ".join(why.values()))
        counts = {"applied": done, "skipped": skipped, "waiting": waiting}
        _keep_decision(run_id, "apply", by, counts, note="；".join(decided))
        if not waiting:  # what has no dataset or no department any more
            model.Session.execute(statements.SKIPPED, {"run": run_id, "ids": None})
        _conclude(run_id, "waiting" if waiting else "applied")
        return {"run": run_id, **counts, "why": list(why)}


def _leave(plan: Plan, by: Person, stewards: Stewardship, why: dict[str, str], decided: dict[str, None]) -> set[str]:
    """Take out of the plan what has to wait on; the reasons are added to `why`, those of what is done to `decided`."""
    left: set[str] = set()
    for kind, changes in (("added", plan.added), ("changed", plan.changed), ("removed", plan.removed)):
        for change in list(changes):
            kinds = {kind} | ({OPENS} if getattr(change, "opens", False) else set())
            kinds |= {MOVE} if getattr(change, "moves", False) else set()
            decision = may_apply(by, kinds, stewards)
            if decision.allowed and not getattr(change, "conflicts", False):
                decided[decision.reason] = None
                continue
            why |= {CONFLICT: CONFLICT_EN} if decision.allowed else {decision.reason: decision.reason_en}
            left.add(change.remote_id)
            changes.remove(change)  # pyright: ignore[reportArgumentType]
    return left


def reject(run_id: int, by: Person = OPERATOR, reason: str = "", *, lease: Lease | None = None) -> dict[str, int]:
    """Drop the changes that wait in a run's plan; the reason is kept with the decision."""
    source = history.run_of(run_id).source
    _ask(run_id, by)
    wanted = Wanted("reject", source, {"run": run_id} | ({"reason": reason} if reason else {}), wanted_by=by.name)
    with leases.working(wanted, lease):
        rows = _waiting(run_id, source)
        model.Session.execute(statements.SKIPPED, {"run": run_id, "ids": None})
        _keep_decision(run_id, "reject", by, {"rejected": len(rows)}, note=reason)
        _conclude(run_id, "rejected")
        return {"run": run_id, "rejected": len(rows)}


def undo(run_id: int, by: Person = OPERATOR, *, lease: Lease | None = None) -> history.Undone:
    """撤回 a run. Raises HarvestError when there is none, it was undone, or a later run changed datasets."""
    return _turned(history.undo, run_id, by, lease)


def redo(run_id: int, by: Person = OPERATOR, *, lease: Lease | None = None) -> history.Undone:
    """Take back an undo: the datasets are as they were before it. Raises HarvestError when the run is not undone."""
    return _turned(history.redo, run_id, by, lease)


def _turned(
    turn: Callable[[int, dict[str, Any]], history.Undone], run_id: int, by: Person, lease: Lease | None
) -> history.Undone:
    source, what = history.run_of(run_id).source, turn.__name__
    _ask(run_id, by)
    with leases.working(Wanted(what, source, {"run": run_id}, wanted_by=by.name), lease):
        turned = turn(run_id, internal_context())
        counts = {"withdrawn": turned.withdrawn, "restored": turned.restored, "skipped": len(turned.skipped)}
        _keep_decision(run_id, what, by, counts)
        model.Session.commit()
        indexer.index(turned.packages)
    return turned


def person(user: str, run_id: int) -> Person:
    """The user of this name towards the source of a run. Raises NotAllowed when there is no such user."""
    found = model.User.get(user)
    if found is None or found.state != "active":
        raise NotAllowed(run=run_id, why=f"没有用户 {user}", why_en=f"there is no user {user}")
    return deciding.person_of(found, deciding.stewardship(model.Session, run_id)[1])


def changes_of(run_id: int, limit: int = 1000) -> list[dict[str, Any]]:
    """变更清单: what a run did or would do, field by field."""
    rows = model.Session.execute(statements.SHOWN, {"run": run_id, "limit": limit}).mappings()
    return [dict(row) for row in rows]


def decisions_of(run_id: int) -> list[dict[str, Any]]:
    """Who decided what on a run, as what and why they could, oldest first."""
    return deciding.decisions(model.Session, run_id)


def _ask(run_id: int, by: Person) -> None:
    decision = may_decide(by)
    if not decision.allowed:
        raise NotAllowed(run=run_id, why=decision.reason, why_en=decision.reason_en)


def _waiting(run_id: int, source: str) -> list[Any]:
    """The planned changes of a run that waits. Raises PlanNotWaiting."""
    found = history.run_of(run_id)
    if found.plan != "waiting" or found.source != source:
        raise PlanNotWaiting(run=run_id, plan=found.plan or "无")
    return list(model.Session.execute(statements.PLANNED, {"run": run_id}))


def _conclude(run_id: int, plan: str) -> None:
    model.Session.execute(statements.DECIDED, {"run": run_id, "plan": plan})
    model.Session.commit()


def _keep_decision(run_id: int, what: str, by: Person, counts: dict[str, int], note: str = "") -> None:
    """Who decided, as what, and who had asked for the run; in the caller's transaction."""
    stewards, _owner = deciding.stewardship(model.Session, run_id)
    model.Session.execute(
        statements.DECISION,
        {
            "run": run_id,
            "what": what,
            "decided_by": by.name,
            "decided_as": by.acts_as,
            "asked_by": stewards.asked_by,
            "note": note,
            "counts": json.dumps(counts),
        },
    )
