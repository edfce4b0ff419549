"""Requests as rows of the workbook, and the workbook's rows as requests and steps. ADAPTER.

An import never writes what a person could not do: whoever imports makes and changes drafts of the own department, and
takes further steps as on the page, each asked of the table. The operator (`./govcn sharing import`) brings in requests
with their whole history, every step of which the table allows to the role that is named. What is there already is never
rewritten. The same row again changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from ckan import model
from sqlalchemy.exc import DataError, IntegrityError

from ckanext.govcn.catalog import codes
from ckanext.govcn.dataset import periods
from ckanext.govcn.sharing import book, cases, form, rows, rules, steps, telling
from ckanext.govcn.sharing.book import Line
from ckanext.govcn.sharing.cases import Reader
from ckanext.govcn.sharing.exceptions import RequestRefused, Sentences
from ckanext.govcn.sharing.model import Request
from ckanext.govcn.sharing.rules import table
from ckanext.govcn.sharing.steps import Taken
from ckanext.govcn.workflow.exceptions import StepRefused
from ckanext.govcn.workflow.machine import Asker
from ckanext.govcn.workflow.table import Named

log = logging.getLogger(__name__)
NEW, CHANGED, UNCHANGED, REFUSED = "new", "changed", "unchanged", "refused"
OUTCOMES = (NEW, CHANGED, UNCHANGED, REFUSED)
_FORM = tuple(form.form().fields)
_PARTIES = ("requester", "requester_name", "provider", "provider_name", "dataset", "share_type")
SOMEBODY = "-"  # who took a step that the operator tells of: nobody with an account here
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_TAKEN = ("reason", "reason_class", "basis", "days", "delivered_on", "way")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one row of 共享申请: `reasons` in both languages where it was refused."""

    row: int
    id: str
    outcome: str
    reasons: Sentences = field(default_factory=list[tuple[str, str]])

    def to_json(self) -> dict[str, Any]:
        """As reports list it."""
        said = [{"zh": zh, "en": en} for zh, en in self.reasons]
        return {"sheet": book.layout().requests.name, "row": self.row, "id": self.id, "outcome": self.outcome,
                "reasons": said}  # fmt: skip


@dataclass(frozen=True, slots=True)
class By:
    """Who imports: a person, or the operator by the account of the machine."""

    reader: Reader | None
    account: str = ""

    @property
    def who(self) -> str:
        """As the audit log names them."""
        return self.reader.user_id if self.reader else self.account

    @property
    def user_id(self) -> str | None:
        """The person; None for the operator."""
        return self.reader.user_id if self.reader else None

    def find(self, request_id: str) -> Request | None:
        """The request, to be changed, if they may see it."""
        return cases.find(request_id, self.reader, to_change=True) if self.reader else cases.locked(request_id)


def export(requests: Sequence[Request], by: By) -> bytes:
    """The workbook of these requests, for whom it is. The export is a line of the audit log."""
    histories = cases.histories([each.id for each in requests])
    lines = [cells for each in requests for cells in rows.of_steps(each.id, histories[each.id])]
    content = book.written(rows.of_requests(requests, histories, by.user_id), lines)
    telling.record_book("export", by.who, len(requests))
    return content


def bring_in(data: bytes, by: By) -> list[Outcome]:
    """Import a workbook; the outcome of each row in order. Raises SpreadsheetError, BookRefused."""
    given = book.read(data)
    outcomes = [_outcome(line, given.steps.get(line.cells["id"], []), by) for line in given.requests]
    known = {line.cells["id"] for line in given.requests}
    for request_id, lines in given.steps.items():
        if request_id not in known:
            why = "“办理经过”里的编号在“共享申请”里没有", "No request of this number in the other sheet"
            outcomes.append(Outcome(lines[0].row, request_id, REFUSED, [why]))
    counts = {f"{each}_rows": str(sum(found.outcome == each for found in outcomes)) for each in OUTCOMES}
    telling.record_book("import", by.who, len(outcomes), **counts)
    return outcomes


