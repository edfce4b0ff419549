"""One step of an application, whole: asked of the table, written, told, recorded. ADAPTER."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.application import cases, deadlines, files, form, grants, identities, machine, telling, texts
from ckanext.govcn.application.machine import CLOCK, table
from ckanext.govcn.application.model import Application
from ckanext.govcn.audit.chain import BEIJING
from ckanext.govcn.dataset.language import say
from ckanext.govcn.grant import limits
from ckanext.govcn.grant.exceptions import TermsRefused
from ckanext.govcn.workflow.exceptions import AskerDecides, FieldMissing, NotYourStep, SamePerson, StepRefused
from ckanext.govcn.workflow.machine import BASIS, REASON, REASON_CLASS, Asker, role_taken

_PERSONAL = (NotYourStep, AskerDecides, SamePerson)
_FORM = tuple(form.form().fields)


def today() -> date:
    """The day in Beijing, by which periods end."""
    return datetime.now(BEIJING).date()


def take(application: Application, event: str, asker: Asker, given: Mapping[str, str]) -> None:
    """Take one step with its fields and commit it. The application was read to be changed.

    Raises NotAuthorized or ValidationError; the refusal is in the audit log.
    """
    before = application.state
    package = model.Package.get(application.dataset_id)
    try:
        to = machine.step(before, event, asker, given, dataset_open=cases.is_open(package))
        if "commitment" in table().events[event].needs:
            identities.check(asker.user_id)
    except StepRefused as refusal:
        model.Session.rollback()
        telling.record(application, event, asker.user_id, "refused", rule=refusal.rule)
        if isinstance(refusal, FieldMissing):
            said = {refusal.field: [say(refusal.message, refusal.message_en)]}
            raise tk.ValidationError(_faults(application, event, given) | said) from refusal
        raise told(refusal) from refusal
    errors = _faults(application, event, given)
    if errors:
        model.Session.rollback()
        raise tk.ValidationError(errors)
    if "commitment" in table().events[event].needs:
        _submitted(application, package)
    if "quota" in table().events[event].offers:
        application.limits = asdict(limits.read(given))
    if to == "agreement":
        _agreed(application, package)
    if "agreement" in table().events[event].needs:
        application.agreement_at = datetime.now(UTC)
    # nobody else ever saw what was with a draft
    gone = files.listed(application.id) if event == "withdraw" and application.submitted_at is None else []
    files.remove(gone)
    try:
        _write(application, event, to, asker, given)
    except tk.ValidationError:  # the grant's
        telling.record(application, event, asker.user_id, "refused", rule="grant")
        raise
    files.erase(gone)


def expire_due() -> int:
    """到期, taken by the platform itself, for every application whose period is over; how many. Each is its own
    transaction, so what was done stays done when one fails."""
    asker, expired = Asker("", {CLOCK}), 0
    for application_id in cases.due(today()):
        application = cases.locked(application_id)
        if application is not None and (application.state, "expire") in table().rules:
            _write(application, "expire", machine.step(application.state, "expire", asker, {}), asker, {})
            expired += 1
    return expired


def answers_of(application: Application) -> dict[str, str]:
    """The form's fields as text."""
    values = {name: getattr(application, name) for name in _FORM}
    return {name: value.isoformat() if isinstance(value, date) else value or "" for name, value in values.items()}


def fill(application: Application, answers: Mapping[str, str]) -> None:
    """Write answers without faults into the application."""
    for name, value in answers.items():
        setattr(application, name, (date.fromisoformat(value) if value else None) if name == "use_until" else value)
    application.changed_at = datetime.now(UTC)


def check(answers: Mapping[str, str], *, complete: bool) -> None:
    """Raises ValidationError with one message a field."""
    errors: dict[str, list[str]] = {}
    for fault in form.faults(answers, today(), complete=complete):
        errors.setdefault(fault.field, []).append(say(fault.message, fault.message_en))
    if errors:
        raise tk.ValidationError(dict(errors))


