"""One step of a request, whole: asked of the table, written, told, recorded. ADAPTER."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ckan import model

from ckanext.govcn.access import people
from ckanext.govcn.access import rules as access_rules
from ckanext.govcn.dataset import periods
from ckanext.govcn.deadline.exceptions import PeriodError
from ckanext.govcn.sharing import cases, deadlines, form, rules, telling
from ckanext.govcn.sharing.exceptions import RequestRefused, Sentences
from ckanext.govcn.sharing.model import Request
from ckanext.govcn.sharing.rules import CLOCK, table
from ckanext.govcn.workflow.exceptions import AskerDecides, FieldMissing, NotYourStep, SamePerson, StepRefused
from ckanext.govcn.workflow.form import day_of
from ckanext.govcn.workflow.machine import BASIS, REASON, REASON_CLASS, Asker, role_taken

_PERSONAL = (NotYourStep, AskerDecides, SamePerson)
_FORM = tuple(form.form().fields)
SUBMIT = "submit"


@dataclass(frozen=True, slots=True)
class Taken:
    """One step that somebody takes. `brought_in`: the operator tells of it, `at` is when it was, `who` the account that
    tells."""

    event: str
    asker: Asker
    given: Mapping[str, str]
    at: datetime
    who: str
    brought_in: bool = False

    @classmethod
    def now(cls, event: str, asker: Asker, given: Mapping[str, str]) -> Taken:
        """A step that is taken in this moment, by the person."""
        return cls(event, asker, given, datetime.now(UTC), asker.user_id)


def take(request: Request, taken: Taken) -> None:
    """Take one step with its fields and commit it. The request was read to be changed.

    Raises RequestRefused; a step that the table refuses is in the audit log.
    """
    event, given = taken.event, taken.given
    try:
        to = rules.step(request.state, event, taken.asker, given, share_type=request.share_type)
    except StepRefused as refusal:
        model.Session.rollback()
        telling.record(request, event, taken.who, "refused", rule=refusal.rule)
        sentences = [(refusal.message, refusal.message_en)]
        if isinstance(refusal, FieldMissing):
            raise RequestRefused(_faults(request, taken) | {refusal.field: sentences}) from refusal
        raise RequestRefused({refusal.rule: sentences}, personal=isinstance(refusal, _PERSONAL)) from refusal
    try:
        if event == SUBMIT and not taken.brought_in:
            _check_still_there(request, taken.asker.user_id)
        faults = _faults(request, taken)
        if faults:
            raise RequestRefused(faults)
    except RequestRefused:
        model.Session.rollback()
        raise
    if event == SUBMIT:
        deadlines.begin(request)
        request.submitted_at = request.submitted_at or taken.at
    _write(request, to, taken)


def expire_due() -> int:
    """到期, taken by the platform itself, for every request whose time of use is over; how many. Each is its own
    transaction, so what was done stays done when one fails."""
    asker, expired = Asker("", {CLOCK}), 0
    for request_id in cases.due(periods.today()):
        request = cases.locked(request_id)
        if request is not None and (request.state, "expire") in table().rules:
            take(request, Taken.now("expire", asker, {}))
            expired += 1
    return expired


def lines_of(text: str) -> str:
    """A text with one kind of line end and no blanks around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def answers_of(request: Request) -> dict[str, str]:
    """The form's fields as text."""
    values = {name: getattr(request, name) for name in _FORM}
    return {name: value.isoformat() if isinstance(value, date) else value or "" for name, value in values.items()}


def fill(request: Request, answers: Mapping[str, str]) -> None:
    """Write answers without faults into the request; what a dataset is called is the catalogue's to say."""
    for name, value in answers.items():
        if name == "title" and request.dataset_id:
            continue
        setattr(request, name, (date.fromisoformat(value) if value else None) if name == "use_until" else value)
    request.changed_at = datetime.now(UTC)


