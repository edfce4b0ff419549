"""Pages: what my department asks and is asked, what waits, one request with its steps, the workbook out and in."""

from __future__ import annotations

import io
from typing import Any

import flask
from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset import forms, pages
from ckanext.govcn.dataset.language import say
from ckanext.govcn.sharing import cases, form, ledger
from ckanext.govcn.sharing.action import LISTS, PER_PAGE
from ckanext.govcn.sharing.rules import table
from ckanext.govcn.spreadsheet.cells import XLSX

sharing = flask.Blueprint("govcn_sharing", __name__, url_prefix="/govcn/sharing")
sharing.register_error_handler(tk.NotAuthorized, pages.refused)
sharing.after_request(pages.kept_alone)


@sharing.before_request
def _for_clerks() -> None:
    tk.check_access("govcn_sharing_list", forms.asking(), {})


@sharing.route("")
def index() -> Any:
    """What one's departments ask (`which=asked`), are asked (`received`), what waits for one, all that one sees, and
    what of it is overdue."""
    reader = cases.reader_of(tk.current_user)  # type: ignore[arg-type]
    offered = ["waiting", *(["asked", "received"] if reader.departments else []), "all", "overdue"]
    counts = {each: _call("govcn_sharing_list", which=each, limit=0)["count"] for each in ("waiting", "overdue")}
    which = tk.request.args.get("which") or ("waiting" if counts["waiting"] or not reader.departments else "asked")
    if which not in LISTS:
        return tk.abort(404)
    found = _call("govcn_sharing_list", which=which, limit=PER_PAGE, offset=(pages.number() - 1) * PER_PAGE)
    values = {"found": found, "which": which, "offered": offered, "counts": counts, "asks": bool(reader.confirmed)}
    return tk.render("sharing/index.html", values | pages.of(found["count"], PER_PAGE))


@sharing.route("/new", methods=["GET", "POST"])
def new() -> Any:
    """The form for the dataset `dataset`, or for data in words."""
    name = tk.request.args.get("dataset") or ""
    package = _call("package_show", id=name) if name else None
    answers, errors = form.read({"title": package["title"] if package else ""}), {}
    if tk.request.method == "POST":
        answers = _answers()
        parties = {each: tk.request.form.get(each, "") for each in ("department", "provider")}
        try:
            made = _call("govcn_sharing_create", dataset_id=package["id"] if package else "", **parties, **answers)
        except tk.ValidationError as faults:
            errors = faults.error_dict
        else:
            return _after_saving(made["id"])
    address = tk.h.url_for("govcn_sharing.new", dataset=name) if name else tk.h.url_for("govcn_sharing.new")
    return _form(answers, errors, address, package=package)


@sharing.route("/<uuid:id>")
def read(id: Any) -> Any:  # noqa: A002 - CKAN's name for it
    """One request, its history, and the steps that its reader may take."""
    request = _call("govcn_sharing_show", id=str(id))
    return tk.render("sharing/read.html", {"request_": request, "errors": {}, "given": {}, "tried": ""})


@sharing.route("/<uuid:id>/edit", methods=["GET", "POST"])
def edit(id: Any) -> Any:  # noqa: A002 - CKAN's name for it
    """The form of a draft, or of what is to be completed."""
    request = _call("govcn_sharing_show", id=str(id))
    if not request["editable"]:
        return tk.redirect_to("govcn_sharing.read", id=id)
    answers, errors = form.read(request), {}
    if tk.request.method == "POST":
        answers = _answers()
        try:
            _call("govcn_sharing_update", id=str(id), **answers)
        except tk.ValidationError as faults:
            errors = faults.error_dict
        else:
            return _after_saving(str(id))
    return _form(answers, errors, tk.h.url_for("govcn_sharing.edit", id=id), request=request)


@sharing.route("/<uuid:id>/act", methods=["POST"])
def act(id: Any) -> Any:  # noqa: A002 - CKAN's name for it
    """One step; what was given stays in the form when something is missing."""
    event = tk.request.form.get("event", "")
    given = {name: tk.request.form[name] for name in table().fields if name in tk.request.form}
    try:
        _call("govcn_sharing_act", id=str(id), event=event, **given)
    except tk.ValidationError as faults:
        request = _call("govcn_sharing_show", id=str(id))
        if event not in request["events"]:
            forms.tell(faults)
            return tk.redirect_to("govcn_sharing.read", id=id)
        values = {"request_": request, "errors": faults.error_dict, "given": given, "tried": event}
        return tk.render("sharing/read.html", values)
    tk.h.flash_success(say("已办理", "Done"))
    return tk.redirect_to("govcn_sharing.read", id=id)


@sharing.route("/export")
def export() -> Any:
    """The workbook of all that the reader sees."""
    reader = cases.reader_of(tk.current_user)  # type: ignore[arg-type]
    _count, rows = cases.listed(reader, "all", limit=None)
    content = ledger.export(rows, ledger.By(reader))
    name = say("共享申请台账.xlsx", "sharing.xlsx")
    return flask.send_file(io.BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=name)


@sharing.route("/import", methods=["GET", "POST"])
def bring_in() -> Any:
    """A workbook is taken in, and what came of each row."""
    found, errors = None, {}
    if tk.request.method == "POST":
        try:
            found = _call("govcn_sharing_import", upload=tk.request.files.get("upload"))
        except tk.ValidationError as faults:
            errors = faults.error_dict
    return tk.render("sharing/import.html", {"found": found, "errors": errors})


def _call(action: str, **data: Any) -> Any:
    """The action for the reader; 404 for what is not there for them. Raises NotAuthorized, ValidationError."""
    try:
        return tk.get_action(action)(forms.asking(), data)
    except tk.ObjectNotFound:
        return tk.abort(404, say("没有这份共享申请或这个数据集", "There is no such request or dataset"))


def _answers() -> dict[str, str]:
    return form.read({name: tk.request.form.get(name, "") for name in form.form().fields})


def _after_saving(request_id: str) -> Any:
    """Saved; submitted as well where that button was pressed."""
    if "submit" not in tk.request.form:
        tk.h.flash_success(say("草稿已保存", "The draft is saved"))
        return tk.redirect_to("govcn_sharing.edit", id=request_id)
    try:
        _call("govcn_sharing_act", id=request_id, event="submit")
    except tk.ValidationError as faults:
        request = _call("govcn_sharing_show", id=request_id)
        address = tk.h.url_for("govcn_sharing.edit", id=request_id)
        return _form(form.read(request), faults.error_dict, address, request=request)
    tk.h.flash_success(say("申请已提交", "The request is submitted"))
    return tk.redirect_to("govcn_sharing.read", id=request_id)


def _form(answers: Any, errors: Any, address: str, package: Any = None, request: Any = None) -> Any:
    values = {"answers": answers, "errors": errors, "address": address, "package": package, "request_": request}
    return tk.render("sharing/form.html", values | {"given": tk.request.form})
