"""One step of an application, whole: asked of the table, written, told, recorded. ADAPTER."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.application import (
    agreed,
    agreements,
    cases,
    dates,
    deadlines,
    files,
    form,
    grants,
    identities,
    machine,
    telling,
    texts,
)
from ckanext.govcn.application.machine import CLOCK, table
from ckanext.govcn.application.model import Application
from ckanext.govcn.dataset.language import say
from ckanext.govcn.dataset.periods import today
from ckanext.govcn.grant.exceptions import TermsRefused
from ckanext.govcn.workflow.exceptions import AskerDecides, FieldMissing, NotYourStep, SamePerson, StepRefused
from ckanext.govcn.workflow.form import Fault, day_of, holds_identity_number
from ckanext.govcn.workflow.machine import BASIS, REASON, REASON_CLASS, Asker, role_taken

log = logging.getLogger(__name__)
_PERSONAL = (NotYourStep, AskerDecides, SamePerson)
_FORM = tuple(form.form().fields)
RENEWALS = ("renewal_check", "renewal_review", "renewal_agreement")
_ELSEWHERE = frozenset({REASON, REASON_CLASS, BASIS, "commitment", "agreement", "quota", "quota_period", "rate"})
"""Fields of steps that have a place of their own; the others are the step's `detail`."""


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
        application.limits = agreed.read(given)
    _carry(application, event, to, given)
    # nobody else ever saw what was with a draft
    gone = files.listed(application.id) if event == "withdraw" and application.submitted_at is None else []
    files.remove(gone)
    try:
        _write(application, event, to, asker, given)
    except tk.ValidationError:  # the grant's
        telling.record(application, event, asker.user_id, "refused", rule="grant")
        raise
    files.erase(gone)


def _carry(application: Application, event: str, to: str, given: Mapping[str, str]) -> None:
    """What the step does to the application's own agreement, end and renewal."""
    if to == "agreement":
        agreements.make(application, answers_of(application), today())
    if "until" in table().events[event].needs:
        application.renew_until = day_of(given["until"].strip())
    if event == "approve_renewal":
        agreements.make_supplement(application, answers_of(application), today())
    if "agreement" in table().events[event].needs:
        agreements.accept(application)
    if to not in RENEWALS:
        application.renew_until = None


def expire_due() -> int:
    """到期, taken by the platform itself, for every application whose period is over; how many. Each is its own
    transaction, so what was done stays done when one fails."""
    asker, expired = Asker("", {CLOCK}), 0
    for application_id in cases.due(today()):
        try:
            application = cases.locked(application_id)
            if application is None or not machine.is_due(application.state, application.use_until, today()):
                model.Session.rollback()  # somebody renewed or ended it meanwhile
                continue
            _write(application, "expire", machine.step(application.state, "expire", asker, {}), asker, {})
            expired += 1
        except Exception:
            model.Session.rollback()
            log.exception("application %s could not be expired; the next run tries again", application_id)
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
    asked: dict[str, Any] = {name: given.get(name, "").strip() for name in (REASON, REASON_CLASS, BASIS)}
    asked |= {"detail": _detail(event, given), "role": role, "user_id": asker.user_id or None}
    try:
        application.state, application.changed_at = to, datetime.now(UTC)
        cases.note(application, event=event, from_state=before, to_state=to, **asked)
        if to != "expired":  # a grant ends by its own time
            grants.follow(application, known.states[before], known.states[to], asker, asked[REASON])
        if before == agreements.RENEWAL and event == "sign":
            grants.extend(application)
        telling.tell(application, known.events[event], known.states[to], asker.user_id)
        model.Session.flush()
        telling.record(application, event, asker.user_id, role=role, state=to)
        model.Session.commit()
    except BaseException:
        model.Session.rollback()
        raise


def _detail(event: str, given: Mapping[str, str]) -> dict[str, str]:
    about = table().events[event]
    names = [name for name in (*about.needs, *about.offers) if name not in _ELSEWHERE]
    return {name: given[name].strip() for name in names if given.get(name, "").strip()}


def _faults(application: Application, event: str, given: Mapping[str, str]) -> dict[str, Any]:
    """What is wrong, by field: limits of the step, an incomplete form, another text accepted than is there."""
    errors: dict[str, Any] = {}
    for name, field in table().fields.items():
        value = given.get(name, "")
        if len(value) > field.limit:
            errors[name] = [say(f"{field.zh}最多 {field.limit} 字", f"{field.en}: at most {field.limit} characters")]
        elif holds_identity_number(value):
            errors[name] = [say("请删去身份证号码", "Please take the identity number out")]
    for fault in _faults_of_fields(application, event, given):
        errors.setdefault(fault.field, []).append(say(fault.message, fault.message_en))
    if event == "extend" and not errors:
        said = {name: given.get(name, "").strip() for name in (REASON, "consent")}
        refused = deadlines.extension_refused(application, int(given["days"]), **said)
        errors |= {"days": [refused]} if refused else {}
    return errors | _faults_of_texts(application, event, given)


def _faults_of_fields(application: Application, event: str, given: Mapping[str, str]) -> list[Fault]:
    about, longest = table().events[event], form.form().longest_use_days
    found = dates.faults(event, given, use_until=application.use_until, today=today(), longest=longest)
    if application.state in RENEWALS and event in ("approve_renewal", "sign"):
        found += dates.over(application.use_until, today())
    if "commitment" in about.needs:
        found += form.faults(answers_of(application), today(), complete=True)
    try:
        agreed.read({name: given.get(name, "") for name in about.offers})
    except TermsRefused as wrong:
        found.append(Fault(wrong.field, wrong.message, wrong.message_en))
    return found


def _faults_of_texts(application: Application, event: str, given: Mapping[str, str]) -> dict[str, Any]:
    """What is accepted has to be the text that is there."""
    needs = table().events[event].needs
    accepted = {name: given.get(name, "").strip() for name in ("commitment", "agreement")}
    if "commitment" in needs and accepted["commitment"] != texts.text_of(texts.COMMITMENT).sha256:
        return {"commitment": [_other_text()]}
    if "agreement" in needs and accepted["agreement"] != agreements.to_accept(application):
        return {"agreement": [_other_text()]}
    return {}


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
