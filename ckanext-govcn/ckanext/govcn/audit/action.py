"""Actions of the audit log."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.govcn.audit import reading
from ckanext.govcn.audit.chain import Line
from ckanext.govcn.audit.exceptions import MomentRefused
from ckanext.govcn.dataset.api import whole_number
from ckanext.govcn.dataset.language import say

PER_PAGE, LONGEST_LIST = 50, 500


@tk.side_effect_free
def govcn_audit_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """审计日志, newest first, for the auditor: `results`, and `next` (the next page's `before`; None: there is none).

    `event`: a word (grant.give) or a family (grant); `who`: a user's name or id, or account:…; `subject`; `grant`;
    `since`, `until`: dates, which are included, or times. `before`: a number; `limit` (50, at most 500). A line has
    number, at (Beijing time), event, outcome, who, user (the name of who), ip, port, subject, version, grant, rows,
    bytes, detail and digest.
    """
    tk.check_access("govcn_audit_list", context, data_dict)
    limit = min(max(whole_number(data_dict, "limit", PER_PAGE), 1), LONGEST_LIST)
    before = whole_number(data_dict, "before", 0) or None
    lines = reading.page(wanted(data_dict), before, limit + 1)
    shown = lines[:limit]
    names = _names({line.event.who for line in shown})
    return {
        "results": [_line(line, names) for line in shown],
        "next": shown[-1].number if len(lines) > limit else None,
    }


def wanted(data_dict: DataDict) -> reading.Wanted:
    """Which lines somebody asks for. Raises ValidationError."""
    try:
        return reading.Wanted.of(data_dict)
    except MomentRefused as error:
        raise tk.ValidationError({error.field: [say(error.message, error.message_en)]}) from error


def _names(ids: set[str]) -> dict[str, str]:
    users = model.user_table
    rows = model.Session.execute(users.select().with_only_columns(users.c.id, users.c.name).where(users.c.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _line(line: Line, names: dict[str, str]) -> dict[str, Any]:
    said = asdict(line.event)
    return {
        "number": line.number,
        "at": line.at,
        **said,
        "user": names.get(line.event.who, ""),
        "digest": line.digest,
    }
