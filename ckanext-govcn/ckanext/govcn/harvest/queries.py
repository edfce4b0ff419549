"""What the pages and actions of 目录归集 read from its tables. Every value is a parameter; every list has a limit.

Who may read what is decided before (`auth.py`); `owners` limits sources to organizations, None means all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import text

Session = Any
Row = Mapping[str, Any]
Page = tuple[int, int]
"""(how many at most, how many to leave out before them)"""

_SOURCE = """
    SELECT s.name, s.title, s.settings, s.last_run_id, s.last_success_at, s.failures, s.owner_org, s.schedule,
           s.next_run_at, s.paused, g.title AS department, g.name AS department_name
    FROM govcn_harvest_source s LEFT JOIN "group" g ON g.id = s.owner_org
"""
_MINE = "(:everyone OR s.owner_org = ANY(:owners))"
SOURCES = text(f"{_SOURCE} WHERE {_MINE} ORDER BY g.title NULLS LAST, s.name LIMIT :limit OFFSET :offset")
SOURCE_COUNT = text(f"SELECT count(*) FROM govcn_harvest_source s WHERE {_MINE}")  # noqa: S608 - parts of this module
SOURCE = text(f"{_SOURCE} WHERE s.name = :name")
LATEST = text("""
    SELECT r.id, r.source, r.state, r.started_at, r.finished_at, r.counts, r.plan
    FROM unnest(CAST(:names AS text[])) AS wanted(name) CROSS JOIN LATERAL (
        SELECT * FROM govcn_harvest_run WHERE source = wanted.name ORDER BY id DESC LIMIT :each
    ) r ORDER BY r.id
""")
STANDING = text("""
    SELECT r.source, p.extras ->> 'catalog_status' AS status, count(*) AS entries,
           count(*) FILTER (WHERE coalesce(p.extras ->> 'open_type', '') = '') AS undecided
    FROM govcn_harvest_record r JOIN package p ON p.id = r.package_id
    WHERE r.source = ANY(:names) AND p.state = 'active' GROUP BY 1, 2
""")
WAITING = text("""
    SELECT source, array_agg(id ORDER BY id DESC) AS runs FROM govcn_harvest_run
    WHERE source = ANY(:names) AND plan = 'waiting' GROUP BY 1
""")
_RUN = """
    SELECT r.id, r.source, r.state, r.started_at, r.heartbeat_at, r.finished_at, r.counts, r.brake, r.error,
           r.plan, r.why, coalesce(nullif(s.title, ''), r.source) AS source_title,
           s.owner_org
    FROM govcn_harvest_run r LEFT JOIN govcn_harvest_source s ON s.name = r.source
"""
RUN = text(f"{_RUN} WHERE r.id = :run")
RUNS = text(f"""
    {_RUN} WHERE {_MINE} AND (CAST(:source AS text) IS NULL OR r.source = :source)
    ORDER BY r.id DESC LIMIT :limit OFFSET :offset
""")
RUN_COUNT = text(f"""
    SELECT count(*) FROM govcn_harvest_run r LEFT JOIN govcn_harvest_source s ON s.name = r.source
    WHERE {_MINE} AND (CAST(:source AS text) IS NULL OR r.source = :source)
""")  # noqa: S608 - parts of this module
PROBLEMS = text("""
    SELECT file, sheet, "row", "column", rule, severity, field, given, message FROM govcn_harvest_problem
    WHERE run_id = :run AND severity = :severity AND (CAST(:rule AS text) IS NULL OR rule = :rule)
    ORDER BY id LIMIT :limit OFFSET :offset
""")
PROBLEMS_BY_RULE = text("""
    SELECT severity, rule, count(*) AS problems, min(message) AS example FROM govcn_harvest_problem
    WHERE run_id = :run GROUP BY 1, 2 ORDER BY 3 DESC, 2
""")

_CONFLICT = """
    EXISTS (SELECT FROM jsonb_array_elements(c.fields) f WHERE (f ->> 'conflict')::boolean)
