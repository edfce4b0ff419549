"""Requests as actions. Whoever may not see a request is told that there is none; docs/requests.md has examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context, DataDict

from ckanext.govcn.catalog.text import storable
from ckanext.govcn.dataset.api import plain, whole_number
from ckanext.govcn.dataset.language import say
from ckanext.govcn.dataset.periods import day_of
from ckanext.govcn.department.acting import Reader, reader_of
from ckanext.govcn.department.bureau import user_of
from ckanext.govcn.request import cases, deadlines, form, rate, steps, timing
from ckanext.govcn.request.kinds import DEMAND, Kind, kinds
from ckanext.govcn.request.model import LONGEST_TITLE, Request
from ckanext.govcn.workflow import machine
from ckanext.govcn.workflow.exceptions import NotYourStep, WrongState

PER_PAGE, LONGEST_LIST = 20, 200
LISTS = ("mine", "waiting", "all")


def govcn_request_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """A request of `kind` with the fields of its form (forms.yaml). Gives the request.

    `demand`: a draft, which `govcn_request_act` with event `submit` hands in. `correction`: the error in the public
    dataset `dataset_id` (id or name), whole and handed in at once.
    """
    reader = _reader("govcn_request_create", context, data_dict)
    kind = _kind(tk.get_or_bust(data_dict, "kind"))
    package = None if kind.name == DEMAND else _dataset(tk.get_or_bust(data_dict, "dataset_id"))
    # one person's requests one after the other: the limit holds for requests that come together, too
    model.Session.execute(sa.select(model.User.id).where(model.User.id == reader.user_id).with_for_update())
    most = form.forms().open_requests
    if cases.unfinished(reader.user_id, kind) >= most:
        model.Session.rollback()
        raise tk.ValidationError(
            {"kind": [say(f"未办结的最多 {most} 件，请等已有的办结", f"At most {most} at a time that are not ended")]}
        )
    answers = form.read(kind.name, data_dict)
    steps.check(kind, answers, complete=not kind.drafts)
    rate.ask_new(kind, reader.user_id)
    request = Request(kind=kind.name, asker_id=reader.user_id, state=kind.table.first)
    if package is not None:
        request.dataset_id, request.title = package.id, (package.title or package.name)[:LONGEST_TITLE]
        request.department_id = package.owner_org if cases.is_department(package.owner_org or "") else None
    steps.fill(request, answers)
    model.Session.add(request)
    model.Session.flush()
    if kind.drafts:
        model.Session.commit()
    else:
        event = steps.SUBMIT if request.department_id else steps.SUBMIT_TO_BUREAU
        steps.take(request, event, cases.asker_of(request, reader), {})
    return _shown(request, reader)


def govcn_request_update(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Change fields of one's own request `id` while it is 草稿 or 补正; what is left out stays."""
    reader = _reader("govcn_request_update", context, data_dict)
    request = _found(data_dict, reader, to_change=True)
    kind = kinds()[request.kind]
    if request.asker_id != reader.user_id:
        role = kind.table.roles[kind.asking]
        refusal = NotYourStep(role.zh, role.en)
        raise tk.NotAuthorized(say(refusal.message, refusal.message_en))
    if not kind.table.states[request.state].editable:
        refusal = WrongState()
        raise tk.ValidationError({"state": [say(refusal.message, refusal.message_en)]})
    given = {name: data_dict[name] for name in form.forms().fields[kind.name] if name in data_dict}
    answers = form.read(kind.name, steps.answers_of(request) | given)
    steps.check(kind, answers, complete=False)
    steps.fill(request, answers)
    model.Session.commit()
    return _shown(request, reader)


