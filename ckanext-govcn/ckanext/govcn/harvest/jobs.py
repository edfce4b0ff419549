"""归集作业 (jobs) in PostgreSQL: pages and people put them in, the worker's processes carry them out.

    waiting ──claimed──▶ running ──▶ finished | failed
       ▲                   │  └────▶ cancelled (the worker stops before it writes again)
       └──lease ended, or a retry──┘

A running job holds a lease that its worker renews. Claiming, leases and retries are `harvesters.leases`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import text

Session = Any

LARGEST = 2**63  # numbers of jobs and runs are below

KINDS = ("run", "apply", "reject", "undo", "redo", "preview")
STATES = ("waiting", "running", "finished", "failed", "cancelled")
PRIORITIES = {"schedule": 0, "retry": 0, "command": 10, "person": 10}
"""Whoever waits for the result comes before the timetable; higher goes first."""

COLUMNS = (
    "id", "kind", "source", "arguments", "result", "progress", "wanted_by", "reason", "priority", "not_before",
    "state", "attempt", "worker", "lease_until", "heartbeat_at", "error", "error_en", "created_at", "started_at",
    "finished_at", "run_id",
)  # fmt: skip

_ALL = ", ".join(COLUMNS)
_INSERT = text("""
    INSERT INTO govcn_harvest_job (kind, source, arguments, wanted_by, reason, priority)
    VALUES (:kind, :source, CAST(:arguments AS jsonb), :wanted_by, :reason, :priority)
    ON CONFLICT (source, kind, md5(arguments::text), (CASE WHEN kind IN ('run', 'preview') THEN '' ELSE wanted_by END))
    WHERE state = 'waiting' DO UPDATE
    SET priority = greatest(govcn_harvest_job.priority, EXCLUDED.priority),
        not_before = least(govcn_harvest_job.not_before, EXCLUDED.not_before),
        wanted_by = coalesce(nullif(govcn_harvest_job.wanted_by, ''), EXCLUDED.wanted_by)
    RETURNING id
""")
_GET = text(f"SELECT {_ALL} FROM govcn_harvest_job WHERE id = :id")  # noqa: S608 - column names of this module
_LIST = text(f"""
    SELECT {_ALL} FROM govcn_harvest_job
    WHERE (CAST(:source AS text) IS NULL OR source = :source)
      AND (CAST(:state AS text) IS NULL OR state = :state)
      AND (CAST(:kind AS text) IS NULL OR kind = :kind)
      AND (CAST(:owners AS text[]) IS NULL
           OR source IN (SELECT name FROM govcn_harvest_source WHERE owner_org = ANY(:owners)))
    ORDER BY id DESC LIMIT :limit OFFSET :offset
""")  # noqa: S608 - column names of this module
# The run before its job, as the worker's transactions take them: they look at the job last of all.
_CANCEL_RUN = text("""
    UPDATE govcn_harvest_run r SET state = 'failed', finished_at = now(), error = :error
    FROM govcn_harvest_job j
    WHERE j.id = :id AND j.state = 'running' AND j.run_id = r.id AND r.state = 'running'
""")
_CANCEL = text("""
    UPDATE govcn_harvest_job SET state = 'cancelled', finished_at = now(), error = :error, error_en = :error_en
    WHERE id = :id AND state IN ('waiting', 'running') RETURNING id
""")
_SOURCE = text("SELECT name, owner_org FROM govcn_harvest_source WHERE name = :name")
_ENTER = text("""
    INSERT INTO govcn_harvest_source (name, title, owner_org) VALUES (:name, :title, :owner) ON CONFLICT DO NOTHING
""")
_PLAN_SOURCE = text("SELECT source FROM govcn_harvest_run WHERE id = :run")

CANCELLED = "已取消。已入库的条目保持有效。"
CANCELLED_EN = "Cancelled; what was written stays valid."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `wanted_by` is a user's name, or empty for the platform; `priority` is the source's own."""

    kind: str
    source: str
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    wanted_by: str = ""
    reason: str = "person"
    priority: int = 0


def create(session: Session, wanted: Wanted) -> int:
    """Put a job in and give its id; the caller commits. The same job asked for again while it waits is the same job,
    and goes as early and as urgently as the more impatient of the two. It is the first person's who asked for it;
    what is decided on a run is done with the rights of whoever decides, so that two people's are two jobs."""
    priority = PRIORITIES[wanted.reason] + wanted.priority
    row = asdict(wanted) | {"arguments": json.dumps(dict(wanted.arguments)), "priority": priority}
    return session.execute(_INSERT, row).scalar_one()


def get(session: Session, job_id: int) -> dict[str, Any] | None:
    """One job with its columns, times as datetimes."""
    row = session.execute(_GET, {"id": job_id}).mappings().one_or_none()
    return dict(row) if row else None


def find(session: Session, given: Any) -> dict[str, Any] | None:
    """The job that a request names, or None where that is no job's number."""
    number = str(given)
    return get(session, int(number)) if number.isdecimal() and len(number) < 19 else None


def listed(
    session: Session, only: Mapping[str, str | None], owners: Collection[str] | None, limit: int = 50, offset: int = 0
) -> list[dict[str, Any]]:
    """Jobs, newest first; `only` names source, state and kind; `owners`: only sources of these organizations."""
    asked = {"source": None, "state": None, "kind": None, **only, "limit": limit, "offset": offset}
    rows = session.execute(_LIST, asked | {"owners": None if owners is None else list(owners)}).mappings()
    return [dict(row) for row in rows]


def cancel(session: Session, job_id: int) -> bool:
    """Cancel what waits or runs; the caller commits. False: it has ended.

    A worker that carries it out has lost its lease with this, and stops before it writes again.
    """
    sentence = {"id": job_id, "error": CANCELLED, "error_en": CANCELLED_EN}
    session.execute(_CANCEL_RUN, sentence)
    return session.execute(_CANCEL, sentence).one_or_none() is not None


def owner_of(session: Session, source: str) -> tuple[bool, str | None]:
    """Whether the source is known here, and the organization that it belongs to."""
    row = session.execute(_SOURCE, {"name": source}).one_or_none()
    return (False, None) if row is None else (True, row.owner_org)


def enter_source(session: Session, name: str, title: str, owner: str) -> None:
    """Make a source known that has no description of its own; the caller commits."""
    session.execute(_ENTER, {"name": name, "title": title, "owner": owner})


def source_of_run(session: Session, run: int) -> str | None:
    """The source that a run belongs to, or None."""
    return session.execute(_PLAN_SOURCE, {"run": run}).scalar()