"""
SHOWN = {
    "opens": "c.opens",
    "move": "c.kind = 'move'",
    "conflict": _CONFLICT,
    "removed": "c.kind = 'removed'",
    "changed": "c.kind IN ('changed', 'move')",
    "added": "c.kind = 'added'",
    "waiting": "c.state = 'planned'",
}
"""What a list of changes can be narrowed to → its condition."""
CHANGE_COUNTS = text(
    "SELECT count(*) AS every, "  # noqa: S608 - conditions of this module
    + ", ".join(f"count(*) FILTER (WHERE {condition}) AS {name}" for name, condition in SHOWN.items())
    + " FROM govcn_harvest_change c WHERE c.run_id = :run"
)
_CHANGES = """
    SELECT c.remote_id, c.kind, c.state, c.opens, c.package_id, c.fields, c.planned -> 'entry' AS entry,
           c.planned ->> 'owner' AS new_owner, p.name, p.extras, p.owner_org, p.private, p.state AS package_state,
           coalesce(p.title, c.planned -> 'entry' ->> 'title', '') AS title, g.title AS department,
           n.title AS new_department
    FROM govcn_harvest_change c LEFT JOIN package p ON p.id = c.package_id
    LEFT JOIN "group" g ON g.id = p.owner_org LEFT JOIN "group" n ON n.id = c.planned ->> 'owner'
    WHERE c.run_id = :run AND {}
    ORDER BY c.opens DESC, c.kind = 'move' DESC, c.kind = 'removed' DESC, c.kind, c.remote_id
    LIMIT :limit OFFSET :offset
"""
CHANGES = {name: text(_CHANGES.format(condition)) for name, condition in {"": "TRUE", **SHOWN}.items()}
LATER = text("""
    SELECT max(r.id) FROM govcn_harvest_run r WHERE r.source = :source AND r.id > :run AND r.plan <> 'undone'
    AND EXISTS (SELECT FROM govcn_harvest_change c WHERE c.run_id = r.id AND (
        c.state = 'applied' OR (c.state <> 'undone' AND c.after IS NOT NULL)))
""")
APPLIED = text("""
    SELECT kind, count(*) AS changes FROM govcn_harvest_change
    WHERE run_id = :run AND (state = 'applied' OR (state <> 'undone' AND after IS NOT NULL))
      AND (kind = 'added' OR jsonb_typeof(before) = 'object') -- others are marked 涉密 and do not come back
    GROUP BY 1
""")
LAST_JOBS = text("""
    SELECT DISTINCT ON (kind) id, kind, result, finished_at FROM govcn_harvest_job
    WHERE state = 'finished' AND arguments @> jsonb_build_object('run', CAST(:run AS bigint))
    ORDER BY kind, id DESC
""")
QUEUE = text("""
    SELECT count(*) FILTER (WHERE other.state = 'running') AS running,
           count(*) FILTER (WHERE other.state = 'waiting' AND (other.priority, -other.id) > (job.priority, -job.id))
           AS ahead
    FROM govcn_harvest_job job, govcn_harvest_job other
    WHERE job.id = :job AND other.state IN ('waiting', 'running') AND other.id <> job.id
""")
JOB_OF_RUN = text("""
    SELECT id FROM govcn_harvest_job WHERE run_id = :run AND state = 'running' ORDER BY id DESC LIMIT 1
""")
TITLES = text("""
    SELECT name, coalesce(nullif(title, ''), name) AS title FROM govcn_harvest_source WHERE name = ANY(:names)
""")
DEPARTMENTS = text("""
    SELECT id, name, title FROM "group" WHERE id = ANY(:ids) AND state = 'active' ORDER BY title
""")
PEOPLE = text("""
    SELECT name, coalesce(nullif(fullname, ''), name) AS title FROM "user" WHERE name = ANY(:names)