def govcn_request_act(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Take a step: `id`, `event` and what it needs or may have (`reason`, `reason_class`, `basis`, `department` by id,
    `public_title`, `promised_on`, `promised_level`, `dataset` by id, name or address).

    Events, who may take them and what they need are the tables of docs/requests.md. Gives the request.
    """
    reader = _reader("govcn_request_act", context, data_dict)
    request = _found(data_dict, reader, to_change=True)
    table, event = kinds()[request.kind].table, tk.get_or_bust(data_dict, "event")
    if not isinstance(event, str) or event not in table.events:
        names = ", ".join(table.events)
        raise tk.ValidationError({"event": [say(f"应为以下之一：{names}", f"Must be one of: {names}")]})
    given = {name: _text(name, data_dict[name]) for name in table.fields if name in data_dict}
    steps.take(request, event, cases.asker_of(request, reader), given)
    found = cases.find(request.id, reader)  # whoever passed it on may be no part of it any more
    return _shown(found, reader) if found is not None else {"id": request.id, "kind": request.kind}


@tk.side_effect_free
def govcn_request_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The request `id`: its fields, `state`, `steps` (its history) and `events` that the reader could take now. Only
    for who asked, the editors of the department in charge and the bureau; a draft for who asked."""
    reader = _reader("govcn_request_show", context, data_dict)
    return _shown(_found(data_dict, reader), reader)


@tk.side_effect_free
def govcn_request_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Requests: `count` and `results`.

    `which`: `mine` (default), `waiting` for a step of the reader as bureau or department (the oldest first), or `all`
    that the reader sees; `kind` (demand, correction); `state`; `limit` (20, at most 200), `offset`.
    """
    reader = _reader("govcn_request_list", context, data_dict)
    which, kind, state = (data_dict.get(name) or "" for name in ("which", "kind", "state"))
    which = which or "mine"
    if which not in LISTS:
        raise tk.ValidationError({"which": [say(f"应为 {', '.join(LISTS)}", f"Must be one of {', '.join(LISTS)}")]})
    known = [_kind(kind)] if kind else list(kinds().values())
    if state and not (isinstance(state, str) and any(state in each.table.states for each in known)):
        raise tk.ValidationError({"state": [say("没有这种状态", "There is no such state")]})
    limit, offset = _page(data_dict)
    count, rows = cases.listed(reader, which, kind=kind, state=state, limit=limit, offset=offset)
    histories, titles = cases.histories([row.id for row in rows]), cases.titles(rows, reader)
    return {"count": count, "results": [_line(row, histories[row.id], titles[row.id]) for row in rows]}


@tk.side_effect_free
def govcn_request_public_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The public, de-identified list of demands that were taken up, the latest month first: `count` and `results` with
    title, month, department, state, outcome (an event, or null), reason_class, basis (empty unless the bureau has
    upheld the answer), promised_on, promised_level, dataset, supporters and `supported` by the reader. `limit` (20, at
    most 200), `offset`."""
    tk.check_access("govcn_request_public_list", context, data_dict)
    user = user_of(context)
    count, rows = cases.published(reader_of(user) if user is not None else None, *_page(data_dict))
    return {"count": count, "results": [_public(row) for row in rows]}


def govcn_request_support(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """我也需要: the demand `id` of the public list, once an account; `support` false takes it back. Gives `supporters`.

    Not for one's own.
    """
    reader = _reader("govcn_request_support", context, data_dict)
    identifier = tk.get_or_bust(data_dict, "id")
    request = cases.public(identifier) if isinstance(identifier, str) else None
    if request is None:
        raise tk.ObjectNotFound(_nothing())
    if request.asker_id == reader.user_id:
        raise tk.ValidationError({"id": [say("这是您自己提出的需求", "This is your own demand")]})
    wanted = _yes_or_no(data_dict, "support")
    rate.ask_support(reader.user_id)
    count = cases.support(request.id, reader.user_id, wanted=wanted)
    model.Session.commit()
    return {"id": request.id, "supporters": count, "supported": wanted}


def _reader(action: str, context: Context, data_dict: DataDict) -> Reader:
    tk.check_access(action, context, data_dict)
    user = user_of(context)
    if user is None:
        raise tk.NotAuthorized(say("请先登录", "Please log in"))
    return reader_of(user)


def _kind(name: Any) -> Kind:
    found = kinds().get(name) if isinstance(name, str) else None
    if found is None:
        names = ", ".join(kinds())
        raise tk.ValidationError({"kind": [say(f"应为以下之一：{names}", f"Must be one of: {names}")]})
    return found


def _text(name: str, value: Any) -> str:
    """A field of a step. Raises ValidationError: what is not understood is never left out."""
    if value is None or isinstance(value, str):
        return storable(value or "").replace("\r\n", "\n").strip()
    raise tk.ValidationError({name: [say("应为文本", "Must be a text")]})


def _yes_or_no(data_dict: DataDict, name: str) -> bool:
    """A switch that is on when it is left out. Raises ValidationError."""
    try:
        return tk.asbool(data_dict.get(name, True))
    except ValueError as wrong:
        raise tk.ValidationError({name: [say("应为 true 或 false", "Must be true or false")]}) from wrong


def _nothing() -> str:
    return say("没有这件需求或纠错", "There is no such request")


def _found(data_dict: DataDict, reader: Reader, *, to_change: bool = False) -> Request:
    identifier = tk.get_or_bust(data_dict, "id")
    found = cases.find(identifier, reader, to_change=to_change) if isinstance(identifier, str) else None
    if found is None:
        raise tk.ObjectNotFound(_nothing())
    return found


def _dataset(identifier: Any) -> model.Package:
    """The dataset, if everybody can see it: a closed one is as one that is not there, also for those who see it."""
    package = cases.public_dataset(identifier) if isinstance(identifier, str) else None
    if package is None:
        raise tk.ObjectNotFound(say("没有这个公开的数据集", "There is no such public dataset"))
    return package


def _page(data_dict: DataDict) -> tuple[int, int]:
    limit = min(whole_number(data_dict, "limit", PER_PAGE), LONGEST_LIST)
    return limit, whole_number(data_dict, "offset", 0)


def _line(request: Request, history: list[dict[str, Any]], title: str) -> dict[str, Any]:
    """What lists show of a request; `deadline` is null where none runs."""
    names = ("id", "kind", "state", "error_kind", "department_id")
    times = {name: getattr(request, name) for name in ("created_at", "submitted_at", "changed_at")}
    return (
        {name: getattr(request, name) for name in names}
        | plain(times)
        | {
            "title": title,
            "department": cases.department_title(request.department_id),
            "deadline": deadlines.told(request, history),
        }
    )


def _shown(request: Request, reader: Reader) -> dict[str, Any]:
    kind = kinds()[request.kind]
    asker, history = cases.asker_of(request, reader), cases.history(request.id)
    asks = kind.asking in asker.roles
    return {
        **steps.answers_of(request),
        **_line(request, history, cases.titles([request], reader)[request.id]),
        "public_title": request.public_title,
        "dataset": _dataset_of(request.dataset_id),
        "roles": sorted(asker.roles),
        "editable": asks and kind.table.states[request.state].editable,
        "events": [
            event.name
            for event in machine.steps_for(kind.table, request.state, asker)
            if event.name != timing.DISPUTE or steps.in_time(request)
        ],
        "disputable_until": _disputable_until(kind, request),
        "supporters": cases.supporters(request.id),
        "steps": [_step(row, reader, kind, asks=asks) for row in history],
    }


def _disputable_until(kind: Kind, request: Request) -> str | None:
    """The last day on which who asked may dispute the answer, while it stands open."""
    if (request.state, steps.CLOSE) not in kind.table.rules:
        return None
    return timing.disputable_until(day_of(request.changed_at), form.forms().dispute_days).isoformat()


def _dataset_of(dataset_id: str | None) -> dict[str, str] | None:
    """A dataset while everybody can see it."""
    package = cases.public_dataset(dataset_id) if dataset_id else None
    return {"name": package.name, "title": package.title or package.name} if package is not None else None


def _step(row: Mapping[str, Any], reader: Reader, kind: Kind, *, asks: bool) -> dict[str, Any]:
    """A step of the history. Who took it is for those who deal with it, and who asked is for nobody: they read which
    role it was."""
    shown = ("event", "from_state", "to_state", "role", "reason", "reason_class", "basis", "promised_level", "at")
    named = row["user_id"] == reader.user_id or not (asks or row["role"] == kind.asking)
    return plain({name: row[name] for name in shown}) | {
        "user_id": row["user_id"] if named else None,
        "department": cases.department_title(row["department_id"]),
        "dataset": _dataset_of(row["dataset_id"]),
        "promised_on": row["promised_on"].isoformat() if row["promised_on"] else None,
    }


def _public(row: dict[str, Any]) -> dict[str, Any]:
    dataset = {"name": row["dataset_name"], "title": row["dataset_title"]} if row["dataset_name"] else None
    names = ("id", "title", "month", "state", "outcome", "reason_class", "basis", "promised_level", "supporters")
    return {name: row[name] for name in names} | {
        "department": cases.department_title(row["department_id"]),
        "promised_on": row["promised_on"].isoformat() if row["promised_on"] else None,
        "dataset": dataset,
        "supported": row["supported"],
    }
