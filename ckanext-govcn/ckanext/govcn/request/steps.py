"""One step of a request, whole: asked of the table, written, told, recorded. ADAPTER."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.application import identities
from ckanext.govcn.audit.chain import BEIJING
from ckanext.govcn.dataset.language import say
from ckanext.govcn.dataset.periods import day_of, today
from ckanext.govcn.request import cases, deadlines, form, telling, timing
from ckanext.govcn.request.exceptions import TooLate
from ckanext.govcn.request.kinds import CLOCK, DEMAND, Kind, kinds
from ckanext.govcn.request.model import Request
from ckanext.govcn.workflow import machine
from ckanext.govcn.workflow.exceptions import AskerDecides, FieldMissing, NotYourStep, SamePerson, StepRefused
from ckanext.govcn.workflow.form import Fault
from ckanext.govcn.workflow.machine import BASIS, REASON, REASON_CLASS, Asker

SUBMIT, SUBMIT_TO_BUREAU, CLOSE, ASSIGN = "submit", "submit_to_bureau", "close", "assign"
_PERSONAL = (NotYourStep, AskerDecides, SamePerson)
_LEVELS = {"opened": ("open", "login"), "by_application": ("conditional",)}


def take(request: Request, event: str, asker: Asker, given: Mapping[str, str]) -> None:
    """Take one step with its fields and commit it. The request was read to be changed.

    Raises NotAuthorized or ValidationError; the refusal is in the audit log.
    """
    kind = kinds()[request.kind]
    needs = kind.table.events[event]
    given = {name: value for name, value in given.items() if name in (*needs.needs, *needs.offers)}
    try:
        to = machine.step(kind.table, request.state, event, asker, given)
        if event == timing.DISPUTE and not in_time(request):
            raise TooLate
        if event == SUBMIT and kind.verified:
            identities.check(asker.user_id)
    except StepRefused as refusal:
        model.Session.rollback()
        telling.record(request, event, asker.user_id, "refused", rule=refusal.rule)
        if isinstance(refusal, FieldMissing):
            said = {refusal.field: [say(refusal.message, refusal.message_en)]}
            raise tk.ValidationError(_errors(_faults(request, event, given)) | said) from refusal
        raise _told(refusal) from refusal
    faults = _faults(request, event, given)
    if faults:
        model.Session.rollback()
        raise tk.ValidationError(_errors(faults))
    _write(request, event, to, asker, given)


def in_time(request: Request) -> bool:
    """May its answer still be disputed? It was given when the request last changed."""
    return timing.disputable(day_of(request.changed_at), today(), form.forms().dispute_days)


def close_answered() -> int:
    """期满办结, taken by the platform itself, for every answer that was not disputed in time; how many. Each is its own
    transaction, so what was done stays done when one fails."""
    kind, asker, closed = kinds()[DEMAND], Asker("", {CLOCK}), 0
    states = [state for state, event in kind.table.rules if event == CLOSE]
    first_day = today() - timedelta(days=form.forms().dispute_days)
    before = datetime.combine(first_day, datetime.min.time(), BEIJING)
    for request_id in cases.unchanged_since(kind, states, before):
        request = cases.locked(request_id)
        if request is not None and request.state in states:
            _write(request, CLOSE, machine.step(kind.table, request.state, CLOSE, asker, {}), asker, {})
            closed += 1
    return closed


def answers_of(request: Request) -> dict[str, str]:
    """The form's fields as text."""
    return {name: getattr(request, name) or "" for name in form.forms().fields[request.kind]}


def fill(request: Request, answers: Mapping[str, str]) -> None:
    """Write answers without faults into the request."""
    for name, value in answers.items():
        setattr(request, name, value)
    request.changed_at = datetime.now(UTC)


def check(kind: Kind, answers: Mapping[str, str], *, complete: bool) -> None:
    """Raises ValidationError with one message a field."""
    faults = _form_faults(kind, answers, complete=complete)
    if faults:
        raise tk.ValidationError(_errors(faults))


