"""The ledger as actions. Whoever may not see a request is told that there is none; docs/sharing.md has examples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.govcn.catalog.text import storable
from ckanext.govcn.dataset.api import plain, whole_number
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.bureau import user_of
from ckanext.govcn.sharing import cases, deadlines, form, ledger, rules, steps
from ckanext.govcn.sharing.cases import Reader
from ckanext.govcn.sharing.exceptions import BookRefused, RequestRefused
from ckanext.govcn.sharing.model import Request
from ckanext.govcn.sharing.rules import REQUESTER, table
from ckanext.govcn.sharing.steps import Taken
from ckanext.govcn.spreadsheet.exceptions import SpreadsheetError

PER_PAGE, LONGEST_LIST = 20, 200
LISTS = ("asked", "received", "waiting", "all", "overdue")
UPLOAD_SIZE = "ckanext.govcn.sharing.upload_size"


def govcn_sharing_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """A draft for the entry `dataset_id` (id or name), or for what `title` says in words, of the department `provider`
    (id, name or title), where the catalogue shows no such entry. `department`: who asks, where the person is a clerk of
    several; any of the form's fields (form.yaml). Gives the request.

    The entry has to be published as 有条件共享 or 不予共享.
    """
    reader = _reader("govcn_sharing_create", context, data_dict)
    requester = _own_department(data_dict, reader)
    answers = form.read(data_dict)
    request = Request(requester_id=requester, dataset_id="", share_type=rules.IN_WORDS, created_by=reader.user_id)
    with told():
        if data_dict.get("dataset_id"):
            package = _dataset(reader.user_id, data_dict["dataset_id"])
            request.dataset_id, answers["title"] = package.id, steps.title_of(package)
            request.provider_id, request.share_type = steps.entry_for(package)
        else:
            provider = cases.department(str(data_dict.get("provider") or ""))
            if provider is None:
                raise RequestRefused({"provider": [("请选择提供部门", "Choose the department that provides it")]})
            request.provider_id = provider
        steps.check(answers, complete=False)
        ledger.create(request, answers, reader.user_id)
    return _shown(request, reader)


def govcn_sharing_update(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Change fields of one's own department's request `id` while it is 草稿 or 补正; what is left out stays."""
    reader = _reader("govcn_sharing_update", context, data_dict)
    request = _found(data_dict, reader, to_change=True)
    if request.requester_id not in reader.departments:
        raise tk.NotAuthorized(say("申请内容由使用部门填写", "What is asked for is the asking department's to write"))
    if not table().states[request.state].editable:
        raise tk.ValidationError(
            {"state": [say("现在的状态不能修改申请", "It cannot be changed in its present state")]}
        )
    given = {name: data_dict[name] for name in form.form().fields if name in data_dict}
    answers = form.read(steps.answers_of(request) | given)
    with told():
        steps.check(answers, complete=False)
    steps.fill(request, answers)
    model.Session.commit()
    return _shown(request, reader)


