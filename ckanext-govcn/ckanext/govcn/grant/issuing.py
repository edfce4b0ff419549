"""Receipts from what the audit log says was delivered. ADAPTER."""

from __future__ import annotations

from datetime import UTC, datetime

import ckan.plugins as p
from ckan import model

from ckanext.govcn.access import files
from ckanext.govcn.audit import log
from ckanext.govcn.audit.chain import BEIJING, Event, Line, sound
from ckanext.govcn.grant.model import Grant
from ckanext.govcn.grant.receipts import Agreement, Dataset, Delivered, GrantTerms, Receipt
from ckanext.govcn.signing import site


def delivery(grant: Grant, number: int | None) -> Line | None:
    """The line of the audit log, or the last one, of an answer that carried data under the grant.

    None when there is none; a line that is not as it was written proves nothing.
    """
    found = log.delivered(grant.id, number)
    return found if found is not None and sound(found) else None


def receipt(grant: Grant, line: Line, asked_by: str, title: str) -> tuple[Receipt, bytes]:
    """What the line says was delivered, and the receipt's file. Raises SigningError."""
    key = site.signing_key()
    event = line.event
    said = Receipt(
        site=site.key_folder().site_id,
        number=line.number,
        line=line.digest,
        at=line.at,
        dataset=Dataset(grant.package_id, title),
        resource=event.subject,
        version="" if grant.fields else event.version,
        fetched_at=next(map(_beijing, files.fetched_at([event.version])), ""),
        delivered=_delivered(grant, event),
        grant=GrantTerms(grant.id, grant.purpose, _beijing(grant.begins), _beijing(grant.until)),
        agreement=_agreement(grant),
        grantee=grant.user_id,
        asked_by=asked_by,
        issued_at=_beijing(datetime.now(UTC)),
    )
    return said, said.signed(key)


def _delivered(grant: Grant, event: Event) -> Delivered:
    whole = event.version if event.detail.get("status") == "200" else ""  # a part of a file (206) has no digest here
    return Delivered(event.bytes or 0, event.detail.get("sha256", whole), event.rows, tuple(grant.fields or ()))


def _beijing(moment: datetime) -> str:
    return moment.astimezone(BEIJING).isoformat(timespec="seconds")


def _agreement(grant: Grant) -> Agreement:
    if not grant.reference or not p.plugin_loaded("govcn_application"):
        return Agreement()
    from ckanext.govcn.application import texts
    from ckanext.govcn.application.model import Application

    application = model.Session.get(Application, grant.reference)
    if application is None or application.grant_id != grant.id:
        return Agreement()
    clauses = texts.clauses_of(application.agreement_version)
    return Agreement(
        application.id,
        application.agreement_version,
        application.agreement_sha256,
        clauses.get("purpose", ""),
        clauses.get("period", ""),
    )
