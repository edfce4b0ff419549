"""Where a run is, seen from outside: by the pages that were served and by what the database holds.

`extract` pages are asked for · `plan` all pages are there and nothing is being written · `apply` a transaction writes ·
`index` all changes are committed and the run waits for the index and notes its end.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from benchmarks.drills.crashing.platform import Platform
from benchmarks.drills.crashing.server import Portal

PHASES = ("extract", "plan", "apply", "index")
POLL = 0.005

MOMENT = """
    SELECT j.state, j.attempt, j.run_id IS NOT NULL AS begun, j.error, j.result ->> 'waiting' AS waiting,
           (SELECT count(DISTINCT c.remote_id) FROM govcn_harvest_change c
            WHERE c.run_id > %(before)s AND c.state = 'applied') AS done,
           EXISTS (SELECT FROM pg_stat_activity a
                   WHERE a.datname = current_database() AND a.backend_xid IS NOT NULL
                     AND a.query !~ 'govcn_index|heartbeat_at') AS writing
    FROM govcn_harvest_job j WHERE j.id = %(job)s
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A job that was put in: `before` the last run before it, `changes` how many records it has to write."""

    job: int
    before: int
    changes: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A job now. `phase`: "" unless it is running; `error`: its last sentence; `waiting`: what waits for a person."""

    state: str
    attempt: int
    phase: str
    error: str
    waiting: int

    @property
    def ended(self) -> bool:
        return self.state in ("finished", "failed", "cancelled")


def now(platform: Platform, portal: Portal, asked: Asked) -> Moment:
    """Look once."""
    (row,) = platform.rows(MOMENT, job=asked.job, before=asked.before)
    if row.state != "running":
        phase = ""
    elif not row.begun:
        phase = "extract" if portal.served < portal.pages else "plan"
    elif row.done >= asked.changes:
        phase = "index"
    else:
        phase = "apply" if row.writing else "plan"
    return Moment(row.state, row.attempt, phase, row.error or "", int(row.waiting or 0))


def measured(platform: Platform, portal: Portal, asked: Asked) -> Counter[str]:
    """Seconds of each phase of a run that nobody disturbs."""
    lengths: Counter[str] = Counter()
    last = time.monotonic()
    while not (moment := now(platform, portal, asked)).ended:
        time.sleep(POLL)
        last, before = time.monotonic(), last
        lengths[moment.phase] += last - before
    return lengths
