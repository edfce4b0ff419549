"""Pages of 目录归集 for a department's editors and the bureau. ADAPTER: each page shows what an action gives.

`/harvest` sources · `/harvest/source/<name>` · `/harvest/runs` · `/harvest/run/<number>` · `/harvest/jobs` ·
`/harvest/upload/<department>`.
Every page works without scripts; with them, what is under way is asked for again every few seconds.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import ckan.plugins.toolkit as tk
import flask
from ckan import model
from ckan.lib.pagination import Page
from werkzeug.wrappers import Response

from ckanext.govcn.dataset import forms, pages
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.bureau import organizations_of, user_of
from ckanext.govcn.harvest import auth, changes, health, queries, rules, sheets, uploads
from ckanext.govcn.harvest import jobs as records

desk = flask.Blueprint("govcn_harvest", __name__, url_prefix="/harvest")
entry = flask.Blueprint("govcn_harvest_entry", __name__)

GOING = ("running", "waiting")
UNATTENDED = 60
"""Seconds after which a job that waits while nothing runs means that no worker is there."""
PER_PAGE = 20
PROBLEMS_PER_PAGE = 50
CHANGES_PER_PAGE = 20
MAX_REASON = 2000
DOWNLOADED = 100_000
"""Problems in one downloaded list; a longer one says that it was cut."""


entry.register_error_handler(tk.NotAuthorized, pages.refused)
desk.register_error_handler(tk.NotAuthorized, pages.refused)


@desk.route("")
def sources() -> str:
    """归集来源: every source that one looks after, with its health."""
    asked = _page_asked(PER_PAGE)
    found = _ask("govcn_harvest_source_list", **asked)
    sources_ = [each | {"picture": _trend(each)} for each in found["results"]]
    return tk.render("harvest/sources.html", {"sources": sources_, "page": _pages(found, asked)})


@entry.route("/dataset/<id>/source-record")
def source_record(id: str) -> Any:  # noqa: A002 - CKAN's name for it
    """来源记录 beside its entry, for the owner's members; to others the dataset is unknown or this is refused."""
    try:
        record = tk.get_action("govcn_harvest_record_show")(forms.asking(), {"id": id})
    except tk.ObjectNotFound:
        return tk.abort(404)
    return tk.render("harvest/source_record.html", {"record": record})


@desk.route("/source/<name>")
def source(name: str) -> str:
    """One source: settings as last read, health, runs."""
    found = _ask("govcn_harvest_source_show", id=name)
    asked = _page_asked(PER_PAGE)
    runs_ = _ask("govcn_harvest_run_list", source=name, **asked)
    values = {"source": found | {"picture": _trend(found)}, "runs": runs_["results"], "page": _pages(runs_, asked)}
    return tk.render("harvest/source.html", values)


@desk.route("/source/<name>/run", methods=["POST"])
def run_now(name: str) -> Any:
    """立即归集: a job for the worker, then its page."""
    put_in = _put_in({"kind": "run", "source": name})
    return _to_job(put_in) if put_in else tk.redirect_to("govcn_harvest.source", name=name)


@desk.route("/runs")
def runs() -> str:
    """归集任务 of all sources that one looks after."""
    asked = _page_asked(PER_PAGE)
    found = _ask("govcn_harvest_run_list", **asked)
    return tk.render("harvest/runs.html", {"runs": found["results"], "page": _pages(found, asked)})


@desk.route("/run/<int:number>")
def run(number: int) -> str:
    """One run: progress, counts, what was sent back and how to mend it."""
    found = _ask("govcn_harvest_run_show", id=number)
    asked = _page_asked(PROBLEMS_PER_PAGE)
    only = {name: tk.request.args.get(name) or "" for name in ("severity", "rule")}
    if only["severity"] != "warn":
        only["severity"] = "refuse"
    problems = _ask("govcn_harvest_problem_list", run=number, **only, **asked)
    going = queries.job_of_run(model.Session, number) if found["state"] == "running" else None
    values = {"run": found, "job": going, "problems": problems["results"], "page": _pages(problems, asked)}
    return tk.render("harvest/run.html", values | {"only": only})


@desk.route("/run/<int:number>/progress")
def run_progress(number: int) -> Any:
    """The part of a run's page that changes while it runs; when it has ended the page is loaded anew."""
    found = _ask("govcn_harvest_run_show", id=number)
    response = flask.make_response(tk.render("harvest/snippets/run_progress.html", {"run": found}))
    if found["state"] != "running":
        response.headers["HX-Refresh"] = "true"
    return response