def check(answers: Mapping[str, str], *, complete: bool, on: date | None = None) -> None:
    """Raises RequestRefused."""
    faults = _form_faults(answers, on or periods.today(), complete=complete)
    if faults:
        raise RequestRefused(faults)


def entry_for(package: model.Package) -> tuple[str, str]:
    """(owner, share type) of a published entry that may be asked for. Raises RequestRefused."""
    what = people.what_of(package)
    if what.share_type == "1":
        raise _entry("无条件共享的数据不需要申请，请直接获取", "What is shared without conditions needs no request")
    published = access_rules.level_of(what) not in ("", "inactive")
    if not published or what.share_type not in (rules.CONDITIONAL, rules.NOT_SHARED) or not package.owner_org:
        raise _entry(
            "只能申请已发布的有条件共享或不予共享的数据", "Only published entries of these kinds are asked for"
        )
    return str(package.owner_org), what.share_type


def _entry(chinese: str, english: str) -> RequestRefused:
    return RequestRefused({"dataset_id": [(chinese, english)]})


def title_of(package: model.Package) -> str:
    """What a request calls the entry that it asks for; cut where the form ends."""
    return str(package.title or package.name)[: form.form().fields["title"].limit]


def _check_still_there(request: Request, user_id: str) -> None:
    """An entry is asked for as what it is now, and while whoever submits may see it. Whatever else became of it, the
    answer is the same: it tells nothing of an entry that is hidden now."""
    if not request.dataset_id:
        return
    package = model.Package.get(request.dataset_id)
    if package is not None and cases.visible(user_id, {package.id}):
        try:
            owner, share_type = entry_for(package)
        except RequestRefused:
            owner = share_type = ""
        if owner == request.provider_id:
            request.share_type = share_type
            return
    raise _entry(
        "这个数据集现在不能申请，请撤回后重新申请", "This dataset cannot be asked for now; withdraw and ask anew"
    )


def _write(request: Request, to: str, taken: Taken) -> None:
    """State, history, notices and audit line, all or nothing; the transaction ends here."""
    known, before, given = table(), request.state, taken.given
    role = role_taken(known, before, taken.event, taken.asker)
    asked = {name: lines_of(given.get(name, "")) for name in (REASON, REASON_CLASS, BASIS, "way")}
    on = given.get("delivered_on", "").strip()
    said = asked | {"days": rules.days_of(given.get("days", "")), "delivered_on": day_of(on) if on else None}
    try:
        request.state, request.changed_at = to, taken.at
        model.Session.flush()  # what the guard of the steps looks at
        user_id = taken.asker.user_id or None
        cases.note(request, event=taken.event, from_state=before, to_state=to, role=role, user_id=user_id, **said)
        if not taken.brought_in:  # what was long ago is no news
            telling.tell(request, known.events[taken.event], known.states[to], role)
        model.Session.flush()
        telling.record(request, taken.event, taken.who, role=role, state=to)
        model.Session.commit()
    except BaseException:
        model.Session.rollback()
        raise


def _faults(request: Request, taken: Taken) -> dict[str, Sentences]:
    """What is wrong, by field: fields of the step, an incomplete form, an extension that is not allowed."""
    event, given, on = taken.event, taken.given, periods.day_of(taken.at)
    found: dict[str, Sentences] = {name: [said] for name, said in rules.faults(event, given, on).items()}
    if event == SUBMIT:
        found |= _form_faults(answers_of(request), on, complete=True)
    if event == "extend" and not found:
        try:
            days, reason = rules.days_of(given.get("days", "")) or 0, given.get(REASON, "")
            deadlines.check_extension(request, cases.history(request.id), days, reason, on)
        except PeriodError as wrong:
            found["days"] = [(wrong.message, wrong.message_en)]
    return found


def _form_faults(answers: Mapping[str, str], on: date, *, complete: bool) -> dict[str, Sentences]:
    found: dict[str, Sentences] = {}
    for fault in form.faults(answers, on, complete=complete):
        found.setdefault(fault.field, []).append((fault.message, fault.message_en))
    return found
