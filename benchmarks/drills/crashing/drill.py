"""One run after another of a source that changes in between, and in each run something is taken away."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.drills.crashing import phases
from benchmarks.drills.crashing.catalogue import Catalogue
from benchmarks.drills.crashing.differences import Differences, Wanted, compare
from benchmarks.drills.crashing.phases import PHASES, Asked, Moment
from benchmarks.drills.crashing.platform import LOOK, Platform, Unanswered
from benchmarks.drills.crashing.scratch import Scratch
from benchmarks.drills.crashing.server import Portal
from stack.output import progress

SOURCE = "drill-crash"
LIMIT = 120.0  # seconds within which a run has to end by itself, or to say why it does not
INDEX_LIMIT = 60.0  # seconds after that within which searches have to find everything
PATIENCE = 600.0  # seconds after which the drill gives up
TRIES = 3  # runs in which a phase is waited for before any phase will do
WORKER_EVERY = 4  # every fourth kill takes the worker, the others the process that carries out the job
TARGETS = (*PHASES, "apply")  # half-written is what matters most
AGAIN = 0.25  # how often the next attempt of a killed job is killed too


@dataclass(slots=True)
class Blow:
    """What was done to a run, in which phase, and what came of it.

    `recovery_s`: seconds until the run had ended and nothing differed, from the kill on, or from when what was taken
    away (room on the disk, Solr for a whole run) was there again; None where its next attempt was hit, too. `state` is
    the job's, `said` its last sentence about the fault. `late`: it took longer than it may.
    """

    fault: str
    phase: str
    recovery_s: float | None = None
    state: str = ""
    said: str = ""
    attempts: int = 0
    waiting: int = 0
    late: bool = False
    differences: Differences = field(default_factory=Differences)
    stuck: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is done to the platform while a run is in a phase; False: there was nothing to do it to."""

    name: str
    done: Callable[[Platform], bool]
    phases: tuple[str, ...] = PHASES


def _signalled(service: str, number: signal.Signals) -> Callable[[Platform], bool]:
    def done(platform: Platform) -> bool:
        return platform.signal(service, number)

    return done


def _job_killed(platform: Platform) -> bool:
    with suppress(ProcessLookupError):
        if pid := platform.jobs_pid():
            os.kill(pid, signal.SIGKILL)
            return True
    return False


def _valkey_lost(platform: Platform) -> bool:
    platform.flush_valkey()
    return platform.signal("valkey", signal.SIGKILL)


KILL_JOB = Fault("kill -9 job", _job_killed)
KILL_WORKER = Fault("kill -9 worker", _signalled("worker", signal.SIGKILL))
SERVICES = (
    Fault("postgres restart", _signalled("postgres", signal.SIGINT), ("plan", "apply")),
    Fault("postgres kill -9", _signalled("postgres", signal.SIGKILL), ("apply",)),
    Fault("solr restart", _signalled("solr", signal.SIGTERM), ("apply", "index")),
    Fault("solr kill -9", _signalled("solr", signal.SIGKILL), ("apply", "index")),
    Fault("valkey FLUSHALL + kill -9", _valkey_lost, ("extract", "apply")),
    Fault("indexer kill -9", _signalled("indexer", signal.SIGKILL), ("apply", "index")),
)


