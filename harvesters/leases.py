"""Leases: who may work on a source now, and the certainty that nobody else writes to it.

A job that runs holds a lease which its holder renews from a thread of its own. The holder's number (`attempt`, raised
with every claim) is looked at in every transaction, at its end: whoever lost the lease cannot commit any more. A holder
that died is found by its lease having ended; its job waits again and is done by the next, for whom what is there
already is unchanged. Everything is in PostgreSQL, measured by its clock.
"""

# pyright: basic
from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy.exc
from ckan import model
from ckan.common import config
from ckanext.govcn.harvest.jobs import PRIORITIES, Wanted
from sqlalchemy import event, text

from harvesters import registry
from harvesters.exceptions import HarvestError, LeaseLost, RunStopped, SourceBusy, WorkerDied

log = logging.getLogger(__name__)

BEATS = 6  # renewals within the time of a lease
CLAIMING = 7018224  # key of the advisory lock under which claims are made one by one, so that limits are counted right

CLAIM = text("""
    WITH next AS (
        SELECT j.id FROM govcn_harvest_job j LEFT JOIN govcn_harvest_source s ON s.name = j.source
        WHERE j.state = 'waiting' AND j.not_before <= now()
          AND (j.kind = 'preview' OR NOT EXISTS (
              SELECT FROM govcn_harvest_job r
              WHERE r.source = j.source AND r.state = 'running' AND r.kind <> 'preview'))
          AND (coalesce(s.host, '') = '' OR (
              SELECT count(*) FROM govcn_harvest_job r JOIN govcn_harvest_source t ON t.name = r.source
              WHERE r.state = 'running' AND t.host = s.host) < :per_host)
        ORDER BY j.priority DESC, j.not_before, j.id LIMIT 1 FOR UPDATE OF j SKIP LOCKED
    )
    UPDATE govcn_harvest_job j
    SET state = 'running', attempt = attempt + 1, worker = :worker, heartbeat_at = now(), started_at = now(),
        lease_until = now() + make_interval(secs => :seconds), progress = '{}', run_id = NULL, finished_at = NULL
    FROM next WHERE j.id = next.id
    RETURNING j.id, j.attempt, j.kind, j.source, j.arguments, j.wanted_by
""")
TAKE = text("""
    INSERT INTO govcn_harvest_job (kind, source, arguments, wanted_by, reason, priority, state, attempt, worker,
                                   lease_until, heartbeat_at, started_at)
    VALUES (:kind, :source, CAST(:arguments AS jsonb), :wanted_by, 'command', :priority, 'running', 1, :worker,
            now() + make_interval(secs => :seconds), now(), now())
    ON CONFLICT (source) WHERE state = 'running' AND kind <> 'preview' DO NOTHING
    RETURNING id, attempt
""")
BEAT = text("""
    UPDATE govcn_harvest_job
    SET heartbeat_at = now(), lease_until = now() + make_interval(secs => :seconds), progress = CAST(:progress AS jsonb)
    WHERE id = :id AND attempt = :attempt AND state = 'running' RETURNING id
""")
FENCE = text("SELECT id FROM govcn_harvest_job WHERE id = :id AND attempt = :attempt AND state = 'running' FOR SHARE")
BEGUN = text("UPDATE govcn_harvest_job SET run_id = :run WHERE id = :id AND attempt = :attempt")
FINISH = text("""
    UPDATE govcn_harvest_job
    SET state = :state, result = CAST(:result AS jsonb), error = :error, error_en = :error_en, finished_at = now(),
        lease_until = NULL
    WHERE id = :id AND attempt = :attempt AND state = 'running' RETURNING id
""")
TWIN = """t.state = 'waiting' AND t.source = j.source AND t.kind = j.kind AND t.arguments = j.arguments
          AND (t.kind IN ('run', 'preview') OR t.wanted_by = j.wanted_by)"""