@desk.route("/run/<int:number>/refusals.<kind>")
def refusals(number: int, kind: str) -> Response:
    """退回清单 as csv or xlsx: where, which rule, what to do."""
    if kind not in ("csv", "xlsx"):
        tk.abort(404)
    rows = _all_problems(number)
    name = say(f"退回清单-{number}", f"refusals-{number}")
    if kind == "xlsx":
        return _download(sheets.workbook(name, sheets.HEADINGS, rows), f"{name}.xlsx", sheets.XLSX)
    written = io.StringIO()
    csv.writer(written).writerows([sheets.HEADINGS, *([sheets.harmless(cell) for cell in row] for row in rows)])
    return _download(written.getvalue().encode("utf-8-sig"), f"{name}.csv", "text/csv")


@desk.route("/run/<int:number>/plan")
def plan(number: int) -> str:
    """审阅变更清单: what would change, field by field; what may be carried out can be chosen."""
    found = _ask("govcn_harvest_run_show", id=number)
    asked = _page_asked(CHANGES_PER_PAGE)
    only = tk.request.args.get("show") or ""
    listed = _ask("govcn_harvest_plan_show", run=number, show=only, **asked)
    english = say("", "en") == "en"
    shown = [
        each | {"shown": [changes.shown(field, english=english) for field in each["fields"]]}
        for each in listed["results"]
    ]
    values = {"run": found, "plan": listed, "changes": shown, "page": _pages(listed, asked), "only": only}
    return tk.render("harvest/plan.html", values)


@desk.route("/run/<int:number>/plan", methods=["POST"])
def decide(number: int) -> Any:
    """执行 or 退回: a job for the worker. `what` is selected, all or reject."""
    found = _ask("govcn_harvest_run_show", id=number)
    form = tk.request.form
    what = form.get("what", "")
    arguments: dict[str, Any] = {"run": number}
    if what == "reject":
        reason = form.get("reason", "").strip()
        if not reason:
            tk.h.flash_error(say("请填写退回理由", "Please give a reason"))
            return tk.redirect_to("govcn_harvest.plan", number=number)
        arguments["reason"] = reason[:MAX_REASON]
    else:
        chosen = (name for name in form if name.startswith("choice/") and name.count("/") > 1)
        arguments["fields"] = [[*_named_field(name), form[name]] for name in chosen]
        if what == "selected":
            arguments["only"] = form.getlist("entry")
    kind = "reject" if what == "reject" else "apply"
    put_in = _put_in({"kind": kind, "source": found["source"], "arguments": arguments})
    return _to_job(put_in) if put_in else tk.redirect_to("govcn_harvest.plan", number=number)


def _named_field(name: str) -> tuple[str, str]:
    """(remote id, field) of a choice's name: `choice/<field>/<remote id>`."""
    _, field, remote_id = name.split("/", 2)
    return remote_id, field


@desk.route("/run/<int:number>/undo")
def undo(number: int) -> str:
    """What undoing a run would do, before it is asked for."""
    values = {"run": _ask("govcn_harvest_run_show", id=number), "undo": _ask("govcn_harvest_undo_show", run=number)}
    return tk.render("harvest/undo.html", values)


@desk.route("/run/<int:number>/undo", methods=["POST"])
def turn(number: int) -> Any:
    """撤回 a run, or take that back: a job for the worker."""
    found = _ask("govcn_harvest_run_show", id=number)
    kind = "redo" if found["plan"] == "undone" else "undo"
    put_in = _put_in({"kind": kind, "source": found["source"], "arguments": {"run": number}})
    return _to_job(put_in) if put_in else tk.redirect_to("govcn_harvest.undo", number=number)


@desk.route("/jobs")
def jobs() -> str:
    """归集作业: what waits and runs, who asked for it; and what ended last."""
    going = [each for state in GOING for each in _ask("govcn_harvest_job_list", state=state, limit=200)]
    ended = [each for each in _ask("govcn_harvest_job_list", limit=50) if each["state"] not in GOING]
    return tk.render("harvest/jobs.html", {"going": _named(going), "ended": _named(ended[:PER_PAGE])})


