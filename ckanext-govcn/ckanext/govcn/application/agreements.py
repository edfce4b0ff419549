"""The agreement of an application and its supplements: made when the department agrees, accepted by digest. ADAPTER."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime

import sqlalchemy as sa
from ckan import model

from ckanext.govcn.application import agreed, texts
from ckanext.govcn.application.model import Application, Supplement

RENEWAL = "renewal_agreement"


def make(application: Application, answers: Mapping[str, str], today: date) -> None:
    """The agreement, from what was applied for."""
    values = {**answers, **_parties(application, today), **agreed.said(application.limits)}
    text = texts.text_of(texts.AGREEMENT, values)
    application.agreement_version, application.agreement_text = text.version, text.body
    application.agreement_sha256 = text.sha256


def make_supplement(application: Application, answers: Mapping[str, str], today: date) -> None:
    """The supplement (补充协议) of a renewal: the new end, and nothing else."""
    before, until = application.use_until, application.renew_until
    if before is None or until is None:
        raise ValueError(application.id)  # the table has no way here without one
    number = len(all_supplements(application.id)) + 1
    values = {
        **answers,
        **_parties(application, today),
        "number": str(number),
        "agreement_version": application.agreement_version,
        "agreement_sha256": application.agreement_sha256,
        "renew_until": until.isoformat(),
    }
    text = texts.text_of(texts.SUPPLEMENT, values)
    row = {"version": text.version, "text": text.body, "sha256": text.sha256}
    ends = {"use_until_before": before, "use_until": until}
    model.Session.add(Supplement(application_id=application.id, number=number, **row, **ends))
    model.Session.flush()


def all_supplements(application_id: str) -> list[Supplement]:
    """Every one that was made, the first first."""
    query = sa.select(Supplement).where(Supplement.application_id == application_id).order_by(Supplement.number)
    return list(model.Session.scalars(query))


def supplements(application: Application) -> list[Supplement]:
    """Those that were accepted, and the one that waits for it."""
    found = all_supplements(application.id)
    waiting = found[-1:] if application.state == RENEWAL else []
    return [each for each in found if each.accepted_at is not None or each in waiting]


def applied_until(application: Application) -> str:
    """The last day that was applied for, before any renewal, as the form says it."""
    accepted = [each for each in all_supplements(application.id) if each.accepted_at is not None]
    until = accepted[0].use_until_before if accepted else application.use_until
    return until.isoformat() if until is not None else ""


def to_accept(application: Application) -> str:
    """The SHA-256 of the text that the applicant accepts next: of the agreement, or of the supplement that waits."""
    if application.state == RENEWAL:
        return all_supplements(application.id)[-1].sha256
    return application.agreement_sha256


def accept(application: Application) -> None:
    """The applicant accepted it: a supplement moves the end of the use."""
    if application.state != RENEWAL:
        application.agreement_at = datetime.now(UTC)
        return
    supplement = all_supplements(application.id)[-1]
    supplement.accepted_at, application.use_until = datetime.now(UTC), supplement.use_until


def owner_of(application: Application) -> str:
    """The title of the department that provides the dataset; empty when there is none."""
    package = model.Package.get(application.dataset_id)
    owner = model.Group.get(package.owner_org) if package is not None and package.owner_org else None
    return owner.title or owner.name if owner is not None else ""


def _parties(application: Application, today: date) -> dict[str, str]:
    package = model.Package.get(application.dataset_id)
    codes = _listed((package.extras or {}).get("codes")) if package is not None else ""
    return {
        "application": application.id,
        "owner": owner_of(application),
        "dataset": application.dataset_title,
        "dataset_code": codes or application.dataset_id,
        "approved_on": today.isoformat(),
        "commitment_version": application.commitment_version,
    }


def _listed(stored: object) -> str:
    """A list as CKAN stores it in an extra, as text."""
    values = json.loads(stored) if isinstance(stored, str) and stored.startswith("[") else [stored or ""]
    return "、".join(str(value) for value in values)
