"""The worker (`ckan govcn-harvest work`): claims jobs and has each carried out by a process of its own.

One process a job, so that memory goes back when a job is done, and a process may die
at any point: what it had not committed is as if it had never been. The parent itself keeps nothing that matters.
Notices that are due go out from a process of their own, too: no receiver, however slow, is ever waited for here.
"""

# pyright: basic
from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

import sqlalchemy.exc
from ckan import model
from ckan.common import config
from ckanext.govcn.harvest import uploads
from sqlalchemy import text

from harvesters import jobs, leases, thinning
from harvesters.exceptions import HarvestError, LeaseLost, PlatformAway, RunInterrupted, SourceUnreachable
from harvesters.leases import Lease
from harvesters.timetable import Timetable
from harvesters.webhook import deliver_due, is_due

log = logging.getLogger(__name__)

POLL = 1.0  # seconds between two looks for jobs
REAP_EVERY = 5.0
TIMETABLE_EVERY = 10.0
THIN_EVERY = 3600.0
NOTICES_EVERY = 5.0
NOTICES_TOGETHER = 10  # by one process
DELIVERING = 240  # seconds until that process is ended; less than `delivery.LEASE`, so that nobody else delivers yet
PATIENCE = 12.0  # seconds a process gets to end by itself when the worker is asked to
LONGEST_PAUSE = 3600.0  # seconds between two attempts
TOGETHER = 4  # times as many jobs as have a place may run at a time, the slow ones among them

DONE, AWAY, LOST, STOPPED = 0, 75, 76, 77
"""How a job's process ends: everything is noted; the database did not take the outcome; the lease was lost; asked to
end. Any other way is a death."""

THIN = text("""
    DELETE FROM govcn_harvest_job
    WHERE state IN ('finished', 'failed', 'cancelled') AND finished_at < now() - make_interval(days => :days)
""")


@dataclass(frozen=True, slots=True)
class Settings:
    """The worker's limits, from CKAN's configuration."""

    processes: int = field(default_factory=lambda: int(config["ckanext.govcn.harvest.processes"]))
    per_host: int = field(default_factory=lambda: int(config["ckanext.govcn.harvest.per_host"]))
    slow: float = field(default_factory=lambda: float(config["ckanext.govcn.harvest.slow"]))
    keep_days: int = field(default_factory=lambda: int(config["ckanext.govcn.harvest.keep_jobs"]))


class Worker:
    """Claims jobs until it is asked to end. `once`: only what is due now, then end."""

    def __init__(self, settings: Settings | None = None, *, once: bool = False) -> None:
        self._settings = settings or Settings()
        self._once = once
        self._stopping = False
        self._running: dict[int, Lease] = {}
        self._began: dict[int, float] = {}
        self._delivering: int | None = None  # the process that delivers notices
        self._unsettled: list[tuple[Lease, int]] = []
        self._timetable = Timetable()
        self._turns: dict[str, float] = {}

    def run(self) -> None:
        """Work. Returns when asked to end by SIGTERM or SIGINT, or with `once` when nothing is left to do."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        log.info("归集执行进程已启动：%s，同时最多 %s 个作业", leases.here(), self._settings.processes)
        while not self._stopping:
            self._collect()
            found = self._with_database(self._round) or 0
            if self._once and not (found or self._running or self._unsettled or self._delivering):
                return
            if not found:
                time.sleep(POLL)
        self._end()

    def _stop(self, _number: int, _frame: Any) -> None:
        self._stopping = True

    # ── one round

    def _round(self) -> int:
        """Settle what ended, look at clock and leases, start what may start; how many jobs were started."""
        self._settle()
        self._every(REAP_EVERY, leases.reap)
        self._every(TIMETABLE_EVERY, self._timetable.turn)
        self._every(THIN_EVERY, self._thin)
        started = 0
        while not self._stopping and self._has_place():
            lease = leases.claim(self._settings.per_host)
            if lease is None:
                break
            self._start(lease)
            started += 1
        self._every(NOTICES_EVERY, self._deliver)
        return started

    def _has_place(self) -> bool:
        """A job that has been running for long takes no place any more: slow sources hold up no other."""
        places, since = self._settings.processes, time.monotonic() - self._settings.slow
        taken = sum(began > since for began in self._began.values())
        return taken < places and len(self._running) < places * TOGETHER

    def _every(self, pause: float, work: Callable[[], object]) -> None:
        now = time.monotonic()
        if now - self._turns.get(work.__name__, -pause) >= pause:
            self._turns[work.__name__] = now
            work()

    def _thin(self) -> None:
        model.Session.execute(THIN, {"days": self._settings.keep_days})
        model.Session.commit()
        uploads.sweep()
        thinning.thin()

    def _deliver(self) -> None:
        if self._delivering is None and is_due(datetime.now(UTC)):
            self._delivering = _forked(_delivered)

    def _with_database(self, work: Callable[[], int]) -> int | None:
        """A database that is away, or a fault of one round, does not end the worker: the next round tries again."""
        try:
            return work()
        except sqlalchemy.exc.SQLAlchemyError as error:
            log.warning("数据库暂无应答，稍后再试：%s", type(error).__name__)
        except Exception:  # noqa: BLE001 - whatever it is, jobs of other sources go on
            log.exception("归集执行进程的一轮检查出错")
        finally:
            _forget_session()
        return None

    # ── processes

    def _start(self, lease: Lease) -> None:
        child = _forked(lambda: _carried_out(lease, os.getppid()))
        log.info("归集作业 %s（%s，来源 %s）由进程 %s 执行", lease.id, lease.kind, lease.source, child)
        self._running[child], self._began[child] = lease, time.monotonic()

    def _collect(self) -> None:
        """Note which processes have ended; a database that is away cannot make us forget it."""
        for child in list(self._running):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                self._unsettled.append((self._running.pop(child), os.waitstatus_to_exitcode(status)))
                del self._began[child]
        if self._delivering and os.waitpid(self._delivering, os.WNOHANG)[0]:
            self._delivering = None

    def _settle(self) -> None:
        """Free the leases of processes that could not do so themselves."""
        while self._unsettled:
            lease, code = self._unsettled[0]
            if code == STOPPED:
                leases.give_back(lease)
            elif code not in (DONE, LOST):
                log.warning("归集作业 %s（来源 %s）的进程结束，代码 %s", lease.id, lease.source, code)
                leases.died(lease)
            self._unsettled.pop(0)

    def _end(self) -> None:
        """Ask every process to end, then make them, and let their jobs wait for the next worker.

        The one that delivers ends at once; what it was delivering is tried again.
        """
        for child in (*self._running, *([self._delivering] if self._delivering else [])):
            os.kill(child, signal.SIGTERM)
        limit = time.monotonic() + PATIENCE
        while self._running and time.monotonic() < limit:
            self._collect()
            time.sleep(0.05)
        for child, lease in self._running.items():
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            self._unsettled.append((lease, STOPPED))
        self._running.clear()
        self._with_database(lambda: self._settle() or 0)


class Stopped(BaseException):
    """The worker was asked to end: raised in the midst of the work; what is committed stays, the rest is dropped."""


def _forked(work: Callable[[], int]) -> int:
    """Do the work in a new process, which ends with the number that it returns; the process's id."""
    model.Session.remove()
    model.ensure_engine().dispose()  # no connection is shared with the child
    return os.fork() or _child(work)


