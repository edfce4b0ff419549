"""Who is told of a step, by the one outbox, and the line of the audit log. ADAPTER."""

from __future__ import annotations

import flask

from ckanext.govcn.audit import log
from ckanext.govcn.audit.chain import Event as AuditEvent
from ckanext.govcn.audit.origin import origin
from ckanext.govcn.notice.outbox import To, notify
from ckanext.govcn.request.kinds import BUREAU, DEPARTMENT, Kind
from ckanext.govcn.request.model import Request
from ckanext.govcn.workflow.table import Event, State

KIND = "request_step"


def tell(request: Request, kind: Kind, event: Event, state: State, actor: str) -> None:
    """Put the notices of a step into the outbox, in the caller's transaction. A draft is nobody else's business; what
    is a department's and has none is the bureau's."""
    submitted = request.submitted_at is not None
    department = DEPARTMENT in event.tells and submitted
    to = To(
        users=(request.asker_id,) if kind.asking in event.tells and actor != request.asker_id else (),
        departments=(request.department_id,) if department and request.department_id else (),
        bureau=submitted and (BUREAU in event.tells or (department and not request.department_id)),
    )
    if to.users or to.departments or to.bureau:
        said = {"event": event.zh, "event_en": event.en, "state": state.zh, "state_en": state.en}
        about = {"what": kind.zh, "what_en": kind.en, "id": request.id}
        notify(KIND, to, f"request:{request.id}", said | about)


def record(request: Request, event: str, user_id: str, outcome: str = "done", **detail: str) -> None:
    """One line in the audit log; never what the request says."""
    ip, port = origin(flask.request.environ) if flask.has_request_context() else ("", None)
    dataset = {"dataset": request.dataset_id} if request.dataset_id else {}
    log.write(
        AuditEvent(
            f"{request.kind}.{event}",
            outcome,
            who=user_id,
            ip=ip,
            port=port,
            subject=request.id,
            detail={**dataset, **detail},
        )
    )
