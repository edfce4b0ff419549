"""The SQL of the CKAN portal: every statement is set-based or touches one row, and takes its values as parameters."""

# pyright: basic
from __future__ import annotations

from typing import Any

from ckanext.govcn.harvest.model import HarvestProblem, HarvestRecord
from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import Insert, insert

# ── runs and sources

BEGIN = text("""
    INSERT INTO govcn_harvest_run (source, state, headings, asked_by)
    VALUES (:source, 'running', CAST(:headings AS jsonb), :asked_by) RETURNING id
""")
ALIVE = text("UPDATE govcn_harvest_run SET heartbeat_at = now(), counts = :counts WHERE id = :run")
CLOSE = text("""
    UPDATE govcn_harvest_run
    SET state = :state, finished_at = now(), counts = :counts, brake = :brake, error = :error, plan = :plan, why = :why
    WHERE id = :run
""")
SUPERSEDED = text("""
    UPDATE govcn_harvest_run SET plan = 'rejected', why = why || '（已被新的归集任务取代）'
    WHERE source = :source AND plan = 'waiting'
""")
DECIDED = text("UPDATE govcn_harvest_run SET plan = :plan WHERE id = :run")
# What belongs to a department that has been deleted since does not stand any more.
PLANNED = text("""
    SELECT c.remote_id, c.kind, c.package_id, c.planned FROM govcn_harvest_change c
    LEFT JOIN "group" g ON g.id = c.planned ->> 'owner' AND g.state = 'active'
    WHERE c.run_id = :run AND c.state = 'planned' AND (c.kind = 'removed' OR g.id IS NOT NULL)
    ORDER BY c.kind, c.remote_id
""")
TAKEN_BACK = text("""
    DELETE FROM govcn_harvest_change
    WHERE run_id = :run AND state = 'planned' AND kind = 'changed' AND remote_id = ANY(:ids)
    RETURNING remote_id, kind, package_id, planned
""")
SKIPPED = text("""
    UPDATE govcn_harvest_change SET state = 'skipped'
    WHERE run_id = :run AND state = 'planned' AND (CAST(:ids AS text[]) IS NULL OR remote_id = ANY(:ids))
""")
DECISION = text("""
    INSERT INTO govcn_harvest_decision (run_id, what, decided_by, decided_as, asked_by, note, counts)
    VALUES (:run, :what, :decided_by, :decided_as, :asked_by, :note, :counts)
""")
SHOWN = text("""
    SELECT c.kind, c.state, c.opens, c.remote_id, c.package_id, c.fields,
           coalesce(c.planned -> 'entry' ->> 'title', p.title, '') AS title
    FROM govcn_harvest_change c LEFT JOIN package p ON p.id = c.package_id
    WHERE c.run_id = :run ORDER BY c.kind, c.remote_id LIMIT :limit
""")


def problem() -> Insert:
    """Insert of problems, many at once."""
    return insert(HarvestProblem.__table__)


# ── records

KNOWN = text("""
    SELECT r.remote_id, r.hash, r.package_id, r.state, p.extras ->> 'catalog_status' AS status,
           CASE WHEN g.name = :pending THEN '' ELSE p.owner_org END AS owner_org,  -- who is pending may still be found
           EXISTS (
               SELECT FROM govcn_editorial_log l
               WHERE l.package_id = p.id AND l.to_status <> '' AND l.user_id IS NOT NULL
           ) AS by_person
    FROM govcn_harvest_record r JOIN package p ON p.id = r.package_id LEFT JOIN "group" g ON g.id = p.owner_org
    WHERE r.source = :source AND r.remote_id = ANY(:ids)
""")
ACTIVE_RECORDS = text("""
    SELECT count(*) FROM govcn_harvest_record r JOIN package p ON p.id = r.package_id
    WHERE r.source = :source AND r.state <> 'withdrawn'
""")
ACTIVE_IDS = text("""
    SELECT r.remote_id, r.state = 'kept' AS kept FROM govcn_harvest_record r JOIN package p ON p.id = r.package_id
    WHERE r.source = :source AND r.state <> 'withdrawn'
""")
OF_DEPARTMENT = text("""
    SELECT p.id, r.remote_id, r.entry
    FROM package p LEFT JOIN govcn_harvest_record r ON r.package_id = p.id AND r.source = :source
    WHERE p.owner_org = :owner AND p.type = 'dataset' AND p.state = 'active'
      AND coalesce(p.extras ->> 'catalog_status', '') <> 'withdrawn'
    ORDER BY p.title, p.id
""")
STANDING = text("""
    SELECT p.extras ->> 'catalog_status' AS status, count(*) AS entries,
           count(*) FILTER (WHERE coalesce(p.extras ->> 'open_type', '') = '') AS undecided
    FROM govcn_harvest_record r JOIN package p ON p.id = r.package_id
    WHERE r.source = :source AND p.state = 'active' GROUP BY 1
""")
LAST_ENTRIES = text("""
    SELECT remote_id, entry FROM govcn_harvest_record WHERE source = :source AND remote_id = ANY(:ids)
""")
PRESENT_ENTRIES = text("""
    SELECT r.remote_id, r.package_id, r.entry, r.resources, p.title, p.notes, p.url, p.extras
    FROM govcn_harvest_record r JOIN package p ON p.id = r.package_id
    WHERE r.source = :source AND r.remote_id = ANY(:ids)
""")
OPENINGS = text("""
    SELECT p.title, p.owner_org, p.extras ->> 'open_type' AS open_type, p.extras ->> 'access_mode' AS access_mode
    FROM govcn_harvest_record r JOIN package p ON p.id = r.package_id
    WHERE r.source = :source AND p.state = 'active' AND p.title = ANY(:titles)
""")
BEFORE = text("""
    SELECT remote_id, resources, status_before FROM govcn_harvest_record
    WHERE source = :source AND remote_id = ANY(:ids)
""")


