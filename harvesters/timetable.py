"""归集周期 in the database: which source runs when, and jobs for those whose turn has come.

The YAML says how often (`harvesters.schedule`), the table when next, so that nothing is forgotten over a restart. Only
`config/sources` is on the timetable; the demo and files given by hand run when somebody asks.
"""

# pyright: basic
from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ckan import model
from ckanext.govcn.harvest import jobs
from sqlalchemy import text

from harvesters import registry, schedule
from harvesters.configured import folders, names
from harvesters.exceptions import HarvestError, SourceNotFound
from harvesters.source import Source, load_source

log = logging.getLogger(__name__)

ROW = text("SELECT schedule, next_run_at FROM govcn_harvest_source WHERE name = :name FOR UPDATE")
PLACE = text("UPDATE govcn_harvest_source SET schedule = :schedule, next_run_at = :next WHERE name = :name")
OFF = text("""
    UPDATE govcn_harvest_source SET schedule = '', next_run_at = NULL
    WHERE schedule <> '' AND NOT name = ANY(:names)
""")
DUE = text("""
    SELECT name, schedule, next_run_at, coalesce((settings ->> 'priority')::int, 0) AS priority, now() AS clock
    FROM govcn_harvest_source
    WHERE schedule <> '' AND NOT paused AND next_run_at <= now() ORDER BY next_run_at FOR UPDATE SKIP LOCKED
""")
NEXT = text("UPDATE govcn_harvest_source SET next_run_at = :next WHERE name = :name")
CYCLES = text("""
    SELECT DISTINCT p.extras ->> 'update_cycle' FROM govcn_harvest_record r JOIN package p ON p.id = r.package_id
    WHERE r.source = :name AND r.state IN ('active', 'incomplete')
""")
PAUSE = text("UPDATE govcn_harvest_source SET paused = :paused WHERE name = :name RETURNING name")
SHOWN = text("""
    SELECT s.name, s.title, s.schedule, s.paused, s.next_run_at, s.last_success_at, s.failures, j.state, j.id AS job,
           j.finished_at, j.error
    FROM govcn_harvest_source s
    LEFT JOIN LATERAL (SELECT * FROM govcn_harvest_job j WHERE j.source = s.name AND j.kind = 'run'
                       ORDER BY j.id DESC LIMIT 1) j ON true
    ORDER BY s.next_run_at NULLS LAST, s.name
""")


class Timetable:
    """Brings the table after the YAML files, and puts jobs in when their turn has come."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or folders()[0]
        self._read: dict[str, int] = {}

    def turn(self, now: datetime | None = None) -> int:
        """One look at files and clock; how many jobs were put in."""
        self.enter(now)
        return put_in(now or datetime.now(UTC))

    def enter(self, now: datetime | None = None) -> None:
        """Note the configured sources and their schedules."""
        configured = names(self._folder)
        for source in self._changed(configured):
            registry.enter(source)
            _place(source, now or datetime.now(UTC))
        model.Session.execute(OFF, {"names": configured})
        model.Session.commit()

    def _changed(self, configured: list[str]) -> Iterator[Source]:
        """The sources whose files are new to us; one that cannot be read keeps its turn, and its run will say why."""
        for name in configured:
            changed = (self._folder / f"{name}.yaml").stat().st_mtime_ns
            if self._read.get(name) == changed:
                continue
            try:
                yield load_source(name, self._folder)
            except HarvestError as error:
                log.warning("%s", error.message)
            self._read[name] = changed


def _place(source: Source, now: datetime) -> None:
    """A schedule that is new or was changed begins now; the same one keeps its turn."""
    row = model.Session.execute(ROW, {"name": source.name}).one()
    if row.schedule == source.schedule and (row.next_run_at is not None or not source.schedule):
        return
    stated = schedule.parse(source.schedule)
    turn = schedule.next_run(stated, None, now) if stated else None
    model.Session.execute(PLACE, {"name": source.name, "schedule": source.schedule, "next": turn})


def put_in(now: datetime) -> int:
    """Jobs for the sources whose turn has come, and their next turns, in one transaction.

    The database's clock says whose turn it is: where ours is behind it, the next turn is later than both say.
    """
    due = model.Session.execute(DUE).all()
    for row in due:
        stated = schedule.parse(row.schedule)
        if stated is None:
            continue
        jobs.create(model.Session, jobs.Wanted("run", row.name, reason="schedule", priority=row.priority))
        turn = schedule.next_run(stated, row.next_run_at, max(now, row.clock), _cycle(row.name))
        model.Session.execute(NEXT, {"name": row.name, "next": turn})
    model.Session.commit()
    return len(due)


def _cycle(name: str) -> Any:
    return schedule.shortest_cycle(cycle or "" for cycle in model.Session.execute(CYCLES, {"name": name}).scalars())


def pause(name: str, *, paused: bool) -> None:
    """Take a source off the timetable, or put it back. Raises SourceNotFound."""
    if model.Session.execute(PAUSE, {"name": name, "paused": paused}).one_or_none() is None:
        model.Session.rollback()
        raise SourceNotFound(source=name)
    model.Session.commit()


def shown() -> list[dict[str, Any]]:
    """Every known source with its schedule, its next turn and how its last job went; times in ISO 8601."""
    return [registry.plain(row) for row in model.Session.execute(SHOWN).mappings()]
