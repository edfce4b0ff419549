"""来源记录: what was received of a dataset, beside the entry that was made of it. For the owner's members only.

What a department sent may hold more than its entry shows, so that neither the bureau nor an administrator sees it by
that role alone; each look is logged.
"""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import AuthResult, Context, DataDict
from sqlalchemy import text

from ckanext.govcn.access import people
from ckanext.govcn.dataset.language import say

log = logging.getLogger(__name__)

VERSIONS = 20
LARGEST = 16 * 1024 * 1024
"""Bytes of one record, unpacked; the operator's limit is below."""

_RECORD = text("""
    SELECT r.source, r.remote_id, r.entry, r.seen_run, r.changed_run, u.headings
    FROM govcn_harvest_record r LEFT JOIN govcn_harvest_run u ON u.id = r.changed_run WHERE r.package_id = :id
""")
_VERSIONS = text("""
    WITH version AS (
        SELECT w.*, u.started_at, u.thinned_at FROM govcn_harvest_raw w JOIN govcn_harvest_run u ON u.id = w.run_id
        WHERE w.source = :source AND w.remote_id = :remote_id
    )
    (SELECT * FROM version ORDER BY run_id DESC LIMIT :limit)
    UNION (SELECT * FROM version WHERE run_id <= :changed_run ORDER BY run_id DESC LIMIT 1)
    ORDER BY run_id DESC
""")
_CHANGES = text("""
    SELECT c.run_id, CASE WHEN c.state = 'planned' AND u.plan <> 'waiting' THEN 'skipped' ELSE c.state END AS state
    FROM govcn_harvest_change c JOIN govcn_harvest_run u ON u.id = c.run_id
    WHERE u.source = :source AND c.remote_id = :remote_id AND c.kind <> 'removed' AND c.run_id > :changed_run
    ORDER BY c.run_id
""")


def may_see(context: Context, data_dict: DataDict) -> AuthResult:
    """Members of the organization that owns the dataset; others do not learn that it exists."""
    package = model.Package.get(str(data_dict.get("id") or ""))
    who = people.asking(context)
    if package is not None and who.user_id and package.owner_org in who.organizations:
        return {"success": True}
    tk.check_access("package_show", tk.fresh_context(context), {"id": data_dict.get("id") or ""})
    sentence = ("来源记录只供提供部门的成员查看", "Only members of the department that provides it see the record")
    return {"success": False, "msg": say(*sentence)}


def show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The source record of dataset `id` (id or name); see `govcn_harvest_record_show`."""
    package = model.Package.get(str(tk.get_or_bust(data_dict, "id")))
    found = model.Session.execute(_RECORD, {"id": package.id}).one_or_none() if package else None
    if package is None or found is None:
        raise tk.ObjectNotFound(say("该数据集没有来源记录", "The dataset has no source record"))
    asked = {"source": found.source, "remote_id": found.remote_id, "changed_run": found.changed_run}
    rows = list(model.Session.execute(_VERSIONS, asked | {"limit": VERSIONS}))
    made_of = next((row for row in rows if row.run_id <= found.changed_run), None)
    changes = {row.run_id: row.state for row in model.Session.execute(_CHANGES, asked)}
    met = [(row.run_id, row.thinned_at is not None) for row in rows]
    stands = states(met, made_of.run_id if made_of else None, found.seen_run, changes)
    dataset = tk.get_action("package_show")(tk.fresh_context(context, ignore_auth=True), {"id": package.id})
    log.info("来源记录被查看：数据集 %s，用户 %s", package.id, context.get("user") or "")
    return {
        "package_id": package.id,
        "title": package.title,
        "source": found.source,
        "remote_id": found.remote_id,
        "seen_run": found.seen_run,
        "made_of": made_of.run_id if made_of else None,
        "lines": lines(_content(made_of) or {}, found.headings or {}, found.entry, dataset),
        "versions": [
            {
                "run": row.run_id,
                "state": state,
                "at": row.started_at.isoformat(),
                "sha256": row.sha256,
                "media_type": row.media_type,
                "size": row.size,
                "received": _content(row),
            }
            for row, state in zip(rows, stands, strict=True)
        ],
    }


def states(
    versions: Sequence[tuple[int, bool]], made_of: int | None, seen_run: int, changes: Mapping[int, str]
) -> list[str]:
    """PURE: what became of each version, given newest first as (run that met it first, is the run thinned?).

    `changes`: run → state of the record's change, of runs after the one the entry is from. `entry`: the entry was made
    of it; `earlier` than that one; `waiting` for a review; `rejected`; `undone`; `unchanged`: the same entry came of
    it; `refused`; `not_taken`: nobody knows any more why.
    """
    found: list[str] = []
    until = float("inf")
    for run, thinned in versions:
        later = [changes[each] for each in sorted(changes) if run <= each < until]
        if made_of is not None and run <= made_of:
            found.append("entry" if run == made_of else "earlier")
        elif later and later[-1] in _CAME_OF:
            found.append(_CAME_OF[later[-1]])
        elif run <= seen_run < until:
            found.append("unchanged")
        else:
            found.append("not_taken" if thinned else "refused")
        until = run
    return found


_CAME_OF = {"planned": "waiting", "skipped": "rejected", "undone": "undone"}


def lines(
    received: Mapping[str, Any],
    headings: Mapping[str, str | None],
    entry: Mapping[str, Any],
    dataset: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """PURE: heading by heading what was received, the field it became, and what the dataset has now.

    `edited`: the dataset's value is not the harvested one any more. Fields that no heading gave follow with heading "".
    """
    given = {**received.get("defaults", {}), **received.get("raw", {})}
    told = [(heading, value, headings.get(heading)) for heading, value in given.items()]
    told += [("", None, field) for field in entry if field not in {each for *_, each in told}]
    return [
        {
            "heading": heading,
            "received": value,
            "field": field or "",
            "harvested": _harvested(field, entry),
            "now": _now(field, dataset),
            "edited": _differs(field, entry, dataset),
        }
        for heading, value, field in told
        if heading or field not in ("unread", "secrecy")
    ]


_ELSEWHERE = frozenset({"provider", "resources", "codes", "code_provisional", "unread", "secrecy"})
"""Fields that the dataset holds in another shape, or that are not anybody's to edit."""


def _harvested(field: str | None, entry: Mapping[str, Any]) -> Any:
    value = entry.get(field or "")
    return value.get("name") if field == "provider" and isinstance(value, dict) else value


def _now(field: str | None, dataset: Mapping[str, Any]) -> Any:
    if field == "provider":
        return (dataset.get("organization") or {}).get("title")
    if field == "tags":
        return [each["name"] for each in dataset.get("tags") or ()]
    return None if field in (None, "", "resources") else dataset.get(field)


def _differs(field: str | None, entry: Mapping[str, Any], dataset: Mapping[str, Any]) -> bool:
    if not field or field in _ELSEWHERE:
        return False
    return _comparable(_harvested(field, entry)) != _comparable(_now(field, dataset))


def _comparable(value: Any) -> Any:
    if isinstance(value, list) and value:
        return sorted(json.dumps(each, sort_keys=True, ensure_ascii=False) for each in value)
    return " ".join(str(value or "").split())


def _content(row: Any) -> dict[str, Any] | None:
    """The record as it came, or None where only its hash is kept."""
    if row is None or row.content is None:
        return None
    unpacked = zlib.decompressobj().decompress(bytes(row.content), LARGEST)
    return json.loads(unpacked.decode("utf-8", "replace"))