def told(refusal: StepRefused) -> Exception:
    """The refusal as CKAN's: what is about the person is NotAuthorized, the rest ValidationError."""
    message = say(refusal.message, refusal.message_en)
    if isinstance(refusal, _PERSONAL):
        return tk.NotAuthorized(message)
    return tk.ValidationError({refusal.rule: [message]})


def _write(application: Application, event: str, to: str, asker: Asker, given: Mapping[str, str]) -> None:
    """State, history, grant, notices and audit line, all or nothing; the transaction ends here."""
    known = table()
    before = application.state
    role = role_taken(known, before, event, asker)
    asked = {name: given.get(name, "").strip() for name in (REASON, REASON_CLASS, BASIS)}
    try:
        application.state, application.changed_at = to, datetime.now(UTC)
        cases.note(
            application, event=event, from_state=before, to_state=to, role=role, user_id=asker.user_id or None, **asked
        )
        if to != "expired":  # a grant ends by its own time
            grants.follow(application, known.states[before], known.states[to], asker, asked[REASON])
        telling.tell(application, known.events[event], known.states[to], asker.user_id)
        model.Session.flush()
        telling.record(application, event, asker.user_id, role=role, state=to)
        model.Session.commit()
    except BaseException:
        model.Session.rollback()
        raise


def _faults(application: Application, event: str, given: Mapping[str, str]) -> dict[str, Any]:
    """What is wrong, by field: limits of the step, an incomplete form, another text accepted than is there."""
    errors: dict[str, Any] = {}
    for name, field in table().fields.items():
        value = given.get(name, "")
        if len(value) > field.limit:
            errors[name] = [say(f"{field.zh}最多 {field.limit} 字", f"{field.en}: at most {field.limit} characters")]
        elif form.holds_identity_number(value):
            errors[name] = [say("请删去身份证号码", "Please take the identity number out")]
    needs = table().events[event].needs
    try:
        limits.read({name: given.get(name, "") for name in table().events[event].offers})
    except TermsRefused as wrong:
        errors.setdefault(wrong.field, [say(wrong.message, wrong.message_en)])
    if "commitment" in needs:
        if given.get("commitment", "").strip() != texts.text_of(texts.COMMITMENT).sha256:
            errors["commitment"] = [_other_text()]
        for fault in form.faults(answers_of(application), today(), complete=True):
            errors.setdefault(fault.field, []).append(say(fault.message, fault.message_en))
    if "agreement" in needs and given.get("agreement", "").strip() != application.agreement_sha256:
        errors["agreement"] = [_other_text()]
    return errors


def _other_text() -> str:
    return say(
        "接受的不是现在的文本，请刷新页面，阅读后再接受",
        "This is not the present text; reload the page, read it and accept it",
    )


def _submitted(application: Application, package: model.Package | None) -> None:
    commitment = texts.text_of(texts.COMMITMENT)
    application.commitment_version, application.commitment_sha256 = commitment.version, commitment.sha256
    deadlines.begin(application)
    application.submitted_at = application.submitted_at or datetime.now(UTC)
    application.dataset_title = package.title if package is not None else application.dataset_title


def _agreed(application: Application, package: model.Package | None) -> None:
    """The agreement is made from what was applied for, at the moment the department agrees."""
    owner = model.Group.get(package.owner_org) if package is not None and package.owner_org else None
    codes = _listed((package.extras or {}).get("codes")) if package is not None else ""
    values = answers_of(application) | {
        "application": application.id,
        "owner": owner.title if owner is not None else "",
        "dataset": application.dataset_title,
        "dataset_code": codes or application.dataset_id,
        "approved_on": today().isoformat(),
        "commitment_version": application.commitment_version,
        "limits": limits.said(limits.read(application.limits)),
    }
    text = texts.text_of(texts.AGREEMENT, values)
    application.agreement_version, application.agreement_text = text.version, text.body
    application.agreement_sha256 = text.sha256


def _listed(stored: object) -> str:
    """A list as CKAN stores it in an extra, as text."""
    values = json.loads(stored) if isinstance(stored, str) and stored.startswith("[") else [stored or ""]
    return "、".join(str(value) for value in values)
