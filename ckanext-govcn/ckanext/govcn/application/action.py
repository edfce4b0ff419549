"""Applications as actions. Whoever may not see an application is told that there is none; docs/applications.md has
examples."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context, DataDict

from ckanext.govcn.access import people
from ckanext.govcn.access.exceptions import FileTooLarge
from ckanext.govcn.application import (
    agreed,
    cases,
    figures,
    files,
    filing,
    form,
    papers,
    printing,
    showing,
    steps,
    telling,
)
from ckanext.govcn.application.filing import ATTACHMENT
from ckanext.govcn.application.machine import APPLICANT, table
from ckanext.govcn.application.model import Application, ApplicationFile
from ckanext.govcn.catalog.text import storable
from ckanext.govcn.dataset.api import whole_number
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.acting import Reader, reader_of
from ckanext.govcn.department.bureau import user_of
from ckanext.govcn.paper.exceptions import FileRefused, NotPrintable
from ckanext.govcn.workflow.exceptions import NotConditional, NotYourStep, StepRefused, WrongState

PER_PAGE, LONGEST_LIST = 20, 200
LISTS = ("mine", "waiting", figures.OVERDUE, "all")


def govcn_application_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """A draft for the dataset `dataset_id` (id or name) and any of the form's fields (form.yaml). Gives the
    application.

    The dataset has to be published as 有条件开放.
    """
    reader = _reader("govcn_application_create", context, data_dict)
    package = _dataset(context, tk.get_or_bust(data_dict, "dataset_id"))
    if not cases.is_open(package):
        refusal = NotConditional()
        raise tk.ValidationError({"dataset_id": [say(refusal.message, refusal.message_en)]})
    # one person's applications one after the other: the limit holds for requests that come together, too
    model.Session.execute(sa.select(model.User.id).where(model.User.id == reader.user_id).with_for_update())
    most = form.form().open_applications
    if cases.unfinished(reader.user_id) >= most:
        model.Session.rollback()
        message = f"未办结的申请最多 {most} 件，请先提交或撤回已有的申请", f"At most {most} applications at a time"
        raise tk.ValidationError({"dataset_id": [say(*message)]})
    answers = form.read(data_dict)
    steps.check(answers, complete=False)
    first = table().first
    application = Application(
        dataset_id=package.id, dataset_title=package.title or package.name, applicant_id=reader.user_id, state=first
    )
    steps.fill(application, answers)
    model.Session.add(application)
    model.Session.commit()
    return showing.shown(application, reader)


def govcn_application_update(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Change fields of one's own application `id` while it is 草稿 or 补正; what is left out stays."""
    reader = _reader("govcn_application_update", context, data_dict)
    application = _found(data_dict, reader, to_change=True)
    if application.applicant_id != reader.user_id:
        role = table().roles[APPLICANT]
        refusal = NotYourStep(role.zh, role.en)
        raise tk.NotAuthorized(say(refusal.message, refusal.message_en))
    if not table().states[application.state].editable:
        refusal = WrongState()
        raise tk.ValidationError({"state": [say(refusal.message, refusal.message_en)]})
    given = {name: data_dict[name] for name in form.form().fields if name in data_dict}
    answers = form.read(steps.answers_of(application) | given)
    steps.check(answers, complete=False)
    steps.fill(application, answers)
    model.Session.commit()
    return showing.shown(application, reader)


