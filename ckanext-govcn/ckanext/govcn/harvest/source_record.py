"""来源记录: what was received of a dataset, beside the entry that was made of it. For the owner's members only.

What a department sent may hold more than its entry shows, so that neither the bureau nor an administrator sees it by
that role alone; each look is logged.
"""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Mapping
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
    SELECT source, remote_id, entry, seen_run FROM govcn_harvest_record WHERE package_id = :id
""")
_VERSIONS = text("""
    SELECT w.run_id, w.sha256, w.media_type, w.size, w.content, u.started_at, u.headings
    FROM govcn_harvest_raw w JOIN govcn_harvest_run u ON u.id = w.run_id
    WHERE w.source = :source AND w.remote_id = :remote_id ORDER BY w.run_id DESC LIMIT :limit
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
    asked = {"source": found.source, "remote_id": found.remote_id, "limit": VERSIONS}
    rows = list(model.Session.execute(_VERSIONS, asked))
    dataset = tk.get_action("package_show")(tk.fresh_context(context, ignore_auth=True), {"id": package.id})
    latest = rows[0] if rows else None
    log.info("来源记录被查看：数据集 %s，用户 %s", package.id, context.get("user") or "")
    return {
        "package_id": package.id,
        "title": package.title,
        "source": found.source,
        "remote_id": found.remote_id,
        "seen_run": found.seen_run,
        "lines": lines(_content(latest) or {}, latest.headings if latest else {}, found.entry, dataset),
        "versions": [
            {
                "run": row.run_id,
                "at": row.started_at.isoformat(),
                "sha256": row.sha256,
                "media_type": row.media_type,
                "size": row.size,
                "received": _content(row),
            }
            for row in rows
        ],
    }


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