@desk.route("/job/<int:number>")
def job(number: int) -> Any:
    """One job until it has a run or a result; then the page that shows it."""
    found = _ask("govcn_harvest_job_show", id=number)
    return _onward(found) or tk.render("harvest/job.html", _job_values(found))


@desk.route("/job/<int:number>/progress")
def job_progress(number: int) -> Any:
    """The part of a job's page that changes; htmx is sent on where the page itself would be."""
    found = _ask("govcn_harvest_job_show", id=number)
    response = flask.make_response(tk.render("harvest/snippets/job_progress.html", _job_values(found)))
    onward = _onward(found)
    if onward:
        response.headers["HX-Redirect"] = onward.headers["Location"]
    elif found["state"] not in GOING:
        response.headers["HX-Refresh"] = "true"
    return response


@desk.route("/upload")
def departments() -> Any:
    """Whose workbook? The only department of a clerk is not asked for."""
    user = user_of(forms.asking())
    if user is None:
        raise tk.NotAuthorized
    own = queries.departments(model.Session, organizations_of(user, auth.CAPACITIES))
    if len(own) == 1:
        return tk.redirect_to("govcn_harvest.upload", department=own[0]["name"])
    return tk.render("harvest/departments.html", {"departments": own})


@desk.route("/upload/<department>")
def upload(department: str) -> str:
    """下载模板, 填写, 上传; and what was uploaded before."""
    tk.check_access("govcn_harvest_upload_create", forms.asking(), {"department": department})
    group = model.Group.get(department) or tk.abort(404)
    before = _ask("govcn_harvest_job_list", source=rules.source_of_uploads(group.id), kind="preview", limit=10)
    values = {
        "department": group,
        "checks": _named([each for each in before if "upload" in each["arguments"]]),
        "types": uploads.TYPES,
        "megabytes": uploads.largest() >> 20,
        "days": tk.config["ckanext.govcn.harvest.upload_days"],
    }
    return tk.render("harvest/upload.html", values)


@desk.route("/upload/<department>", methods=["POST"])
def check(department: str) -> Any:
    """The uploaded workbook goes to the worker, which checks it."""
    given = {"department": department, "upload": tk.request.files.get("upload")}
    put_in = _put_in(given, "govcn_harvest_upload_create")
    return _to_job(put_in) if put_in else tk.redirect_to("govcn_harvest.upload", department=department)


@desk.route("/upload/<department>/template", methods=["POST"])
def template(department: str) -> Any:
    """The department's workbook, made by the worker."""
    put_in = _put_in({"department": department}, "govcn_harvest_template_create")
    return _to_job(put_in) if put_in else tk.redirect_to("govcn_harvest.upload", department=department)


@desk.route("/job/<int:number>/confirm", methods=["POST"])
def confirm(number: int) -> Any:
    """确认入库: the checked workbook is taken in by a run."""
    found = _ask("govcn_harvest_job_show", id=number)
    checked = (found["result"] or {}).get("upload") or tk.abort(404)
    arguments = {"upload": checked["sha256"], "filename": checked["filename"]}
    put_in = _put_in({"kind": "run", "source": found["source"], "arguments": arguments})
    return _to_job(put_in) if put_in else tk.redirect_to("govcn_harvest.job", number=number)


@desk.route("/job/<int:number>/discard", methods=["POST"])
def discard(number: int) -> Any:
    """不入库: the upload is deleted."""
    found = _ask("govcn_harvest_job_show", id=number)
    forms.carry_out("govcn_harvest_upload_delete", {"id": number})
    _, owner = records.owner_of(model.Session, found["source"])
    return tk.redirect_to("govcn_harvest.upload", department=owner)


@desk.route("/job/<int:number>/workbook")
def workbook(number: int) -> Any:
    """The workbook that a job made: for the department's own clerks."""
    found = _ask("govcn_harvest_job_show", id=number)
    _, owner = records.owner_of(model.Session, found["source"])
    tk.check_access("govcn_harvest_upload_create", forms.asking(), {"department": owner or ""})
    made = (found["result"] or {}).get("workbook") or tk.abort(404)
    kept = uploads.find(found["source"], made["sha256"], made["filename"])
    if kept is None:
        tk.h.flash_error(say("文件已删除或已过保存期限", "The file is no longer kept"))
        return tk.redirect_to("govcn_harvest.job", number=number)
    return pages.kept_alone(
        flask.send_file(kept.path, mimetype=sheets.XLSX, as_attachment=True, download_name=kept.filename)
    )


