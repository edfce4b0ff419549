"""What the database noted (`migration/govcn_audit`): changes of levels, settings, administrators and tokens, and
purges, by anybody.

A transaction says who acts before it writes; once it is committed its notes become lines of the log. What a crash left
between the two is taken over with the next notes, and before the log is read.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from typing import Any

import ckan.plugins as p
import sqlalchemy as sa
from ckan import model
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from ckanext.govcn.audit import acting, log
from ckanext.govcn.audit.chain import BEIJING, Event
from ckanext.govcn.office import command
from ckanext.govcn.office.model import OfficeHolder

logger = logging.getLogger(__name__)

PLUGIN = "govcn_audit"
TOGETHER = 1000  # notes that become lines in one transaction
_FLAG = "govcn_audit_noted"
_SAY = sa.text("SELECT set_config('govcn.acting', :acting, true)")
_ANY = sa.text("SELECT EXISTS (SELECT 1 FROM govcn_audit_note)")
_TAKE = sa.text(
    "DELETE FROM govcn_audit_note WHERE id IN (SELECT id FROM govcn_audit_note ORDER BY id LIMIT :most) "
    "RETURNING id, event, subject, acting, detail, at"
)


def take_over() -> int:
    """Make lines of the notes; how many there were."""
    taken = 0
    if not p.plugin_loaded(PLUGIN):
        return taken
    while some := _take_some():
        taken += some
    return taken


def _take_some() -> int:
    with model.ensure_engine().begin() as connection:
        if not connection.scalar(_ANY):
            return 0
        log.lock(connection)
        rows = sorted(connection.execute(_TAKE, {"most": TOGETHER}), key=lambda row: row.id)
        log.append(connection, [_event(row) for row in rows])
    log.seal_when_due()
    return len(rows)


def _event(row: Any) -> Event:
    said = {"who": "", "ip": "", "port": None, "detail": {}} | row.acting
    detail = {**said["detail"], **row.detail, "happened": row.at.astimezone(BEIJING).isoformat()}
    return Event(row.event, who=said["who"], ip=said["ip"], port=said["port"], subject=row.subject, detail=detail)


def watched() -> tuple[type, ...]:
    """What the triggers look at."""
    return (model.Package, model.User, model.SystemInfo, OfficeHolder)


def _say_who(session: Any, _flush: Any, _instances: Any) -> None:
    if not p.plugin_loaded(PLUGIN):
        return
    made_or_gone = (*watched(), model.ApiToken)  # a token changes whenever it is used
    if any(isinstance(each, made_or_gone) for each in (*session.new, *session.deleted)) or any(
        isinstance(each, watched()) for each in session.dirty
    ):
        said = asdict(acting.actor())
        session.connection().execute(_SAY, {"acting": json.dumps(said, ensure_ascii=False)})
        session.info[_FLAG] = True


def _committed(session: Any) -> None:
    """Errors stay in the log of the process: the change is done, and its notes wait."""
    if session.in_nested_transaction():  # a savepoint: what it wrote is not committed yet
        return
    if session.info.pop(_FLAG, False):
        try:
            take_over()
        except SQLAlchemyError:
            logger.exception("审计日志未能写入，稍后再写 (notes wait to become lines of the audit log)")


def install() -> None:
    """Listen to every transaction. Safe to call again: CKAN loads and unloads plugins in tests."""
    listeners = (("before_flush", command.refuse), ("before_flush", _say_who), ("after_commit", _committed))
    for name, listener in listeners:
        if not event.contains(model.Session, name, listener):
            event.listen(model.Session, name, listener)
