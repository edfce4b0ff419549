"""Carries out `retention`: old runs lose what was kept of them in full, old missed queries and files of applications
go.

`harvest thin`, and the worker every hour.
"""

# pyright: basic
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ckan import model
from ckan.plugins import plugin_loaded
from ckanext.govcn.application import files
from ckanext.govcn.portal.model import forget_missed
from sqlalchemy import text

from harvesters.configured import config_folder
from harvesters.retention import Past, Retention, expired, load_retention

BATCH = 100  # runs thinned in one transaction
RUNS = text("""
    SELECT id, source, started_at, state = 'running' OR plan = 'waiting' AS open
    FROM govcn_harvest_run WHERE thinned_at IS NULL
""")
STATISTICS = text("""
    UPDATE govcn_harvest_run r SET thinned_at = now(), statistics = jsonb_build_object(
        'refused_by_rule', coalesce((
            SELECT jsonb_object_agg(rule, n) FROM (
                SELECT rule, count(*) AS n FROM govcn_harvest_problem
                WHERE run_id = r.id AND severity = 'refuse' GROUP BY rule) t), '{}'),
        'warnings_by_rule', coalesce((
            SELECT jsonb_object_agg(rule, n) FROM (
                SELECT rule, count(*) AS n FROM govcn_harvest_problem
                WHERE run_id = r.id AND severity <> 'refuse' GROUP BY rule) t), '{}'),
        'changes', coalesce((
            SELECT jsonb_object_agg(kind, n) FROM (
                SELECT kind, count(*) AS n FROM govcn_harvest_change
                WHERE run_id = r.id AND state <> 'skipped' GROUP BY kind) t), '{}'))
    WHERE r.id = ANY(:runs)
""")
CHANGES = text("DELETE FROM govcn_harvest_change WHERE run_id = ANY(:runs)")
PROBLEMS = text("DELETE FROM govcn_harvest_problem WHERE run_id = ANY(:runs)")
RAW = text("""
    DELETE FROM govcn_harvest_raw w USING govcn_harvest_run u WHERE u.id = w.run_id AND u.thinned_at IS NOT NULL AND (
        NOT EXISTS (SELECT FROM govcn_harvest_record r WHERE r.source = w.source AND r.remote_id = w.remote_id)
        OR EXISTS (
            SELECT FROM govcn_harvest_raw n, govcn_harvest_record r
            WHERE n.source = w.source AND n.remote_id = w.remote_id AND n.run_id > w.run_id
              AND r.source = w.source AND r.remote_id = w.remote_id AND n.run_id <= r.changed_run
        )
    )
""")
"""Of every thinned run: what stood when its run was thinned goes once a later version does."""


def thin(rule: Retention | None = None, now: datetime | None = None) -> dict[str, Any]:
    """Thin what the rule says: `runs` thinned, and how many of the others went. Idempotent.

    Keys: `runs`, `changes`, `problems`, `records`, `missed_queries` (texts, each day's counted), `application_files`.
    """
    rule = rule or load_retention(config_folder())
    past = [Past(row.id, row.source, row.started_at, row.open) for row in model.Session.execute(RUNS)]
    now = now or datetime.now(UTC)
    runs = expired(past, rule, now)
    gone = {"runs": len(runs), "changes": 0, "problems": 0, "records": 0}
    for start in range(0, len(runs), BATCH):
        these = {"runs": runs[start : start + BATCH]}
        model.Session.execute(STATISTICS, these)
        for name, statement in (("changes", CHANGES), ("problems", PROBLEMS)):
            deleted: Any = model.Session.execute(statement, these)
            gone[name] += deleted.rowcount
        model.Session.commit()
    deleted = model.Session.execute(RAW)
    gone["records"] = deleted.rowcount
    gone["missed_queries"] = forget_missed(now.astimezone().date() - timedelta(days=rule.missed_query_days - 1))
    model.Session.commit()
    gone["application_files"] = files.thin(rule.application_file_days, now) if plugin_loaded("govcn_application") else 0
    return gone