@desk.route("/job/<int:number>/cancel", methods=["POST"])
def cancel(number: int) -> Any:
    """Cancel what waits or runs."""
    forms.carry_out("govcn_harvest_job_cancel", {"id": number})
    return tk.redirect_to("govcn_harvest.job", number=number)


def _onward(found: dict[str, Any]) -> Any:
    """Where a job leads: a run as soon as there is one; what was decided about a plan, to that run when it is done."""
    asked = found["arguments"].get("run")
    if found["kind"] == "run" and found["run_id"]:
        return tk.redirect_to("govcn_harvest.run", number=found["run_id"])
    if asked and found["state"] == "finished":
        return tk.redirect_to("govcn_harvest.run", number=asked)
    return None


def _job_values(found: dict[str, Any]) -> dict[str, Any]:
    running, ahead = queries.queue(model.Session, found["id"])
    asked = datetime.fromisoformat(max(found["created_at"], found["not_before"]))
    waits = found["state"] == "waiting" and (datetime.now(UTC) - asked).total_seconds() > UNATTENDED
    made = (found["result"] or {}).get("workbook")
    return {
        "job": _named([found])[0],
        "ahead": running + ahead,
        "unattended": waits and not running,
        "kept": bool(made and uploads.find(found["source"], made["sha256"], made["filename"])),
    }


def _named(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Jobs with the titles of their sources and the names of whoever asked for them."""
    titles = queries.titles(model.Session, {each["source"] for each in found})
    people = queries.people(model.Session, {each["wanted_by"] for each in found})
    return [
        each
        | {
            "source_title": titles.get(each["source"], each["source"]),
            "wanted_by_title": people.get(each["wanted_by"], each["wanted_by"]),
        }
        for each in found
    ]


def _to_job(put_in: dict[str, Any]) -> Any:
    return tk.redirect_to("govcn_harvest.job", number=put_in["id"])


def _put_in(job: dict[str, Any], action: str = "govcn_harvest_job_create") -> dict[str, Any] | None:
    """The job that was put in; None, with a message on the next page, when it cannot be."""
    try:
        return tk.get_action(action)(forms.asking(), job)
    except tk.ObjectNotFound:
        return tk.abort(404)
    except tk.NotAuthorized as refusal:
        tk.h.flash_error(refusal.message or say("没有权限", "Not allowed"))
    except tk.ValidationError as faults:
        forms.tell(faults)
    return None


def _all_problems(number: int) -> Iterator[list[Any]]:
    for offset in range(0, DOWNLOADED, 1000):
        found = _ask("govcn_harvest_problem_list", run=number, limit=1000, offset=offset)["results"]
        yield from ([each[column] for column in sheets.COLUMNS] for each in found)
        if len(found) < 1000:
            return


def _download(content: bytes, name: str, media_type: str) -> Response:
    return pages.kept_alone(
        flask.send_file(io.BytesIO(content), mimetype=media_type, as_attachment=True, download_name=name)
    )


def _ask(action: str, **data: Any) -> Any:
    """The answer of an action to whoever sends this request; 404 for what is not there, 400 for what is no question."""
    try:
        return tk.get_action(action)(forms.asking(), data)
    except tk.ObjectNotFound:
        return tk.abort(404)
    except tk.ValidationError as faults:
        return tk.abort(400, str(faults))


def _page_asked(size: int) -> dict[str, int]:
    number = tk.h.get_page_number(tk.request.args)
    return {"limit": size, "offset": (number - 1) * size}


def _pages(found: dict[str, Any], asked: dict[str, int]) -> Page:
    def address(page: int, **_more: Any) -> str:
        kept: dict[str, Any] = {name: value for name, value in tk.request.args.items() if name != "page"}
        return tk.h.url_for(str(tk.request.endpoint), **(tk.request.view_args or {}) | kept | {"page": page})

    return Page(
        found["results"],
        page=asked["offset"] // asked["limit"] + 1,
        url=address,
        item_count=found["count"],
        items_per_page=asked["limit"],
        presliced_list=True,
    )


def _trend(source_: dict[str, Any]) -> health.Trend:
    return health.trend_of([health.Run(**each) for each in source_["trend"]])
