"""归集任务 (run): one pass over a source, batch by batch, over whatever `Portal` is given. PURE orchestration.

    open the source's run (one at a time) → for each batch: plan, apply, report → what vanished → close

A batch is durable once `apply` returns; a run that dies leaves its batches, is seen as crashed by the next one, and
the next one finishes the work, because what is already there is unchanged for it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any, Protocol, TypeVar

from harvesters.exceptions import HarvestError, RunInterrupted, RunStopped
from harvesters.plan import (
    SECRECY,
    Brake,
    Changed,
    Entries,
    Judged,
    Known,
    Plan,
    Record,
    Removals,
    Removed,
    Seen,
    Trouble,
    candidates,
    plan_batch,
    plan_removals,
    reopening,
)
from harvesters.review import Held, Policy, flood, split

Thing = TypeVar("Thing")

BATCH = 500
UNMODIFIED = "来源表示内容未变，本次没有重新读取。"
KEPT = 1000  # changes in memory of which it is not known yet whether they wait
LISTED = 1000  # refusals, and as many warnings, that a report lists in full


@dataclass(slots=True)
class Counts:
    """What a run met and did. `records` counts what was read, `repeated` the word-by-word repeats among them.

    `waiting` changes were not carried out: they wait for a person (`harvest apply` or `reject`).
    """

    records: int = 0
    repeated: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    refused: int = 0
    warnings: int = 0
    waiting: int = 0


@dataclass(slots=True)
class Report:
    """归集报告. `state` is finished or failed; `brake` and `error` are Chinese sentences or empty.

    `standing` is how the source's entries stand after the run: how many in each 编目状态, and how many are 待核定.
    `why`: what waits for a person and why, or that nothing was read; Chinese sentences.
    `unmodified`: nothing was read, since the source says that it is what it was in its last run.
    `unindexed` counts datasets that wait for the search index because it does not answer; they are accepted.
    """

    source: str
    run: int = 0
    state: str = "running"
    counts: Counts = field(default_factory=Counts)
    key_unique: bool = True
    brake: str = ""
    why: dict[str, None] = field(default_factory=dict[str, None])
    error: str = ""
    failure: HarvestError | None = None  # what `error` says, for the portal
    unmodified: bool = False
    standing: dict[str, int] = field(default_factory=dict[str, int])
    unindexed: int = 0
    seconds: float = 0.0
    problems: list[Trouble] = field(default_factory=list[Trouble])
    refused_by_rule: Counter[str] = field(default_factory=Counter[str])
    warnings_by_rule: Counter[str] = field(default_factory=Counter[str])

    def tell(self, troubles: Iterable[Trouble]) -> None:
        """Count problems by rule; the first of each kind are kept whole, the portal keeps them all."""
        for each in troubles:
            by_rule = self.refused_by_rule if each.severity == "refuse" else self.warnings_by_rule
            by_rule[each.rule] += 1
            if by_rule.total() <= LISTED:
                self.problems.append(each)

    def summary(self) -> dict[str, Any]:
        """The numbers without the lists of problems, which are kept with the run."""
        return {key: value for key, value in self.to_json().items() if key not in {"refusals", "problems"}}

    def to_json(self) -> dict[str, Any]:
        per_second = self.counts.records / self.seconds if self.seconds else 0.0
        return {
            "source": self.source,
            "run": self.run,
            "state": self.state,
            "distinct": self.counts.records - self.counts.repeated,
            **asdict(self.counts),
            "key_unique": self.key_unique,
            "brake": self.brake,
            "plan": "waiting" if self.counts.waiting else "",
            "why": list(self.why),
            "error": self.error,
            "unmodified": self.unmodified,
            "standing": self.standing,
            "unindexed": self.unindexed,
            "seconds": round(self.seconds, 3),
            "records_per_s": round(per_second, 1),
            "refused_by_rule": dict(self.refused_by_rule.most_common()),
            "warnings_by_rule": dict(self.warnings_by_rule.most_common()),
            "refusals": [each.as_refusal() for each in self.problems if each.severity == "refuse"],
            "problems": [asdict(each) for each in self.problems],
        }


@dataclass(slots=True)
class Applied:
    """What became of a plan: what the portal would not take (severity refuse), and what it took with a warning.

    A refused addition or change is not counted as added or changed; `refused_ids` names those remote ids.
    """

    troubles: list[Trouble] = field(default_factory=list[Trouble])
    refused_ids: set[str] = field(default_factory=set[str])


class Session(Entries, Protocol):
    """One run of one source, opened and held by the portal."""

    @property
    def run(self) -> int: ...

    def known(self, remote_ids: Collection[str]) -> Mapping[str, Known]:
        """Those of the records that the portal has a dataset for, in one look-up."""
        ...

    def active(self) -> int:
        """How many records of the source the portal has, withdrawn ones left out."""
        ...

    def active_ids(self) -> Iterable[tuple[str, bool]]:
        """Their remote ids, one after another, each with `Known.kept`."""
        ...

    def openings(self, titles: Collection[str]) -> Mapping[tuple[str, str], int]:
        """How open the source's present entries of these titles are: (title, owner) → the narrowest `merge.width`."""
        ...

    def apply(self, plan: Plan) -> Applied:
        """Carry out a plan and keep its record state, durably, before returning."""
        ...

    def hold(self, plan: Plan) -> None:
        """Keep changes that wait for a person: nothing of them is carried out."""
        ...

    def take_back(self, remote_ids: Collection[str]) -> Sequence[Changed]:
        """Changes that `hold` has kept in this run, to be carried out after all; they wait no longer."""
        ...

    def report(self, troubles: Iterable[Trouble], counts: Counts) -> None:
        """Keep the problems of a batch and show that the run is alive."""
        ...

    def close(self, report: Report) -> None:
        """Keep the end of the run."""
        ...