class Drill:
    """The runs, and what is known of each fault."""

    def __init__(self, platform: Platform, portal: Portal, scratch: Scratch, file: Path, chosen: random.Random) -> None:
        self._platform, self._portal, self._scratch = platform, portal, scratch
        self._file, self._chosen = file, chosen
        self._catalogue = Catalogue()
        self._lengths: Counter[str] = Counter()
        self.blows: list[Blow] = []
        self.runs = 0
        self._to_come = 0

    @property
    def records(self) -> int:
        """How many the source holds now."""
        return len(self._catalogue.items)

    @property
    def phase_s(self) -> dict[str, float]:
        """Seconds of each phase in a run that nobody disturbs."""
        return {phase: round(self._lengths[phase], 2) for phase in PHASES}

    # ── undisturbed

    def begin(self, records: int) -> None:
        """The first harvest, and a second one that says how long each phase takes.

        Half of the records come with the run that is hit first, so that many new datasets are half-written.
        """
        progress(f"首次归集（共 {records} 条，虚构）", f"First harvest (of {records} made-up records)")
        first = records - records // 2
        self._settled(self._asked(self._catalogue.grow(first)), Blow("none", ""), time.monotonic())
        asked = self._next()
        self._lengths = phases.measured(self._platform, self._portal, asked)
        undisturbed = self._settled(asked, Blow("none", ""), time.monotonic())
        if len(undisturbed.differences):
            raise SystemExit(f"without any fault: {undisturbed.differences}")
        self._to_come = records - first

    def _next(self) -> Asked:
        changes = self._catalogue.edit(self._chosen) + self._catalogue.grow(self._to_come)
        self._to_come = 0
        return self._asked(changes)

    def _asked(self, changes: int) -> Asked:
        self.runs += 1
        self._portal.offer(self._catalogue.items.values())
        before = self._platform.latest_run()
        return Asked(self._platform.ask(SOURCE, self._file), before, changes)

    # ── kills and restarts

    def kills(self, count: int) -> list[Callable[[], None]]:
        """So many kills, spread over the phases."""
        faults = [KILL_JOB if number % WORKER_EVERY else KILL_WORKER for number in range(count)]
        targets = [TARGETS[number % len(TARGETS)] for number in range(count)]
        self._chosen.shuffle(targets)
        return [self._later(fault, target) for fault, target in zip(faults, targets, strict=True)]

    def services(self) -> list[Callable[[], None]]:
        """Every service once in every way."""
        return [self._later(fault, self._chosen.choice(fault.phases)) for fault in SERVICES]

    def _later(self, fault: Fault, target: str) -> Callable[[], None]:
        return lambda: self._strike(fault, target)

    def _strike(self, fault: Fault, target: str) -> None:
        """Run until the fault has hit a run, if need be in another phase than wanted."""
        for turn in range(TRIES * 2):
            asked = self._next()
            wanted = (target,) if turn < TRIES else PHASES
            if phase := self._hit(asked, fault, wanted, 0):
                break
            self._settled(asked, Blow("none", ""), time.monotonic())  # it was over before the fault came
        else:
            raise Unanswered(f"{fault.name}: no run was met in its phases")
        since = time.monotonic()
        if fault is KILL_JOB and self._chosen.random() < AGAIN:
            again = self._hit(asked, KILL_JOB, PHASES, 1)
            if again:
                self._keep(Blow(fault.name, phase))
                since, phase = time.monotonic(), again
        self._keep(self._settled(asked, Blow(fault.name, phase), since))

    def _hit(self, asked: Asked, fault: Fault, wanted: tuple[str, ...], after: int) -> str:
        """Wait for one of the phases in an attempt above `after`, then a random part of it, and strike.

        The phase that was seen last before, or "" where the run was over.
        """
        goal = self._chosen.choice(wanted)
        until = time.monotonic() + LIMIT
        while (moment := self._now(asked)).phase != goal or moment.attempt <= after:
            if moment.ended or time.monotonic() > until:
                return ""
            time.sleep(phases.POLL)
        time.sleep(self._chosen.uniform(0, self._lengths[goal]))
        moment = self._now(asked)
        return moment.phase if moment.phase and fault.done(self._platform) else ""

    # ── what takes a whole run

    def scratch_full(self) -> None:
        """No room for temporary files while the source is read; room again when the run has said so."""
        asked = self._next()
        while self._now(asked).phase != "extract" or not self._portal.served:
            time.sleep(phases.POLL)
        blow = Blow(f"scratch full ({self._scratch.kind})", "extract")
        process = self._platform.jobs_pid()
        self._scratch.fill(process)
        try:
            moment = self._awaited(asked, lambda each: each.ended or bool(each.error), time.monotonic())
        finally:
            self._scratch.clear()
        said = moment.error
        self._settled(asked, blow, time.monotonic())
        blow.said = said or "the run did not notice"
        self._keep(blow)

    def solr_away(self) -> None:
        """Solr is down from before the run until after it."""
        platform = self._platform
        blow, before = Blow("solr down for a whole run", "all"), platform.pid("solr")
        platform.supervisor(signal.SIGSTOP)  # nobody starts it again
        try:
            platform.signal("solr", signal.SIGKILL)
            asked = self._next()
            moment = self._awaited(asked, lambda each: each.ended, time.monotonic())
            away = not platform.solr_answers()
            accepted = self._accepted()
        finally:
            platform.supervisor(signal.SIGCONT)
        platform.await_ready("solr", before)
        self._settled(asked, blow, time.monotonic())
        blow.said = f"Solr away: {away}; the run: {moment.state}; datasets accepted: {accepted}"
        blow.late |= not (away and accepted) or platform.found_by_anybody() != self.records
        self._keep(blow)

    # ── afterwards

    def _settled(self, asked: Asked, blow: Blow, since: float) -> Blow:
        """Wait until the run has ended by itself and nothing differs, or the limits are over."""
        moment = self._awaited(asked, lambda each: each.ended, since)
        ended = time.monotonic()
        blow.state, blow.attempts, blow.waiting, blow.said = moment.state, moment.attempt, moment.waiting, moment.error
        while True:
            blow.differences, blow.stuck = self._compared(), self._platform.stuck()
            now = time.monotonic()
            if not (len(blow.differences) or blow.stuck) or now - ended > INDEX_LIMIT:
                break
            time.sleep(LOOK)
        blow.recovery_s = round(now - since, 1)
        blow.late = ended - since > LIMIT or moment.state != "finished"
        return blow

    def _awaited(self, asked: Asked, condition: Callable[[Moment], bool], since: float) -> Moment:
        while not condition(moment := self._now(asked)):
            if time.monotonic() - since > PATIENCE:
                break
            time.sleep(LOOK)
        return moment

    def _compared(self) -> Differences:
        items = self._catalogue.items.values()
        wanted = {each.remote_id: Wanted(each.title, each.notes, each.sha256) for each in items}
        datasets, rows = self._platform.datasets(), self._platform.records(SOURCE)
        return compare(SOURCE, wanted, datasets, rows, self._platform.documents() or [])

    def _accepted(self) -> bool:
        """Does every record have its dataset, whatever the index says?"""
        active = {each.remote_id for each in self._platform.datasets() if not each.withdrawn}
        return active == {each.remote_id for each in self._catalogue.items.values()}

    def _now(self, asked: Asked) -> Moment:
        return phases.now(self._platform, self._portal, asked)

    def _keep(self, blow: Blow) -> None:
        self.blows.append(blow)
        what = f"{len(self.blows)} {blow.fault}（{blow.phase}）"
        if blow.recovery_s is None:
            progress(f"{what}：下一次执行时再次强杀", "killed again in the next attempt")
            return
        found = len(blow.differences) + len(blow.stuck)
        progress(
            f"{what}：{blow.recovery_s} 秒恢复，差异 {found}", f"recovered in {blow.recovery_s} s, differences: {found}"
        )