def govcn_sharing_act(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Take a step: `id`, `event` and what it needs (`reason`, `reason_class`, `basis`, `days`, `delivered_on`, `way`).

    Events, who may take them and what they need are the table of docs/sharing.md. Gives the request.
    """
    reader = _reader("govcn_sharing_act", context, data_dict)
    request = _found(data_dict, reader, to_change=True)
    event = tk.get_or_bust(data_dict, "event")
    if not isinstance(event, str) or event not in table().events:
        names = ", ".join(table().events)
        raise tk.ValidationError({"event": [say(f"应为以下之一：{names}", f"Must be one of: {names}")]})
    given = {name: _text(name, data_dict[name]) for name in table().fields if name in data_dict}
    with told():
        steps.take(request, Taken.now(event, cases.asker_of(request, reader), given))
    return _shown(request, reader)


@tk.side_effect_free
def govcn_sharing_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The request `id`: its fields, `state`, `deadline`, `steps` (its history) and `events` that the reader could take
    now. For the clerks of the two departments and the bureau; a draft for those who ask."""
    reader = _reader("govcn_sharing_show", context, data_dict)
    return _shown(_found(data_dict, reader), reader)


@tk.side_effect_free
def govcn_sharing_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Requests, the latest change first: `count` and `results`.

    `which`: `asked` (default) or `received` by the reader's departments, `waiting` for a step of the reader, `all` or
    `overdue` of those that the reader sees; `state`; `limit` (20, at most 200), `offset`.
    """
    reader = _reader("govcn_sharing_list", context, data_dict)
    which, state = data_dict.get("which") or "asked", data_dict.get("state") or ""
    if which not in LISTS:
        raise tk.ValidationError({"which": [say(f"应为 {', '.join(LISTS)}", f"Must be one of {', '.join(LISTS)}")]})
    if state and (not isinstance(state, str) or state not in table().states):
        raise tk.ValidationError({"state": [say("没有这种状态", "There is no such state")]})
    limit = min(whole_number(data_dict, "limit", PER_PAGE), LONGEST_LIST)
    offset = whole_number(data_dict, "offset", 0)
    if which == "overdue":
        late = [row for row in deadlines.overdue(reader) if state in ("", row.state)]
        count, rows = len(late), late[offset : offset + limit]
    else:
        count, rows = cases.listed(reader, which, state, limit, offset)
    return {"count": count, "results": _lines(rows)}


def govcn_sharing_import(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Take in the workbook `upload` (xlsx, as `/govcn/sharing/export` gives it), as the person: drafts of the own
    department, changes of them, and further rows of 办理经过 as steps. Gives the counts `new`, `changed`, `unchanged`
    and `refused`, and `rows` with `row`, `id`, `outcome` and `reasons` (`zh`, `en`)."""
    reader = _reader("govcn_sharing_import", context, data_dict)
    upload = data_dict.get("upload")
    stream = getattr(upload, "stream", None)
    if stream is None:
        raise tk.ValidationError({"upload": [say("请选择 xlsx 文件", "Choose an xlsx file")]})
    most = int(tk.config[UPLOAD_SIZE])
    data = stream.read(most + 1)
    if len(data) > most:
        said = f"文件超过 {most >> 20} MB，请分批导入", f"Larger than {most >> 20} MB; import less at once"
        raise tk.ValidationError({"upload": [say(*said)]})
    try:
        return ledger.report(ledger.bring_in(data, ledger.By(reader)))
    except (SpreadsheetError, BookRefused) as wrong:
        raise tk.ValidationError({"upload": [say(wrong.message, wrong.message_en)]}) from wrong


@contextmanager
def told() -> Iterator[None]:
    """A refusal as CKAN's, in the reader's language."""
    try:
        yield
    except RequestRefused as refusal:
        errors: dict[str, Any] = {name: [say(*each) for each in said] for name, said in refusal.faults.items()}
        if refusal.personal:
            raise tk.NotAuthorized("；".join(each for said in errors.values() for each in said)) from refusal
        raise tk.ValidationError(errors) from refusal


def _reader(action: str, context: Context, data_dict: DataDict) -> Reader:
    tk.check_access(action, context, data_dict)
    user = user_of(context)
    if user is None:
        raise tk.NotAuthorized(say("请先登录", "Please log in"))
    return cases.reader_of(user)


def _own_department(data_dict: DataDict, reader: Reader) -> str:
    """The confirmed department that asks."""
    wanted = data_dict.get("department")
    chosen = cases.department(wanted) if isinstance(wanted, str) and wanted else None
    if not wanted and len(reader.confirmed) == 1:
        return reader.confirmed[0]
    if chosen is None or chosen not in reader.confirmed:
        if not reader.confirmed:
            raise tk.NotAuthorized(
                say("只有已确认部门的经办人可以申请共享", "Only clerks of confirmed departments ask for sharing")
            )
        raise tk.ValidationError(
            {"department": [say("请选择您所在的使用部门", "Choose the department that you act for")]}
        )
    return chosen


def _text(name: str, value: Any) -> str:
    """A field of a step. Raises ValidationError: what is not understood is never left out."""
    if value is None or isinstance(value, str) or type(value) is int:
        return "" if value is None else str(value)
    raise tk.ValidationError({name: [say("应为文本或整数", "Must be a text or a whole number")]})


def _found(data_dict: DataDict, reader: Reader, *, to_change: bool = False) -> Request:
    identifier = tk.get_or_bust(data_dict, "id")
    found = cases.find(identifier, reader, to_change=to_change) if isinstance(identifier, str) else None
    if found is None:
        raise tk.ObjectNotFound(say("没有这份共享申请", "There is no such request"))
    return found


def _dataset(user_id: str, identifier: Any) -> model.Package:
    """The dataset, if the person may see it: not by being a system administrator."""
    package = model.Package.get(storable(identifier)) if isinstance(identifier, str) else None
    if package is None or not cases.visible(user_id, {package.id}):
        raise tk.ObjectNotFound(say("没有这个数据集", "There is no such dataset"))
    return package


def _lines(rows: list[Request]) -> list[dict[str, Any]]:
    """What lists show of requests; `deadline` is null where none runs."""
    histories = cases.histories([row.id for row in rows])
    parties = cases.departments({each for row in rows for each in (row.requester_id, row.provider_id)})
    return [_line(row, histories[row.id], parties) for row in rows]


def _line(row: Request, history: list[dict[str, Any]], parties: Any) -> dict[str, Any]:
    times = {name: getattr(row, name) for name in ("created_at", "submitted_at", "changed_at")}

    def party(organization: str) -> dict[str, str]:
        name, title = parties.get(organization, (organization, organization))
        return {"id": organization, "name": name, "title": title}

    return {
        "id": row.id,
        "dataset_id": row.dataset_id or None,
        "title": row.title,
        "share_type": row.share_type or None,
        "state": row.state,
        "requester": party(row.requester_id),
        "provider": party(row.provider_id),
        **plain(times),
        "deadline": deadlines.told(row, history),
    }


def _shown(row: Request, reader: Reader) -> dict[str, Any]:
    asker, history = cases.asker_of(row, reader), cases.history(row.id)
    parties = cases.departments({row.requester_id, row.provider_id})
    return {
        **_line(row, history, parties),
        **steps.answers_of(row),
        "roles": sorted(asker.roles),
        "editable": REQUESTER in asker.roles and table().states[row.state].editable,
        "events": [event.name for event in rules.steps_for(row.state, asker)],
        "steps": [_step(each, asker.roles, reader) for each in history],
    }


def _step(row: dict[str, Any], roles: Any, reader: Reader) -> dict[str, Any]:
    """A step of the history. Which person took it is told to those of the same side; others read which side it was."""
    shown = ("event", "from_state", "to_state", "role", "reason", "reason_class", "basis", "days", "way", "at")
    on = row["delivered_on"]
    own = row["role"] in roles or row["user_id"] == reader.user_id
    return plain({name: row[name] for name in shown}) | {
        "delivered_on": on.isoformat() if on else None,
        "user_id": row["user_id"] if own else None,
    }
