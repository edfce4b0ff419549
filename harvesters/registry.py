"""What the portal knows of each source: its row in `govcn_harvest_source`, brought up to date when the YAML is read."""

# pyright: basic
from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import urlsplit

from ckan import model
from ckanext.govcn.catalog.entry import Provider
from ckanext.govcn.department import model as departments
from ckanext.govcn.harvest import events
from sqlalchemy import text

from harvesters.exceptions import HarvestError
from harvesters.source import Source

log = logging.getLogger(__name__)

ENTER = text("""
    INSERT INTO govcn_harvest_source (name, title, settings, owner_org, host)
    VALUES (:name, :title, CAST(:settings AS jsonb), :owner, :host)
    ON CONFLICT (name) DO UPDATE
    SET title = EXCLUDED.title, settings = EXCLUDED.settings, owner_org = EXCLUDED.owner_org, host = EXCLUDED.host
""")
LAST_RUN = text("UPDATE govcn_harvest_source SET last_run_id = :run WHERE name = :name")
DONE = text("""
    UPDATE govcn_harvest_source
    SET last_success_at = CASE WHEN :good THEN now() ELSE last_success_at END,
        failures = CASE WHEN :good THEN 0 ELSE failures + 1 END
    WHERE name = :name RETURNING title, owner_org, failures
""")
FAILED = text("""
    INSERT INTO govcn_harvest_run (source, state, finished_at, error) VALUES (:name, 'failed', now(), :error)
    RETURNING id
""")


def enter(source: Source) -> None:
    """Note the source as its YAML says it; the caller commits."""
    row = {"name": source.name, "title": source.title, "settings": _settings(source), "host": host_of(source)}
    model.Session.execute(ENTER, row | {"owner": owner_of(source)})


def _settings(source: Source) -> str:
    """What pages show of a source; never its headers or bodies, which may hold keys."""
    shown = ("protocol", "profile", "providers", "provider", "region", "files", "apply", "priority")
    return json.dumps({name: getattr(source, name) for name in shown} | {"release": bool(source.release)})


def owner_of(source: Source) -> str | None:
    """The organization whose editors look after the source: its `department`, else the one provider of a fixed one."""
    given = source.department or (source.provider if source.providers == "fixed" else "")
    if not given:
        return None
    directory = departments.directory(model.Session)
    for each in directory.by_id.values():
        if given in (each.url_name, each.uscc):
            return each.id
    found = directory.find(Provider(given, source.region), source.region)
    if found is None and source.department:
        log.warning("来源 %s 的部门“%s”还不是本平台的部门", source.name, given)
    return found.id if found else None


def host_of(source: Source) -> str:
    """The host that the source asks, or "" for files."""
    return urlsplit(source.url or source.list.url).hostname or ""


def done(name: str, error: HarvestError | None) -> None:
    """Note how a run of the source ended, and tell when it was the third in a row that failed; the caller commits."""
    if error is not None and not error.blames_source:
        return
    row = model.Session.execute(DONE, {"name": name, "good": error is None}).one_or_none()
    if row is not None and error is not None and row.failures == events.FAILURES_IN_A_ROW:
        events.failed_three_times.send(
            name,
            title=row.title,
            owner_org=row.owner_org,
            failures=row.failures,
            error=error.message,
            error_en=error.message_en,
        )


def unreadable(source: Source, error: HarvestError) -> None:
    """Keep a run that ended before it began: nothing could be read."""
    model.Session.rollback()
    enter(source)
    unfound(source.name, error)


def unfound(name: str, error: HarvestError) -> None:
    """Keep a run of a source whose description is gone or cannot be read."""
    run = model.Session.execute(FAILED, {"name": name, "error": error.message}).scalar_one()
    model.Session.execute(LAST_RUN, {"name": name, "run": run})
    done(name, error)
    model.Session.commit()


def plain(row: Any) -> dict[str, Any]:
    """A row as JSON takes it."""
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in row.items()}
