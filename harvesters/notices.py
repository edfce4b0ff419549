"""What a run tells people: a plan waits, records were sent back.

It is said in the caller's transaction. Values are counts and the source's title: no title of an entry and no error
text leaves the portal by mail.
"""

# pyright: basic
from __future__ import annotations

from typing import Any

from ckan import model
from ckanext.govcn.harvest import deciding
from ckanext.govcn.notice.outbox import To, notify
from sqlalchemy import text

from harvesters.run import Report

_SOURCE = text("""
    SELECT coalesce(nullif(title, ''), name) AS title FROM govcn_harvest_source WHERE name = :name
""")
_REFUSED_BEFORE = text("""
    SELECT CAST(counts ->> 'refused' AS bigint) FROM govcn_harvest_run
    WHERE source = :name AND id < :run AND state = 'finished' ORDER BY id DESC LIMIT 1
""")


def run_ended(report: Report) -> None:
    """Tell what a run leaves for people to do. The source's row and the run's changes are up to date."""
    source = _source(report.source)
    if source is None:
        return
    owner = _owner(report.run)
    about, known = f"harvest_run:{report.run}", {"source": source.title, "run": report.run}
    if report.counts.waiting:
        notify("harvest_plan_waiting", owner, about, known | {"count": report.counts.waiting}, once="waiting")
        if deciding.opens(model.Session, report.run):
            notify("harvest_more_open", To(bureau=True), about, known, once="open")
    if report.counts.refused and report.counts.refused != _refused_before(report):
        notify("harvest_refused", owner, about, known | {"count": report.counts.refused}, once="refused")


def _source(name: str) -> Any:
    return model.Session.execute(_SOURCE, {"name": name}).one_or_none()


def _owner(run: int) -> To:
    """The source's department; the bureau looks after a source that has none, or one in which nobody may edit."""
    stewards, owner = deciding.stewardship(model.Session, run)
    return To(departments=[owner]) if owner and stewards.clerks else To(bureau=True)


def _refused_before(report: Report) -> int | None:
    """What the last run sent back: a timetable does not repeat the same news every night."""
    return model.Session.execute(_REFUSED_BEFORE, {"name": report.source, "run": report.run}).scalar()
