"""What happens to a grant: as lines of the audit log (never the data, and never a key), and as notices to people."""

from __future__ import annotations

import flask

from ckanext.govcn.audit import log
from ckanext.govcn.audit.chain import Event
from ckanext.govcn.audit.origin import origin
from ckanext.govcn.grant.model import Grant
from ckanext.govcn.grant.states import Step
from ckanext.govcn.notice.outbox import To, notify

GIVE, EXTEND = "give", "extend"


def note(step: str, grant: Grant, who: str, outcome: str = "done", **detail: str) -> None:
    """One line `grant.<step>` about a grant. `who` is a user's id."""
    ip, port = origin(flask.request.environ) if flask.has_request_context() else ("", None)
    said = {"grantee": grant.user_id, "channel": grant.channel, "until": grant.until.isoformat(), **detail}
    event = Event(
        f"grant.{step}", outcome, who=who, ip=ip, port=port, subject=grant.package_id, grant=grant.id, detail=said
    )
    log.write(event)


def tell(step: str, grant: Grant, owner: str) -> None:
    """Notices about a step, in the caller's transaction: to the grantee, and after 中止 to those who review it."""
    about = f"grant:{grant.id}"
    notify(f"grant_{step}", To(users=(grant.user_id,)), about, {})
    if step == Step.SUSPEND:
        notify("grant_to_review", To(departments=(owner,) if owner else (), bureau=True), about, {})