class Portal(Protocol):
    """The side that is written to; see `memory.MemoryPortal` and `portal.CkanPortal`."""

    def open(self, source: str) -> AbstractContextManager[Session]:
        """Begin a run. Raises SourceBusy while another one of this source is alive."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """What a run is given: the source's name, its records in order, how to judge one, and the source's brake.

    `refusals` are rows that were sent back before they became records, `remarks` warnings about the source as a whole,
    `repeated` the word-by-word repeats that the reader has left out, `key_unique` false when its key did not tell the
    records apart, `whole` false when a part of the source was not read. `removals` says what is to go: what vanished,
    unless the source names it. `progress` is told the counts after every batch.
    """

    source: str
    records: Iterable[Record]
    judge: Callable[[Any], Judged]
    brake: Brake = field(default_factory=Brake)
    policy: Policy = field(default_factory=Policy)
    refusals: Sequence[Trouble] = ()
    remarks: Sequence[Trouble] = ()
    repeated: int = 0
    key_unique: bool = True
    removals: Callable[[Iterable[tuple[str, bool]], Seen, Brake], Removals] = plan_removals
    whole: bool = True
    progress: Callable[[Counts], None] = lambda _counts: None


@dataclass(frozen=True, slots=True)
class Last:
    """A source's last run, after which all that was read stands in the portal; `troubles` hold as long as it does."""

    source: str
    records: int
    repeated: int
    refused: int
    troubles: Sequence[Trouble] = ()


def run(task: Task, portal: Portal) -> Report:
    """Harvest a source into `portal`. A source that cannot be read to its end removes nothing."""
    return _within(task.source, portal, lambda session, report: _carry_out(task, session, report))


def run_unmodified(last: Last, portal: Portal) -> Report:
    """The run of a source that is what it was: every record is unchanged, and what was sent back is told again."""
    return _within(last.source, portal, lambda session, report: _repeat(last, session, report))


def _within(source: str, portal: Portal, work: Callable[[Session, Report], None]) -> Report:
    started = time.monotonic()
    report = Report(source)
    with portal.open(source) as session:
        report.run = session.run
        try:
            work(session, report)
            report.state = "finished"
        except HarvestError as error:
            _fail(report, error)
        except BaseException as error:
            _fail(report, RunInterrupted() if isinstance(error, Exception) else RunStopped())
            raise
        finally:
            report.seconds = time.monotonic() - started
            session.close(report)
    return report


def _fail(report: Report, error: HarvestError) -> None:
    report.state, report.failure, report.error = "failed", error, error.message


def _repeat(last: Last, session: Session, report: Report) -> None:
    unchanged = last.records - last.repeated - last.refused
    warnings = sum(each.severity == "warn" for each in last.troubles)
    report.unmodified = True
    report.why[UNMODIFIED] = None
    report.counts = Counts(last.records, last.repeated, unchanged=unchanged, refused=last.refused, warnings=warnings)
    report.tell(last.troubles)
    session.report(last.troubles, report.counts)