UNPLACED = text("""
    SELECT d.group_id FROM govcn_department d JOIN "group" g ON g.id = d.group_id
    WHERE d.region_code = '' AND NOT d.confirmed AND g.state = 'active' AND NOT EXISTS (
        SELECT FROM package p
        WHERE p.owner_org = d.group_id AND coalesce(p.extras ->> 'source_name', '') <> :source
    ) ORDER BY d.name
""")


def keep() -> Insert:
    """Upsert of records, many at once; `changed_run` 0 leaves the one that is there."""
    statement = insert(HarvestRecord.__table__)
    changed: dict[str, Any] = {name: statement.excluded[name] for name in _CHANGED}
    changed["changed_run"] = func.coalesce(func.nullif(changed["changed_run"], 0), HarvestRecord.changed_run)
    return statement.on_conflict_do_update(index_elements=["source", "remote_id"], set_=changed)


_CHANGED = ("hash", "state", "package_id", "seen_run", "changed_run", "entry", "resources")

WITHDRAWN = text("""
    UPDATE govcn_harvest_record r SET state = 'withdrawn', status_before = t.before
    FROM unnest(CAST(:ids AS text[]), CAST(:states AS text[])) AS t(package_id, before)
    WHERE r.source = :source AND r.package_id = t.package_id
""")
REHASHED = text("""
    UPDATE govcn_harvest_record r SET hash = t.hash, seen_run = :run,
           state = CASE r.state WHEN 'kept' THEN 'active' ELSE r.state END
    FROM unnest(CAST(:ids AS text[]), CAST(:hashes AS text[])) AS t(remote_id, hash)
    WHERE r.source = :source AND r.remote_id = t.remote_id
""")
WRITTEN = text("""
    INSERT INTO govcn_editorial_log (package_id, event, user_id)
    SELECT t.id, 'edit', u.id FROM unnest(CAST(:ids AS text[])) AS t(id)
    JOIN govcn_harvest_run r ON r.id = :run JOIN "user" u ON u.name = r.asked_by
""")
# ── parts of datasets written in bulk

ACTIVE = text("SELECT id FROM package WHERE state = 'active' AND id = ANY(:ids)")
PRESENT = text("SELECT id FROM package WHERE id = ANY(:ids)")
CLAIM = text("""
    UPDATE govcn_code c SET package_id = t.package_id
    FROM unnest(CAST(:codes AS text[]), CAST(:packages AS text[])) AS t(code, package_id)
    WHERE c.code = t.code AND (c.package_id IS NULL OR c.package_id = t.package_id)
""")
TAGS = text("SELECT id, name FROM tag WHERE vocabulary_id IS NULL AND name = ANY(:names)")
HUNG_TAGS = text("""
    SELECT h.package_id, t.name FROM package_tag h JOIN tag t ON t.id = h.tag_id
    WHERE h.state = 'active' AND h.package_id = ANY(:ids)
""")
UNHANG_TAGS = text("DELETE FROM package_tag WHERE package_id = ANY(:ids)")
LOCK_TAGS = text("SELECT pg_advisory_xact_lock(:key)")

# ── reports

RUNS = text("""
    SELECT s.name, s.title, s.last_success_at, s.failures, r.id AS run, r.state, r.started_at, r.finished_at,
           r.counts, r.brake, r.error
    FROM govcn_harvest_source s LEFT JOIN govcn_harvest_run r ON r.id = s.last_run_id
    ORDER BY s.name
""")