def govcn_application_submit(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Submit one's own application `id`, first or after 补正; `commitment` is the SHA-256 of the 承诺书 that is
    accepted (`texts.commitment.sha256` of govcn_application_show)."""
    return govcn_application_act(context, {**data_dict, "event": "submit"})


def govcn_application_act(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Take a step: `id`, `event` and what it needs (`reason`, `reason_class`, `basis`, `commitment`, `agreement`),
    `until`, `days`, `notice_on`, `notice_by`), or may have (`quota`, `quota_period` all or day, `rate`: how often the
    grantee may use the data; `fields`: names of the columns that are granted, nothing for all; `deliveries`: any of
    download, interface, other; `consent`).

    Events, who may take them and what they need are the table of docs/applications.md. Gives the application.
    """
    reader = _reader("govcn_application_act", context, data_dict)
    application = _found(data_dict, reader, to_change=True)
    event = tk.get_or_bust(data_dict, "event")
    if not isinstance(event, str) or event not in table().events:
        names = ", ".join(table().events)
        raise tk.ValidationError({"event": [say(f"应为以下之一：{names}", f"Must be one of: {names}")]})
    given = {name: _text(name, data_dict[name]) for name in table().fields if name in data_dict}
    steps.take(application, event, cases.asker_of(application, reader), given)
    return showing.shown(application, reader)


@tk.side_effect_free
def govcn_application_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The application `id`: its fields, `state`, `steps` (its history), `events` that the reader could take now, and
    `texts` to accept. Only for the applicant, the department's editors and the bureau; a draft for the applicant."""
    reader = _reader("govcn_application_show", context, data_dict)
    return showing.shown(_found(data_dict, reader), reader)


@tk.side_effect_free
def govcn_application_paper_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """A paper of the application `id` for the 公章: `paper` form, commitment, agreement or (after a renewal)
    supplement; `format` docx (default) or pdf.

    Gives `paper`, `title`, `version`, `sha256` (of its text; both stand at the foot of each page), `filename`,
    `media_type` and `content`, the file in base64.
    """
    reader = _reader("govcn_application_paper_show", context, data_dict)
    application = _found(data_dict, reader)
    known = printing.papers_of(application)
    name = data_dict.get("paper")
    if not isinstance(name, str) or name not in known:
        raise tk.ObjectNotFound(say("这份申请没有这样的文书", "The application has no such paper"))
    format_ = data_dict.get("format") or "docx"
    if not isinstance(format_, str) or format_ not in printing.FORMATS:
        raise tk.ValidationError({"format": [say("应为 docx 或 pdf", "Must be docx or pdf")]})
    print_, media_type = printing.FORMATS[format_]
    try:
        content = print_(known[name])
    except NotPrintable as error:
        raise tk.ValidationError({"format": [say(error.message, error.message_en)]}) from error
    telling.record(application, "print", reader.user_id, paper=name, format=format_, sha256=known[name].sha256)
    return {
        **showing.paper(name, known[name]),
        "filename": f"{known[name].filename}.{format_}",
        "media_type": media_type,
        "content": base64.b64encode(content).decode(),
    }


def govcn_application_file_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Add a file to the application `id`: `upload` (multipart; pdf, png, jpg, docx or xlsx by its content), `paper`
    empty for an attachment, or form, commitment, agreement or supplement for a stamped scan of it. Gives the
    application.

    Attachments are the applicant's, while the form can be changed; the department uploads its own scans of agreement
    and supplement.
    """
    reader = _reader("govcn_application_file_create", context, data_dict)
    application = _found(data_dict, reader, to_change=True)
    paper, given = data_dict.get("paper") or ATTACHMENT, data_dict.get("upload")
    if not isinstance(paper, str) or paper not in (ATTACHMENT, *papers.kinds()):
        raise tk.ValidationError({"paper": [say("没有这样的文书", "There is no such paper")]})
    asker, printed = cases.asker_of(application, reader), printing.papers_of(application).get(paper)
    with _refusals(application, "file_create", reader):
        role = filing.adds(application.state, asker.roles, paper, printed=printed is not None)
    if given is None or not getattr(given, "filename", ""):
        raise tk.ValidationError({"upload": [say("请选择文件", "Please choose a file")]})
    if files.room_for(application, paper) < 1:
        most = files.most(paper)
        raise tk.ValidationError({"upload": [say(f"最多 {most} 个文件", f"At most {most} files")]})
    try:
        content, kind = files.read(given.stream)
    except (FileTooLarge, FileRefused) as error:
        raise tk.ValidationError({"upload": [say(error.message, error.message_en)]}) from error
    file = ApplicationFile(application_id=application.id, paper=paper, role=role, user_id=reader.user_id)
    file.text_sha256 = printed.sha256 if printed is not None else ""
    files.keep(file, given.filename, content, kind)
    telling.record(application, "file_create", reader.user_id, file=file.id, paper=paper, sha256=file.sha256)
    model.Session.commit()
    return showing.shown(application, reader)


def govcn_application_file_delete(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Take the attachment `file` out of one's own application `id`, until it is submitted. Gives the application."""
    reader = _reader("govcn_application_file_delete", context, data_dict)
    application = _found(data_dict, reader, to_change=True)
    identifier = tk.get_or_bust(data_dict, "file")
    file = files.find(application.id, identifier) if isinstance(identifier, str) else None
    if file is None:
        raise tk.ObjectNotFound(say("没有这个文件", "There is no such file"))
    asker, submitted = cases.asker_of(application, reader), showing.was_submitted(file, cases.history(application.id))
    with _refusals(application, "file_delete", reader):
        filing.removes(application.state, asker.roles, file.paper, submitted=submitted)
    files.remove([file])
    telling.record(application, "file_delete", reader.user_id, file=file.id, sha256=file.sha256)
    model.Session.commit()
    files.erase([file])
    return showing.shown(application, reader)


@tk.side_effect_free
def govcn_application_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Applications, the latest change first: `count` and `results`.

    `which`: `mine` (default), `waiting` for a step of the reader as bureau or department, `overdue` (of what the reader
    decides about, the longest waiting first), or `all` that the reader sees; `state`; `limit` (20, at most 200),
    `offset`.
    """
    reader = _reader("govcn_application_list", context, data_dict)
    which, state = data_dict.get("which") or "mine", data_dict.get("state") or ""
    if which not in LISTS:
        raise tk.ValidationError({"which": [say(f"应为 {', '.join(LISTS)}", f"Must be one of {', '.join(LISTS)}")]})
    if not isinstance(state, str) or (state and state not in table().states):
        raise tk.ValidationError({"state": [say("没有这种状态", "There is no such state")]})
    if which == figures.OVERDUE:
        return _overdue(reader, state, *_page(data_dict))
    count, rows = cases.listed(reader, which, state, *_page(data_dict))
    histories = cases.histories([row.id for row in rows])
    return {"count": count, "results": [showing.line(row, histories[row.id]) for row in rows]}


@tk.side_effect_free
def govcn_application_decision_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The public, de-identified list of decisions, the latest month first: `count` and `results` with dataset, month,
    subject_kind, outcome (approve, refuse, approve_renewal, refuse_renewal) and reason_class. `limit` (20, at most
    200), `offset`."""
    tk.check_access("govcn_application_decision_list", context, data_dict)
    count, rows = cases.decisions(*_page(data_dict))
    return {"count": count, "results": rows}


@tk.side_effect_free
def govcn_application_transparency_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """What is published of all applications: `total` and `departments`, each with `received`, `approved`, `refused`,
    `withdrawn`, `waiting` and `median_days` (working days from submission to decision); null is withheld, since it is
    below `least` or would follow from what is told (application/transparency.py)."""
    tk.check_access("govcn_application_transparency_show", context, data_dict)
    return dict(figures.public())


@tk.side_effect_free
def govcn_application_statistics_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Numbers of the applications that the reader decides about, as bureau or department: `states`, `overdue`,
    `departments` (`received`, outcomes, `overdue`, `median_days`)."""
    return figures.of_reader(_reader("govcn_application_statistics_show", context, data_dict))


def _overdue(reader: Reader, state: str, limit: int, offset: int) -> dict[str, Any]:
    running = [each for each in cases.running(reader) if not state or each.state == state]
    histories = cases.histories([each.id for each in running])
    late = [each for each in running if figures.is_overdue(each, histories[each.id])]
    shown = late[offset : offset + limit]
    return {"count": len(late), "results": [showing.line(each, histories[each.id]) for each in shown]}


def _reader(action: str, context: Context, data_dict: DataDict) -> Reader:
    tk.check_access(action, context, data_dict)
    user = user_of(context)
    if user is None:
        raise tk.NotAuthorized(say("请先登录", "Please log in"))
    return reader_of(user)


def _text(name: str, value: Any) -> str:
    """A field of a step. Raises ValidationError: what is not understood is never left out, it may be a limit."""
    if isinstance(value, list) and name in agreed.LISTS:
        return _text(name, _lines(name, value))
    if value is None or isinstance(value, str) or type(value) is int:
        text = "" if value is None else str(value)
        if text == storable(text):
            return text
        unreadable = say("含有无法保存的字符，请删去后再提交", "Holds characters that cannot be kept; take them out")
        raise tk.ValidationError({name: [unreadable]})
    raise tk.ValidationError({name: [say("应为文本或整数", "Must be a text or a whole number")]})


def _lines(name: str, values: list[Any]) -> str:
    """Names as lines; one that is empty would be left out, and leave out a limit with it."""
    if not all(isinstance(value, str) and value.strip() and len(value.splitlines()) == 1 for value in values):
        raise tk.ValidationError({name: [say("请至少选择一项，且名称不为空", "Choose at least one; no name is empty")]})
    return "\n".join(values)


def _found(data_dict: DataDict, reader: Reader, *, to_change: bool = False) -> Application:
    identifier = tk.get_or_bust(data_dict, "id")
    found = cases.find(identifier, reader, to_change=to_change) if isinstance(identifier, str) else None
    if found is None:
        raise tk.ObjectNotFound(say("没有这份申请", "There is no such application"))
    return found


@contextmanager
def _refusals(application: Application, event: str, reader: Reader) -> Iterator[None]:
    """A refusal as CKAN's, and in the audit log."""
    try:
        yield
    except StepRefused as refusal:
        model.Session.rollback()
        telling.record(application, event, reader.user_id, "refused", rule=refusal.rule)
        raise steps.told(refusal) from refusal


def _dataset(context: Context, identifier: Any) -> model.Package:
    """The dataset, if the person may see it."""
    package = model.Package.get(identifier) if isinstance(identifier, str) else None
    if package is None or package.id not in people.visible_ids(people.asking(context), {package.id}):
        raise tk.ObjectNotFound(say("没有这个数据集", "There is no such dataset"))
    return package


def _page(data_dict: DataDict) -> tuple[int, int]:
    limit = min(whole_number(data_dict, "limit", PER_PAGE), LONGEST_LIST)
    return limit, whole_number(data_dict, "offset", 0)