def _child(work: Callable[[], int]) -> NoReturn:
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's goes to the parent too, which asks us
        model.ensure_engine().dispose(close=False)
        code = work()
    except Stopped:
        code = STOPPED
    except BaseException:
        log.exception("归集执行进程的子进程 %s 出错", os.getpid())
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _delivered() -> int:
    """Deliver what is due. The system itself ends this process after `DELIVERING` seconds, whatever it waits for."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.alarm(DELIVERING)
    deliver_due(datetime.now(UTC), NOTICES_TOGETHER)
    return DONE


def _carried_out(lease: Lease, parent: int) -> int:
    signal.signal(signal.SIGTERM, _raise_stopped)
    pause = 0.0
    try:
        with leases.held(lease, on_lost=lambda: os._exit(LOST), alive=lambda: os.getppid() == parent):
            try:
                jobs.carry_out(lease)
            except HarvestError as error:
                lease.failure = error
            except sqlalchemy.exc.DBAPIError as error:
                if not _broken_off(error):
                    raise
                lease.failure = PlatformAway()
            finally:
                _forget_session()
    except Stopped:
        raise
    except Exception:  # noqa: BLE001 - a fault of ours: the job has failed, and says so
        log.exception("归集作业 %s（来源 %s）出错", lease.id, lease.source)
        lease.failure = RunInterrupted()
        return DONE if _noted(lambda: leases.finish(lease)) else AWAY
    if isinstance(lease.failure, LeaseLost):
        return LOST
    if lease.failure is not None and lease.failure.transient:
        pause = pause_before(lease.attempt + 1, lease.failure)
        return DONE if _noted(lambda: leases.again(lease, pause)) else AWAY
    return DONE if _noted(lambda: leases.finish(lease)) else AWAY


def _raise_stopped(_number: int, _frame: Any) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped


def _noted(note: Callable[[], bool]) -> bool:
    """Whether the outcome is in the database; if not, the parent notes it when the database is back."""
    try:
        note()
    except sqlalchemy.exc.SQLAlchemyError:
        return False
    return True


def _broken_off(error: sqlalchemy.exc.DBAPIError) -> bool:
    return error.connection_invalidated or isinstance(error, sqlalchemy.exc.OperationalError)


def _forget_session() -> None:
    try:
        model.Session.remove()
    except sqlalchemy.exc.SQLAlchemyError:
        model.Session.registry.clear()


def pause_before(attempt: int, failure: HarvestError) -> float:
    """Seconds to wait before an attempt (from 2): doubling, or as long as the source asked for."""
    if isinstance(failure, PlatformAway):
        return 2.0
    first = float(config["ckanext.govcn.harvest.retry_after"])
    asked = failure.retry_after if isinstance(failure, SourceUnreachable) and failure.retry_after else 0.0
    return min(max(first * 2 ** (attempt - 2), asked), LONGEST_PAUSE)
