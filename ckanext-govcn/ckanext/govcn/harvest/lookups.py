"""Actions that read: sources with their health, runs, what was sent back, and plans. Nothing is changed here.

Lists take `limit` (20, at most 100; problems 1,000) and `offset` and give `count` and `results`. Times are ISO 8601.
They answer the bureau, and editors and admins of the source's department; for others a source does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.govcn.access import people
from ckanext.govcn.access import rules as access
from ckanext.govcn.dataset.api import plain, whole_number
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.bureau import user_of
from ckanext.govcn.harvest import auth, changes, deciding, health, queries, rules, source_record

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
    return {"count": count, "results": [plain(row) for row in rows]}


@tk.side_effect_free
def govcn_harvest_run_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """One run (`id`) with counts, brake, reasons, `problems` by severity and rule, and `decisions` on it.

    `waiting` is how many of its changes wait for a review now; `counts.waiting` how many did when it ended.
    """
    row = _run(context, data_dict)
    found = queries.problems_by_rule(model.Session, row["id"])
    decisions = deciding.decisions(model.Session, row["id"])
    titles = queries.people(model.Session, {each["decided_by"] for each in decisions})
    decisions = [each | {"decided_by_title": titles.get(each["decided_by"], "")} for each in decisions]
    waiting = queries.change_counts(model.Session, row["id"])["waiting"] if row["plan"] == "waiting" else 0
    return plain(row) | {"problems": [plain(each) for each in found], "decisions": decisions, "waiting": waiting}


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
    return {"count": sum(each["problems"] for each in wanted), "results": [plain(each) for each in rows]}


@tk.side_effect_free
def govcn_harvest_plan_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """变更清单 of a run (`run`): what it did or would do, field by field, what has to be looked at first.

    `show`: opens, move, conflict, removed, changed, added or waiting. `counts` has how many there are of each, `every`
    and `waiting` (not carried out yet). Each change: `kind`, `state`, `opens`, `conflict`, `title`, `fields` of field,
    old, theirs, new, conflict; `hidden` fields are addresses that the reader does not get; a change of an entry that
    the reader may not see has neither title nor fields. `may` says whether the reader may carry the change out.
    """
    row = _run(context, {"id": tk.get_or_bust(data_dict, "run")})
    only = data_dict.get("show") or ""
    if only not in queries.CHANGES:
        allowed = "、".join(queries.SHOWN)
        raise tk.ValidationError({"show": [say(f"应为 {allowed} 之一", f"Must be one of {allowed}")]})
    counts = queries.change_counts(model.Session, row["id"])
    changes = queries.changes(model.Session, row["id"], only, _page(data_dict))
    reader = _Reader(context, row["id"])
    return {
        "run": row["id"],
        "plan": row["plan"],
        "counts": counts,
        "count": counts[only or "every"],
        "results": [reader.told(each) for each in changes],
    }


@tk.side_effect_free
def govcn_harvest_undo_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """What undoing a run (`run`) would do: `withdraws`, `restores`; `later`: a run that has to be undone before it.

    `undo` and `redo` are the results of the last ones that were carried out, with what they `skipped`.
    """
    row = _run(context, {"id": tk.get_or_bust(data_dict, "run")})
    applied = queries.applied(model.Session, row["id"])
    jobs = queries.last_jobs(model.Session, row["id"])
    return {
        "withdraws": applied.pop("added", 0),
        "restores": sum(applied.values()),
        "later": queries.later_run(model.Session, row["source"], row["id"]),
        **{kind: jobs[kind]["result"] if kind in jobs else None for kind in ("undo", "redo")},
    }


class _Reader:
    """What one person gets to see of the changes of a run, and may carry out."""

    def __init__(self, context: Context, run: int) -> None:
        self._who = people.asking(context)
        self._all = people.trusted(context)
        user = user_of(context)
        self._stewards, owner = deciding.stewardship(model.Session, run)
        self._person = deciding.person_of(user, owner) if user else rules.OPERATOR if self._all else rules.Person()

    def told(self, row: Any) -> dict[str, Any]:
        """One change as JSON."""
        kinds = {row.kind} | ({rules.OPENS} if row.opens else set())
        decision = rules.may_apply(self._person, kinds, self._stewards)
        told: dict[str, Any] = {
            "remote_id": row.remote_id,
            "kind": row.kind,
            "state": row.state,
            "opens": row.opens,
            "may": {"allowed": decision.allowed, "reason": decision.reason, "reason_en": decision.reason_en},
        }
        sides = self._sides(row)
        if not self._all and not all(access.may_see_entry(self._who, side) for side in sides):
            return told | {"unseen": True, "conflict": False, "title": "", "fields": []}
        addresses = self._all or all(access.may_get_data(self._who, side).allowed for side in sides)
        fields = changes.fields_of_new(row.entry or {}) if row.kind == "added" and not row.fields else row.fields
        return told | {
            "unseen": False,
            "package_id": row.package_id if row.name else None,
            "name": row.name,
            "title": row.title,
            "department": row.department,
            "new_department": row.new_department if row.kind == "move" else None,
            "conflict": any(each.get("conflict") for each in fields),
            "fields": [changes.veiled(each, addresses=addresses) for each in fields],
        }

    def _sides(self, row: Any) -> list[access.What]:
        """The entry as it stands and as it would be: both have to be the reader's to see."""
        sides: list[access.What] = []
        if row.name:
            stored: Any = SimpleNamespace(**dict(row._mapping) | {"id": row.package_id, "state": row.package_state})
            sides.append(people.what_of(stored))
        if row.entry:  # the strictest it can be: as if it were published at its level
            fields = row.entry | {"catalog_status": access.PUBLISHED}
            sides.append(access.What.from_fields(fields, row.new_owner or row.owner_org, "active"))
        return sides or [access.What()]


@tk.side_effect_free
def govcn_harvest_record_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The source record of dataset `id` (id or name), as received, beside its entry; for the owner's members.

    `made_of`: the run whose record the entry was made of, or null. `lines`, of that record: heading, received, field,
    harvested, now, edited (a person changed it since). `versions`, newest first: run, state (`source_record.states`),
    at, sha256, media_type, size, received (null where only the hash was kept).
    """
    tk.check_access("govcn_harvest_record_show", context, data_dict)
    return source_record.show(context, data_dict)


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
    return plain(row) | {
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
    return min(whole_number(data_dict, "limit", LIMIT), longest), whole_number(data_dict, "offset", 0)