def _write(request: Request, event: str, to: str, asker: Asker, given: Mapping[str, str]) -> None:
    """State, history, notices and audit line, all or nothing; the transaction ends here."""
    kind = kinds()[request.kind]
    before, role = request.state, machine.role_taken(kind.table, request.state, event, asker)
    try:
        request.state, request.changed_at = to, datetime.now(UTC)
        _follow(request, event, given)
        cases.note(
            request,
            event=event,
            from_state=before,
            to_state=to,
            role=role,
            user_id=asker.user_id or None,
            **_columns(given),
        )
        telling.tell(request, kind, kind.table.events[event], kind.table.states[to], asker.user_id)
        model.Session.flush()
        telling.record(request, event, asker.user_id, role=role, state=to)
        model.Session.commit()
    except BaseException:
        model.Session.rollback()
        raise


def _follow(request: Request, event: str, given: Mapping[str, str]) -> None:
    """What a step changes of the request itself."""
    if event in timing.SUBMITTED:
        deadlines.begin(request)
        request.submitted_at = request.submitted_at or request.changed_at
    if given.get("department"):
        request.department_id = given["department"]
    if given.get("public_title"):
        request.public_title = given["public_title"].strip()
    if event == ASSIGN:
        request.accepted_at = request.accepted_at or request.changed_at


def _columns(given: Mapping[str, str]) -> dict[str, Any]:
    """What a step was given, by the columns of the history."""
    dataset = cases.public_dataset(given["dataset"].strip()) if given.get("dataset") else None
    return {
        **{name: given.get(name, "").strip() for name in (REASON, REASON_CLASS, BASIS, "promised_level")},
        "department_id": given.get("department") or None,
        "dataset_id": dataset.id if dataset is not None else None,
        "promised_on": date.fromisoformat(given["promised_on"]) if given.get("promised_on") else None,
    }


def _faults(request: Request, event: str, given: Mapping[str, str]) -> list[Fault]:
    """What is wrong: with what the step was given, with its department or dataset, with a form that is not complete."""
    kind = kinds()[request.kind]
    found = form.step_faults(kind.table.fields, given, today())
    if event == SUBMIT:
        found += _form_faults(kind, answers_of(request), complete=True)
    if given.get("department") and not cases.is_department(given["department"]):
        found.append(_no_department("department"))
    if given.get("dataset") and not _answers(given["dataset"].strip(), event):
        found.append(
            Fault(
                "dataset",
                "没有这个公开的数据集，或者它的开放类型与这一答复不符",
                "There is no such public dataset, or its level is not what this answer says",
            )
        )
    return found


def _answers(identifier: str, event: str) -> bool:
    """Is it a public dataset of the level that the answer speaks of? One that is closed is as one that is not there."""
    package = cases.public_dataset(identifier)
    return package is not None and cases.level_of(package) in _LEVELS[event]


def _form_faults(kind: Kind, answers: Mapping[str, str], *, complete: bool) -> list[Fault]:
    found = form.faults(kind.name, answers, complete=complete)
    for field in form.forms().fields[kind.name].values():
        value = answers.get(field.name, "")
        if field.type == "department" and value and not cases.is_department(value):
            found.append(_no_department(field.name))
    return found


def _no_department(name: str) -> Fault:
    return Fault(name, "请从列表中选择部门", "Please choose a department of the list")


def _errors(faults: Sequence[Fault]) -> dict[str, Any]:
    errors: dict[str, Any] = {}
    for fault in faults:
        errors.setdefault(fault.field, []).append(say(fault.message, fault.message_en))
    return errors


def _told(refusal: StepRefused) -> Exception:
    message = say(refusal.message, refusal.message_en)
    if isinstance(refusal, _PERSONAL):
        return tk.NotAuthorized(message)
    return tk.ValidationError({refusal.rule: [message]})