AGAIN = text(f"""
    UPDATE govcn_harvest_job j
    SET state = CASE WHEN EXISTS (SELECT FROM govcn_harvest_job t WHERE {TWIN}) THEN 'failed' ELSE 'waiting' END,
        reason = :reason, worker = '', lease_until = NULL,
        attempt = attempt - :uncounted, not_before = now() + make_interval(secs => :pause),
        error = :error, error_en = :error_en, finished_at = now()
    WHERE id = :id AND attempt = :attempt AND state = 'running' RETURNING id
""")  # noqa: S608 - a part of this module
# The job of the timetable that goes on in its place is this person's wish as well.
HANDED_ON = text(f"""
    UPDATE govcn_harvest_job t SET wanted_by = j.wanted_by
    FROM govcn_harvest_job j WHERE j.id = :id AND j.state = 'failed' AND t.wanted_by = '' AND {TWIN}
""")  # noqa: S608 - a part of this module
ENDED = text("""
    SELECT id, attempt, kind, source FROM govcn_harvest_job
    WHERE state = 'running' AND (lease_until < now() OR heartbeat_at > now() + interval '1 minute')
""")
"""A sign of life from the future was given before the clock was put back, and by nobody since."""
ORPHANS = text("""
    UPDATE govcn_harvest_run r SET state = 'crashed', finished_at = now(), error = :why
    WHERE r.state = 'running' AND NOT EXISTS (
        SELECT FROM govcn_harvest_job j WHERE j.run_id = r.id AND j.state = 'running')
    RETURNING id
""")

DIED = "执行归集的进程意外结束，未完成的部分由下一次执行接续；已入库的条目保持有效。"
DIED_EN = "The process that harvested ended unexpectedly; the rest is done by the next one, what was written stays."


@dataclass(slots=True)
class Lease:
    """The right to work on one job. (`id`, `attempt`) is the fencing token.

    `progress` is written with every renewal; `lost` is set as soon as the holder knows. The work leaves its `result`
    here, and its `failure` where it reports one instead of raising it.
    """

    id: int
    attempt: int
    kind: str
    source: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    wanted_by: str = ""
    progress: dict[str, Any] = field(default_factory=dict)
    lost: threading.Event = field(default_factory=threading.Event)
    result: Mapping[str, Any] | None = None
    failure: HarvestError | None = None

    @property
    def token(self) -> dict[str, int]:
        return {"id": self.id, "attempt": self.attempt}

    def check(self) -> None:
        """Raises LeaseLost once it is known to be lost; between two transactions, so that long work ends early."""
        if self.lost.is_set():
            raise LeaseLost(self.source)


def seconds() -> int:
    """How long a lease holds without renewal: `ckanext.govcn.harvest.lease`."""
    return int(config["ckanext.govcn.harvest.lease"])


def attempts() -> int:
    """How often a job is tried: `ckanext.govcn.harvest.attempts`."""
    return int(config["ckanext.govcn.harvest.attempts"])


def here() -> str:
    """The name of this process among workers."""
    return f"{socket.gethostname()}:{os.getpid()}"


# ── getting one


def claim(per_host: int) -> Lease | None:
    """The most urgent job that may be done now, or None."""
    session = model.Session
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CLAIMING})
    asked = {"per_host": per_host, "worker": here(), "seconds": seconds()}
    try:
        row = session.execute(CLAIM, asked).one_or_none()
        session.commit()
    except sqlalchemy.exc.IntegrityError:  # a command took the source in this moment
        session.rollback()
        return None
    return Lease(*row) if row else None


def take(wanted: Wanted) -> Lease:
    """A lease for work that is done right here, at somebody's command. Raises SourceBusy.

    If this process dies the worker does what was wanted: it must say all of it, and by whom.
    """
    reap()
    session = model.Session
    asked = {"kind": wanted.kind, "source": wanted.source, "arguments": json.dumps(dict(wanted.arguments))}
    asked |= {"wanted_by": wanted.wanted_by, "priority": PRIORITIES["command"]}
    asked |= {"worker": here(), "seconds": seconds()}
    row = session.execute(TAKE, asked).one_or_none()
    session.commit()
    if row is None:
        raise SourceBusy(wanted.source)
    return Lease(row.id, row.attempt, wanted.kind, wanted.source, wanted.arguments, wanted.wanted_by)


# ── holding it


@contextmanager
def held(
    lease: Lease, on_lost: Callable[[], None] = lambda: None, alive: Callable[[], bool] = lambda: True
) -> Generator[Lease]:
    """Renew the lease while the work goes on, and let no transaction of this process commit without it.

    `on_lost` is called by the renewing thread; it gives the lease up as well when `alive` says no.
    """
    stop = threading.Event()
    beating = threading.Thread(target=_beat, args=(lease, stop, on_lost, alive), name="govcn-lease", daemon=True)

    def fence(session: Any) -> None:
        if not session.in_nested_transaction() and session.execute(FENCE, lease.token).one_or_none() is None:
            lease.lost.set()
            raise LeaseLost(lease.source)

    event.listen(model.Session, "before_commit", fence)
    beating.start()
    try:
        yield lease
    finally:
        event.remove(model.Session, "before_commit", fence)
        stop.set()
        beating.join()