def report(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """`rows`, and how many there are of each outcome."""
    listed = list(outcomes)
    return {each: sum(row.outcome == each for row in listed) for each in OUTCOMES} | {
        "rows": [row.to_json() for row in listed]
    }


def _outcome(line: Line, lines: list[Line], by: By) -> Outcome:
    request_id = line.cells["id"]
    try:
        if not request_id:
            request, made = _drafted(line.cells, by)
            model.Session.commit()
            return Outcome(line.row, request.id, NEW if made else UNCHANGED)
        request = by.find(request_id)
        if request is None:
            if by.reader:
                raise _no(
                    "没有这个编号的申请；新的申请请把编号留空",
                    "There is no such request; leave a new one's number blank",
                )
            _bring(request_id, line.cells, lines, by)
            return Outcome(line.row, request_id, NEW)
        known = len(cases.history(request_id))
        ahead = _ahead(request, line.cells, lines, by)
        changed = _changed(request, line.cells, by)
        _take(request_id, ahead, by, known, saved=changed)
        model.Session.commit()
        return Outcome(line.row, request_id, CHANGED if changed or ahead else UNCHANGED)
    except RequestRefused as refusal:
        model.Session.rollback()
        return Outcome(line.row, request_id, REFUSED, refusal.sentences)
    except (DataError, IntegrityError) as error:
        model.Session.rollback()
        # the error itself quotes what the row says
        log.warning("row %s of an imported ledger of sharing: %s", line.row, type(error.orig).__name__)
        said = (
            "数据库没有接受这一行，请检查内容后重试",
            "The database did not take this row; check what it says, try again",
        )
        return Outcome(line.row, request_id, REFUSED, [said])


def _take(request_id: str, ahead: Sequence[Taken], by: By, known: int, *, saved: bool) -> None:
    """Take the steps, each with the request locked and read anew: a step's commit ends the lock. `known`: how many
    steps there were when these were rehearsed; `saved`: what is asked for was written. Raises RequestRefused, with
    what of the row stays in its sentences."""
    for number, taken in enumerate(ahead):
        try:
            request = by.find(request_id)
            if request is None or len(cases.history(request_id)) != known + number:
                raise _no("这份申请刚有别的办理，请重新导出后再办", "Another step was just taken; export it anew")
            asker = cases.asker_of(request, by.reader) if by.reader else taken.asker
            steps.take(request, replace(taken, asker=asker))
        except RequestRefused as refusal:
            stays = (
                f"本行{'申请内容已保存，' if saved else ''}新增的前 {number} 步已办理并保留",
                f"{'What is asked for is saved; ' if saved else ''}the first {number} new steps of this row stay taken",
            )
            left = {"taken": [stays]} if number or saved else {}
            raise RequestRefused({**refusal.faults, **left}) from refusal


# --- rows that are not there yet -------------------------------------------------------------------------------------


def _drafted(cells: Mapping[str, str], by: By) -> tuple[Request, bool]:
    """A draft of a person's own department, or the request that says the same already."""
    requester = _department(cells, "requester")
    if by.reader and requester not in by.reader.confirmed:
        raise _no("只能为本部门新建申请", "Only clerks of the department that asks make its requests")
    if cells["state"] not in ("", table().states[table().first].zh):
        raise _no(
            "新的申请状态应为草稿；已办理的须有编号和办理经过",
            "A new request is a draft; what was decided has a number",
        )
    request = _asked_for(cells, by)
    request.requester_id, request.created_by = requester, by.reader.user_id if by.reader else ""
    answers = form.read(cells) | ({"title": request.title} if request.dataset_id else {})
    steps.check(answers, complete=False)
    # imports of one department one after the other: the same row that comes twice at once is one request, too
    model.Session.execute(sa.select(model.Group.id).where(model.Group.id == requester).with_for_update())
    for known in cases.of_department(requester):
        same = (known.dataset_id, known.provider_id) == (request.dataset_id, request.provider_id)
        if same and steps.answers_of(known) == answers:
            return known, False
    return create(request, answers, by.who), True


def create(request: Request, answers: Mapping[str, str], by: str) -> Request:
    """Make it, a draft, with its line in the audit log, and commit. Raises RequestRefused."""
    if request.requester_id == request.provider_id:
        raise RequestRefused({"provider": [("不能向本部门申请", "A department asks another one")]})
    request.state, request.title = table().first, answers["title"]
    steps.fill(request, answers)
    model.Session.add(request)
    model.Session.flush()
    telling.record(request, "create", by)
    model.Session.commit()
    return request


def _bring(request_id: str, cells: Mapping[str, str], lines: Sequence[Line], by: By) -> None:
    """A request of another ledger, with its history; all of it is looked at before any of it is written."""
    if not _is_number(request_id):
        raise _no("编号应为导出时的编号", "The number is not one of an exported ledger")
    request = _asked_for(cells, by)
    request.id, request.requester_id = request_id, _department(cells, "requester")
    answers = form.read(cells) | ({"title": request.title} if request.dataset_id else {})
    ahead = _rehearsed(lines, by, None, _Place(table().first, cells["state"], request.share_type))
    begun = periods.day_of(ahead[0].at) if ahead else periods.today()
    steps.check(answers, complete=bool(ahead), on=begun)
    create(request, answers, by.who)
    _take(request_id, ahead, by, 0, saved=True)


def _asked_for(cells: Mapping[str, str], by: By) -> Request:
    """What is asked of whom: an entry that the person may see, or words for a department."""
    provider = _department(cells, "provider")
    if not cells["dataset"]:
        kind = codes.table("share_type").code_of(cells["share_type"]) or ""
        if by.reader or kind not in rules.ASKED_FOR:
            kind = rules.IN_WORDS
        return Request(provider_id=provider, dataset_id="", share_type=kind, created_by="")
    package = model.Package.get(cells["dataset"])
    visible = package is not None and (by.user_id is None or bool(cases.visible(by.user_id, {package.id})))
    if package is None or not visible:
        raise _no(
            "没有这个数据集；按文字申请请清空数据集标识", "There is no such dataset; leave it blank to ask in words"
        )
    owner, share_type = steps.entry_for(package)
    if owner != provider:
        raise _no("数据集不由这个部门提供", "Another department provides this dataset")
    title = steps.title_of(package)
    return Request(provider_id=provider, dataset_id=package.id, share_type=share_type, created_by="", title=title)


def _department(cells: Mapping[str, str], which: str) -> str:
    heading = book.layout().requests.heading(which)
    found = cases.department(cells[f"{which}_name"] or cells[which]) if cells[which] or cells[f"{which}_name"] else None
    if found is None:
        raise _no(
            f"{heading}不是已确认的部门，或有多个同名：请填标识",
            f"{heading}: no confirmed department, or several; give its name",
        )
    return found


# --- rows that are there ---------------------------------------------------------------------------------------------


def _changed(request: Request, cells: Mapping[str, str], by: By) -> bool:
    """Write what is said otherwise, where the person may; whether anything is."""
    [now] = rows.of_requests([request], {request.id: []}, by.user_id)
    shape = book.layout().requests
    for key in _PARTIES:
        same = {now[key], request.dataset_id} if key == "dataset" else {now[key]}
        if cells[key] and cells[key] not in same:
            raise _no(f"不能改：{shape.heading(key)}", f"Cannot be changed: {shape.heading(key)}")
    answers, present = form.read(cells), steps.answers_of(request)
    if request.dataset_id and not answers["title"]:
        answers["title"] = present["title"]
    other = [name for name in _FORM if answers[name] != present[name]]
    if not other:
        return False
    names = "、".join(shape.heading(name) for name in other)
    mine = by.reader is None or request.requester_id in by.reader.departments
    if not mine or not table().states[request.state].editable or (request.dataset_id and "title" in other):
        raise _no(f"不能改：{names}", f"Cannot be changed now, or not by you: {names}")
    steps.check(answers, complete=False)
    steps.fill(request, answers)
    telling.record(request, "update", by.who)
    model.Session.commit()
    return True


def _ahead(request: Request, cells: Mapping[str, str], lines: Sequence[Line], by: By) -> list[Taken]:
    """The steps that the workbook has beyond those that were taken, each asked of the table; nothing is written yet."""
    history = cases.history(request.id)
    for number, (line, known) in enumerate(zip(lines, rows.of_steps(request.id, history), strict=False), 1):
        if not _same(line.cells, known):
            raise _no(
                f"第 {number} 步与平台的记录不同；办理经过不能改写",
                f"Step {number} differs from what was recorded; it stays",
            )
    state, earliest = request.state, history[-1]["at"] if history else _LONG_AGO
    if lines and len(lines) <= len(history):
        state = history[len(lines) - 1]["to_state"]
    asker = cases.asker_of(request, by.reader) if by.reader else None
    took = {row["event"]: SOMEBODY for row in history}
    place = _Place(state, cells["state"], request.share_type, earliest, took)
    return _rehearsed(lines[len(history) :], by, asker, place)


def _same(said: Mapping[str, str], known: Mapping[str, str]) -> bool:
    """Is this the step that was taken? A line that a person wrote leaves open who takes it and when."""
    names = (("event", table().events), ("role", table().roles), ("reason_class", table().reason_classes))
    given = {**said, **{key: _label(of, said[key]) for key, of in names}}
    open_ = {key for key in ("role", "at") if not said[key]}
    return all(given[key] == known[key] for key in ("event", "role", "at", *_TAKEN) if key not in open_)


def _label(known: Mapping[str, Named], text: str) -> str:
    name = rows.named(known, text)
    return known[name].zh if name else text


@dataclass(frozen=True, slots=True)
class _Place:
    """Where further steps begin: `state`, when the last step was, and which were taken; `said` is the cell 状态."""

    state: str
    said: str
    share_type: str
    earliest: datetime = _LONG_AGO
    took: Mapping[str, str] = field(default_factory=dict[str, str])


def _rehearsed(lines: Sequence[Line], by: By, asker: Asker | None, place: _Place) -> list[Taken]:
    """The steps of these lines one after the other, if the table allows them and they lead to what 状态 says."""
    found: list[Taken] = []
    state, earliest = place.state, place.earliest
    took = dict(asker.took if asker else place.took)
    for line in lines:
        try:
            taken = _meant(line, by, asker, earliest)
            taken = replace(taken, asker=replace(taken.asker, took=dict(took)))
            state = _after(state, taken, place.share_type)
        except RequestRefused as refusal:
            sheet = book.layout().steps.name
            said = [
                (f"“{sheet}”第 {line.row} 行：{zh}", f"row {line.row} of {sheet}: {en}") for zh, en in refusal.sentences
            ]
            raise RequestRefused({"steps": said}) from refusal
        found.append(taken)
        earliest = taken.at
        took[taken.event] = taken.asker.user_id or SOMEBODY
    if place.said and place.said != table().states[state].zh:
        raise _no(
            "状态由办理经过决定，请在“办理经过”里加一行",
            "The state follows from the steps; add a row to the other sheet",
        )
    return found


def _after(state: str, taken: Taken, share_type: str) -> str:
    """The state that a step leads to. Raises RequestRefused."""
    try:
        to = rules.step(state, taken.event, taken.asker, taken.given, share_type=share_type)
    except StepRefused as refusal:
        raise RequestRefused({refusal.rule: [(refusal.message, refusal.message_en)]}) from refusal
    wrong = rules.faults(taken.event, taken.given, periods.day_of(taken.at))
    if wrong:
        raise RequestRefused({name: [said] for name, said in wrong.items()})
    return to


def _meant(line: Line, by: By, asker: Asker | None, earliest: datetime) -> Taken:
    """The step of one line: a person's, taken now, or one that the operator tells of."""
    event = rows.named(table().events, line.cells["event"])
    if not event:
        raise _no("没有这个办理事项", "There is no such step")
    given = {name: line.cells[name] for name in _TAKEN}
    given["reason_class"] = rows.named(table().reason_classes, given["reason_class"]) or given["reason_class"]
    if asker is not None:
        if line.cells["at"]:
            raise _no("时间由平台记录，请留空", "The platform notes the time; leave it blank")
        return Taken.now(event, asker, given)
    role, moment = rows.named(table().roles, line.cells["role"]), rows.moment_of(line.cells["at"])
    if not role or moment is None or not earliest.replace(microsecond=0) <= moment <= datetime.now(UTC):
        raise _no(
            "办理方和时间（不早于前一步，不晚于现在）须写明", "Needs who took it and when, in order, not in the future"
        )
    return Taken(event, Asker("", {role}), given, moment, by.account, brought_in=True)


def _is_number(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _no(chinese: str, english: str) -> RequestRefused:
    return RequestRefused({"row": [(chinese, english)]})
