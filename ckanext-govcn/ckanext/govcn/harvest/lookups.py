"""Actions that read: sources with their health, runs, what was sent back, and plans. Nothing is changed here.

Lists take `limit` (20, at most 100; problems 1,000) and `offset` and give `count` and `results`. Times are ISO 8601.
They answer the bureau, and editors and admins of the source's department; for others a source does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.govcn.dataset.language import say
from ckanext.govcn.harvest import auth, health, queries

LIMIT, LONGEST = 20, 100
LONGEST_PROBLEMS = 1000
TREND = 12
"""How many of the latest runs the trend of refusals shows."""
SETTINGS = ("protocol", "profile", "providers", "provider", "region", "files", "apply", "release")
"""What is shown of a source's settings: never addresses, headers or bodies, whatever else is stored one day."""
LARGEST = 2**63


@tk.side_effect_free
def govcn_harvest_source_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Sources of one's departments (the bureau: all) with health, trend of refusals and where their entries stand."""
    tk.check_access("govcn_harvest_source_list", context, data_dict)
    count, rows = queries.sources(model.Session, auth.owners_of(context), _page(data_dict))
    return {"count": count, "results": _sources(rows)}


@tk.side_effect_free
def govcn_harvest_source_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """One source (`id`: its name), with its settings as last read."""
    return _sources([_source(context, tk.get_or_bust(data_dict, "id"))])[0]


@tk.side_effect_free
def govcn_harvest_run_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Runs, latest first; of one `source`, or of all that one looks after."""
    page = _page(data_dict)
    name = data_dict.get("source") or None
    if name is not None:
        name = _source(context, name)["name"]
    else:
        tk.check_access("govcn_harvest_run_list", context, data_dict)
    count, rows = queries.runs(model.Session, auth.owners_of(context), name, page)
    return {"count": count, "results": [_plain(row) for row in rows]}


@tk.side_effect_free
def govcn_harvest_run_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """One run (`id`) with counts, brake, reasons, and `problems`: how many by severity and rule."""
    row = _run(context, data_dict)
    found = queries.problems_by_rule(model.Session, row["id"])
    return _plain(row) | {"problems": [_plain(each) for each in found]}


@tk.side_effect_free
def govcn_harvest_problem_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """What a run (`run`) sent back (`severity` refuse, the default) or warned of (warn), by place; `rule` narrows it.

    Of a row refused for secrecy (E26) only sheet, row and rule exist.
    """
    row = _run(context, {"id": tk.get_or_bust(data_dict, "run")})
    severity = data_dict.get("severity") or "refuse"
    if severity not in ("refuse", "warn"):
        raise tk.ValidationError({"severity": [say("应为 refuse 或 warn", "Must be refuse or warn")]})
    page = _page(data_dict, LONGEST_PROBLEMS)
    rule = data_dict.get("rule") or None
    by_rule = queries.problems_by_rule(model.Session, row["id"])
    wanted = (each for each in by_rule if each["severity"] == severity and rule in (None, each["rule"]))
    rows = queries.problems(model.Session, row["id"], (severity, rule), page)
    return {"count": sum(each["problems"] for each in wanted), "results": [_plain(each) for each in rows]}


def _source(context: Context, name: Any) -> queries.Row:
    return _visible(context, queries.source(model.Session, str(name)))


def _run(context: Context, data_dict: DataDict) -> queries.Row:
    number = str(tk.get_or_bust(data_dict, "id"))
    known = number.isdecimal() and int(number) < LARGEST
    return _visible(context, queries.run(model.Session, int(number)) if known else None)


def _visible(context: Context, row: queries.Row | None) -> queries.Row:
    """The row of a source or a run, for whoever looks after the source; others do not learn that it exists."""
    tk.check_access("govcn_harvest_source_list", context)
    owners = auth.owners_of(context)
    if row is None or (owners is not None and row["owner_org"] not in owners):
        raise tk.ObjectNotFound(say("没有这个归集来源或任务", "There is no such source or run"))
    return row


def _sources(rows: Any) -> list[dict[str, Any]]:
    names = [row["name"] for row in rows]
    runs = queries.latest_runs(model.Session, names, TREND)
    standing = queries.standing(model.Session, names)
    waiting = queries.waiting(model.Session, names)
    return [_told(row, runs[row["name"]], standing[row["name"]], waiting[row["name"]]) for row in rows]


def _told(row: queries.Row, runs: Any, standing: Mapping[str, int], waiting: list[int]) -> dict[str, Any]:
    known = [_health_run(each) for each in runs]
    facts = health.Facts(known, row["failures"], len(waiting), row["last_success_at"], row["next_run_at"])
    settings = row["settings"] or {}
    return _plain(row) | {
        "title": row["title"] or row["name"],
        "settings": {key: settings[key] for key in SETTINGS if key in settings},
        "health": asdict(health.health_of(facts, datetime.now(UTC))),
        "trend": [asdict(each) for each in known],
        "standing": dict(standing),
        "waiting_plans": waiting,
    }


def _health_run(row: queries.Row) -> health.Run:
    counts = row["counts"] or {}
    begun = row["started_at"].isoformat()
    return health.Run(row["id"], row["state"], begun, counts.get("records", 0), counts.get("refused", 0))


def _page(data_dict: DataDict, longest: int = LONGEST) -> queries.Page:
    return min(_count(data_dict, "limit", LIMIT), longest), _count(data_dict, "offset", 0)


def _count(data_dict: DataDict, name: str, default: int) -> int:
    given = str(data_dict.get(name, default))
    if not given.isdecimal() or len(given) > 9:
        raise tk.ValidationError({name: [say("应为不小于 0 的整数", "Must be a number not below 0")]})
    return int(given)


def _plain(row: queries.Row) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