""")


def _limits(page: Page) -> dict[str, int]:
    return {"limit": page[0], "offset": page[1]}


def _own(owners: Collection[str] | None) -> dict[str, Any]:
    return {"everyone": owners is None, "owners": list(owners or ())}


def sources(session: Session, owners: Collection[str] | None, page: Page) -> tuple[int, Sequence[Row]]:
    """(how many there are, those of the page), by department and name."""
    mine = _own(owners)
    rows = session.execute(SOURCES, mine | _limits(page)).mappings().all()
    return session.execute(SOURCE_COUNT, mine).scalar_one(), rows


def source(session: Session, name: str) -> Row | None:
    """One source by its name."""
    return session.execute(SOURCE, {"name": name}).mappings().one_or_none()


def latest_runs(session: Session, names: Collection[str], each: int) -> dict[str, list[Row]]:
    """The latest runs of each source, oldest first."""
    found: dict[str, list[Row]] = {name: [] for name in names}
    for row in session.execute(LATEST, {"names": list(names), "each": each}).mappings():
        found[row["source"]].append(row)
    return found


def standing(session: Session, names: Collection[str]) -> dict[str, dict[str, int]]:
    """Entries of each source in each 编目状态; `undecided` counts those that are 待核定 and not withdrawn."""
    found: dict[str, dict[str, int]] = {name: {} for name in names}
    for row in session.execute(STANDING, {"names": list(names)}).mappings():
        counts = found[row["source"]]
        counts[row["status"] or ""] = row["entries"]
        if row["status"] != "withdrawn":
            counts["undecided"] = counts.get("undecided", 0) + row["undecided"]
    return found


def waiting(session: Session, names: Collection[str]) -> dict[str, list[int]]:
    """Runs of each source whose plan waits, latest first."""
    rows = session.execute(WAITING, {"names": list(names)}).mappings()
    return {name: [] for name in names} | {row["source"]: row["runs"] for row in rows}


def run(session: Session, number: int) -> Row | None:
    """One run with its source's title and owner."""
    return session.execute(RUN, {"run": number}).mappings().one_or_none()


def runs(
    session: Session, owners: Collection[str] | None, name: str | None, page: Page
) -> tuple[int, Sequence[Row]]:
    """(how many, those of the page), latest first; of one source or of all."""
    asked = _own(owners) | {"source": name}
    rows = session.execute(RUNS, asked | _limits(page)).mappings().all()
    return session.execute(RUN_COUNT, asked).scalar_one(), rows


def problems(session: Session, number: int, only: tuple[str, str | None], page: Page) -> Sequence[Row]:
    """Problems of a run in the order they were met; `only` is a severity (refuse, warn) and a rule, or None for any."""
    asked = {"run": number, "severity": only[0], "rule": only[1]}
    return session.execute(PROBLEMS, asked | _limits(page)).mappings().all()


def problems_by_rule(session: Session, number: int) -> Sequence[Row]:
    """Counts by severity and rule, with one message as an example; the most frequent first."""
    return session.execute(PROBLEMS_BY_RULE, {"run": number}).mappings().all()


def queue(session: Session, job: int) -> tuple[int, int]:
    """(jobs that run, jobs that wait and go before this one)."""
    row = session.execute(QUEUE, {"job": job}).one()
    return row.running, row.ahead


def job_of_run(session: Session, number: int) -> int | None:
    """The job that carries the run out now, for its cancel button."""
    return session.execute(JOB_OF_RUN, {"run": number}).scalar()


def titles(session: Session, names: Collection[str]) -> dict[str, str]:
    """Source name → what people call it."""
    return {row.name: row.title for row in session.execute(TITLES, {"names": list(names)})}


def people(session: Session, names: Collection[str]) -> dict[str, str]:
    """User name → full name."""
    return {row.name: row.title for row in session.execute(PEOPLE, {"names": list(names)})}


def change_counts(session: Session, number: int) -> dict[str, int]:
    """How many changes of a run there are of each sort in `SHOWN`, and `every`."""
    return dict(session.execute(CHANGE_COUNTS, {"run": number}).mappings().one())


def changes(session: Session, number: int, only: str, page: Page) -> Sequence[Any]:
    """Changes of a run, what has to be looked at first; `only` is a key of `SHOWN`, or "" for all."""
    return session.execute(CHANGES[only], {"run": number} | _limits(page)).all()


def applied(session: Session, number: int) -> dict[str, int]:
    """Kind → how many changes of the run stand, and would be undone."""
    return {row.kind: row.changes for row in session.execute(APPLIED, {"run": number})}


def later_run(session: Session, source: str, number: int) -> int | None:
    """A later run of the source that has to be undone first, or None."""
    return session.execute(LATER, {"source": source, "run": number}).scalar()


def last_jobs(session: Session, number: int) -> dict[str, Row]:
    """Kind → the last finished job that decided about the run, with its result."""
    return {row["kind"]: row for row in session.execute(LAST_JOBS, {"run": number}).mappings()}


def departments(session: Session, ids: Collection[str]) -> Sequence[Row]:
    """Organizations by id: `id`, `name`, `title`."""
    return session.execute(DEPARTMENTS, {"ids": list(ids)}).mappings().all()