def _carry_out(task: Task, session: Session, report: Report) -> None:
    met = task.repeated + len(task.refusals)
    seen = Seen(unique=task.key_unique, whole=task.whole, records=met, repeated=task.repeated)
    seen.secret = sum(each.rule == SECRECY for each in task.refusals)
    _apply(session, Plan(refused=[(each,) for each in task.refusals], warnings=list(task.remarks)), report)
    changes = _Changes(session, report, task.policy, session.active())
    for batch in batches(task.records, BATCH):
        known = session.known(candidates(batch))
        plan = plan_batch(batch, known, seen, task.judge, session)
        if changes.active:
            plan.added = reopening(plan.added, session.openings)
        report.counts.records, report.counts.repeated = seen.records, seen.repeated
        changes.take(plan)
        task.progress(report.counts)
    changes.end()
    report.counts.records, report.counts.repeated = seen.records, seen.repeated
    report.key_unique = seen.unique
    removals = task.removals(session.active_ids(), seen, task.brake)
    report.brake = removals.brake
    for removed in _removed(session, removals.now, secret=removals.secret):
        changes.take(Plan(removed=removed))
    for removed in _removed(session, removals.held):
        changes.hold(Held(Plan(removed=removed), {removals.brake: None}))
    task.progress(report.counts)


def _removed(session: Session, remote_ids: Iterable[str], *, secret: bool = False) -> Iterator[list[Removed]]:
    for batch in batches(remote_ids, BATCH):
        yield [Removed(remote_id, was, secret) for remote_id, was in session.known(batch).items()]


@dataclass(slots=True)
class _Changes:
    """Carries out a run's plans, and holds back what waits.

    Changes of existing entries are kept until the end, since whether they wait depends on how many there are; once
    they are too many that is known, and they go to the portal's list at once. `changed` are kept here until they are
    many, `aside` in the portal's list of changes that wait.
    """

    session: Session
    report: Report
    policy: Policy
    active: int
    changed: list[Changed] = field(default_factory=list[Changed])
    aside: list[str] = field(default_factory=list[str])
    flooded: bool = False
    met: int = 0

    def take(self, plan: Plan) -> None:
        now, held = split(plan, self.policy)
        later = [each for each in now.changed if not each.narrows]
        now.changed = [each for each in now.changed if each.narrows]
        _apply(self.session, now, self.report)
        self.hold(held)
        self.met += len(later)
        self.changed.extend(later)
        if self.policy.floods(self.met, self.active):
            self._flood()
        elif len(self.changed) >= KEPT:
            self.session.hold(Plan(changed=self.changed))
            self.aside.extend(each.remote_id for each in self.changed)
            self.changed = []

    def end(self) -> None:
        """No more changes come: carry them out, unless they are too many."""
        if self.flooded:
            self.report.why[flood(self.met, self.active)] = None
            return
        for batch in batches(self.aside, BATCH):
            now, held = split(Plan(changed=list(self.session.take_back(batch))), self.policy)
            _apply(self.session, now, self.report)
            self.hold(held)  # what a person has edited in the meantime
        for batch in batches(self.changed, BATCH):
            _apply(self.session, Plan(changed=batch), self.report)
        self.aside, self.changed = [], []

    def hold(self, held: Held) -> None:
        if len(held):
            self.session.hold(held.plan)
            self.report.counts.waiting += len(held)
            self.report.why |= held.why

    def _flood(self) -> None:
        self.flooded = True
        self.report.counts.waiting += len(self.aside)
        waiting, self.changed, self.aside = self.changed, [], []
        self.hold(Held(Plan(changed=waiting)))


def _apply(session: Session, plan: Plan, report: Report) -> None:
    applied = session.apply(plan)
    counts, refused_later = report.counts, applied.refused_ids
    counts.added += sum(each.remote_id not in refused_later for each in plan.added)
    counts.changed += sum(each.remote_id not in refused_later for each in plan.changed)
    counts.unchanged += len(plan.unchanged)
    counts.removed += len(plan.removed)
    counts.refused += len(plan.refused) + len(refused_later)
    troubles = [each for refused in plan.refused for each in refused] + plan.warnings + applied.troubles
    counts.warnings += sum(each.severity == "warn" for each in troubles)
    kept = [each for each in troubles if each.severity in {"refuse", "warn"}]
    report.tell(kept)
    session.report(kept, counts)


def batches(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    """Lists of at most `size`, in order; nothing beyond the current list is held."""
    rest = iter(things)
    while batch := list(islice(rest, size)):
        yield batch
