"""Who is told of a step, by the one outbox, and the line of the audit log. ADAPTER."""

from __future__ import annotations

import flask
from ckan import model

from ckanext.govcn.application.machine import APPLICANT, BUREAU, OWNER
from ckanext.govcn.application.model import Application
from ckanext.govcn.audit import log
from ckanext.govcn.audit.chain import Event as AuditEvent
from ckanext.govcn.audit.origin import origin
from ckanext.govcn.notice.outbox import To, notify
from ckanext.govcn.workflow.table import Event, State

KIND = "application_step"


def tell(application: Application, event: Event, state: State, actor: str) -> None:
    """Put the notices of a step into the outbox, in the caller's transaction. A draft is nobody else's business."""
    owner, bureau = OWNER in event.tells, BUREAU in event.tells
    if application.submitted_at is None:
        owner = bureau = False
    applicant = APPLICANT in event.tells and actor != application.applicant_id
    package = model.Package.get(application.dataset_id) if owner else None
    to = To(
        users=(application.applicant_id,) if applicant else (),
        departments=(package.owner_org,) if package is not None and package.owner_org else (),
        bureau=bureau,
    )
    if to.users or to.departments or to.bureau:
        said = {"event": event.zh, "event_en": event.en, "state": state.zh, "state_en": state.en}
        notify(KIND, to, f"application:{application.id}", said | {"id": application.id})


def record(application: Application, event: str, user_id: str, outcome: str = "done", **detail: str) -> None:
    """One line in the audit log; never what the application says."""
    ip, port = origin(flask.request.environ) if flask.has_request_context() else ("", None)
    log.write(
        AuditEvent(
            f"application.{event}",
            outcome,
            who=user_id,
            ip=ip,
            port=port,
            subject=application.id,
            grant=application.grant_id or "",
            detail={"dataset": application.dataset_id, **detail},
        )
    )