def _beat(lease: Lease, stop: threading.Event, on_lost: Callable[[], None], alive: Callable[[], bool]) -> None:
    """Renew on a connection of its own. A database that is away is asked again until the lease has ended for sure."""
    length = seconds()
    until = time.monotonic() + length
    while not stop.wait(length / BEATS):
        began = time.monotonic()
        try:
            if not alive() or not _renewed(lease, length):
                break
            until = began + length
        except sqlalchemy.exc.SQLAlchemyError:
            log.warning("租约暂未续期（数据库无应答）：%s", lease.source)
            if time.monotonic() > until:
                break
    if not stop.is_set():
        lease.lost.set()
        on_lost()


def _renewed(lease: Lease, length: int) -> bool:
    with model.ensure_engine().begin() as connection:
        renewed = {"seconds": length, "progress": json.dumps(lease.progress)}
        return connection.execute(BEAT, lease.token | renewed).one_or_none() is not None


@contextmanager
def working(wanted: Wanted, lease: Lease | None = None) -> Generator[Lease]:
    """The lease that a worker holds already, or one of our own for this work. Raises SourceBusy."""
    if lease is not None:
        yield lease
        return
    own = take(wanted)
    try:
        with held(own):
            yield own
    except BaseException as error:
        model.Session.rollback()
        own.failure = error if isinstance(error, HarvestError) else RunStopped()
        finish(own)
        raise
    finish(own)


# ── giving it back


def finish(lease: Lease) -> bool:
    """The work is done, with its result or failure; False when the lease had been lost."""
    failure = lease.failure
    result = as_jsonb(lease.result) if lease.result is not None else None
    ended = {"state": "failed" if failure else "finished", "result": result, **_said(failure)}
    row = model.Session.execute(FINISH, lease.token | ended).one_or_none()
    model.Session.commit()
    return row is not None


def as_jsonb(value: Any) -> str:
    """JSON that PostgreSQL takes: sources hold NULs and halves of characters, a `jsonb` does not."""
    text_ = json.dumps(value, ensure_ascii=False).replace("\\u0000", "")
    return text_.encode("utf-8", "replace").decode()


def _said(failure: HarvestError | None) -> dict[str, str]:
    return {"error": failure.message if failure else "", "error_en": failure.message_en if failure else ""}


def again(lease: Lease, pause: float) -> bool:
    """Let the job wait for another attempt after `pause` seconds; once there were enough attempts it has failed."""
    return finish(lease) if lease.attempt >= attempts() else _again(lease, pause, _said(lease.failure))


def give_back(lease: Lease) -> bool:
    """The worker was asked to end: the job waits for the next one, and this attempt does not count."""
    return _again(lease, 0, _said(None), uncounted=1)


def died(lease: Lease) -> bool:
    """The process that held the lease is gone: its job waits again, or has failed after too many attempts."""
    died_ = {"error": DIED, "error_en": DIED_EN}
    lease.failure = WorkerDied() if lease.attempt >= attempts() else None
    done = finish(lease) if lease.failure else _again(lease, 2**lease.attempt, died_)
    if done and lease.failure and lease.kind == "run":
        registry.done(lease.source, lease.failure)
    model.Session.execute(ORPHANS, {"why": DIED})
    model.Session.commit()
    return done


def reap() -> int:
    """Give back what holders left whose leases have ended; no run is "running" without one. How many there were.

    Jobs first and runs in a transaction of their own: a holder that is still about holds its run and asks for its job.
    """
    left = [Lease(*row) for row in model.Session.execute(ENDED)]
    for lease in left:
        log.warning("归集作业 %s（%s，来源 %s）的执行进程已消失", lease.id, lease.kind, lease.source)
        died(lease)
    orphans = model.Session.execute(ORPHANS, {"why": DIED}).all()
    model.Session.commit()
    return len(left) + len(orphans)


def _again(lease: Lease, pause: float, said: Mapping[str, str], uncounted: int = 0) -> bool:
    waits = {"reason": "retry", "pause": pause, "uncounted": uncounted, **said}
    row = model.Session.execute(AGAIN, lease.token | waits).one_or_none()
    model.Session.execute(HANDED_ON, {"id": lease.id})
    model.Session.commit()
    return row is not None
