"""Who is told of a step, by the one outbox, and the line of the audit log. ADAPTER."""

from __future__ import annotations

import flask

from ckanext.govcn.audit import log
from ckanext.govcn.audit.chain import Event as AuditEvent
from ckanext.govcn.audit.origin import origin
from ckanext.govcn.notice.outbox import To, notify
from ckanext.govcn.sharing.model import Request
from ckanext.govcn.sharing.rules import BUREAU, PROVIDER, REQUESTER
from ckanext.govcn.workflow.table import Event, State

KIND = "sharing_step"


def tell(request: Request, event: Event, state: State, role: str) -> None:
    """Put the notices of a step into the outbox, in the caller's transaction: not to the side that took it. What was
    never submitted is nobody else's business."""
    told = set(event.tells) - {role} if request.submitted_at is not None else set[str]()
    departments = {REQUESTER: request.requester_id, PROVIDER: request.provider_id}
    to = To(departments=tuple(departments[each] for each in sorted(told & set(departments))), bureau=BUREAU in told)
    if to.departments or to.bureau:
        said = {"event": event.zh, "event_en": event.en, "state": state.zh, "state_en": state.en}
        notify(KIND, to, f"sharing:{request.id}", said | {"id": request.id})


def record(request: Request, event: str, user_id: str, outcome: str = "done", **detail: str) -> None:
    """One line in the audit log; never what the request says."""
    ip, port = origin(flask.request.environ) if flask.has_request_context() else ("", None)
    parties = {"requester": request.requester_id, "provider": request.provider_id, "dataset": request.dataset_id}
    log.write(
        AuditEvent(
            f"sharing.{event}", outcome, who=user_id, ip=ip, port=port, subject=request.id, detail={**parties, **detail}
        )
    )


def record_book(event: str, user_id: str, rows: int, **detail: str) -> None:
    """One line for a workbook that went out or came in."""
    ip, port = origin(flask.request.environ) if flask.has_request_context() else ("", None)
    log.write(AuditEvent(f"sharing.{event}", "done", who=user_id, ip=ip, port=port, rows=rows, detail=detail))
