"""Requests and their steps as texts of the workbook's cells, and back. ADAPTER."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from ckanext.govcn.audit.chain import BEIJING
from ckanext.govcn.catalog import codes
from ckanext.govcn.sharing import cases, deadlines, form, steps
from ckanext.govcn.sharing.model import Request
from ckanext.govcn.sharing.rules import table
from ckanext.govcn.workflow.table import Named


def of_requests(
    requests: Sequence[Request], histories: Mapping[str, list[dict[str, Any]]], reader: str | None
) -> list[dict[str, str]]:
    """Rows of the sheet 共享申请, by column key. `reader`: user id of whoever reads them, None for the operator; a
    dataset that they may not see is an id."""
    parties = cases.departments({each for row in requests for each in (row.requester_id, row.provider_id)})
    names = cases.datasets({row.dataset_id for row in requests if row.dataset_id}, reader)
    methods, kinds = codes.table(form.METHODS), codes.table("share_type")
    found: list[dict[str, str]] = []
    for row in requests:
        answers = steps.answers_of(row)
        deadline = deadlines.told(row, histories[row.id]) or {}
        requester, provider = (parties.get(each, (each, each)) for each in (row.requester_id, row.provider_id))
        found.append(
            answers
            | {
                "id": row.id, "requester": requester[1], "requester_name": requester[0], "provider": provider[1],
                "provider_name": provider[0], "dataset": names.get(row.dataset_id, row.dataset_id),
                "share_type": kinds.label(row.share_type) if row.share_type else "",
                "method": methods.label(row.method) if row.method in methods else row.method,
                "state": table().states[row.state].zh, "due": str(deadline.get("due", "")),
                "overdue": str(deadline.get("overdue") or ""),
            }
        )  # fmt: skip
    return found


def of_steps(request_id: str, history: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """Rows of the sheet 办理经过, by column key."""
    known = table()
    for row in history:
        class_ = known.reason_classes.get(row["reason_class"])
        on: date | None = row["delivered_on"]
        yield {
            "id": request_id, "event": known.events[row["event"]].zh, "role": known.roles[row["role"]].zh,
            "at": row["at"].astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S"), "reason": row["reason"],
            "reason_class": class_.zh if class_ else row["reason_class"], "basis": row["basis"],
            "days": str(row["days"] or ""), "delivered_on": on.isoformat() if on else "", "way": row["way"],
        }  # fmt: skip


def named(known: Mapping[str, Named], text: str) -> str:
    """The name behind a Chinese name, or the name itself; empty for none."""
    return text if text in known else next((each.name for each in known.values() if each.zh == text), "")


def moment_of(text: str) -> datetime | None:
    """A time as the workbook writes it, else None."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    except ValueError:
        return None
