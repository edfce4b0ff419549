"""Pages: apply, my applications and what waits for me, one application with its steps, the public list of decisions."""

from __future__ import annotations

import base64
import io
from typing import Any

import ckan.plugins as p
import flask
from ckan.plugins import toolkit as tk

from ckanext.govcn.access.exceptions import FileMissing
from ckanext.govcn.application import cases, files, form, telling, texts
from ckanext.govcn.application.action import LISTS, PER_PAGE
from ckanext.govcn.application.machine import table
from ckanext.govcn.dataset import forms, pages
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.acting import reader_of
from ckanext.govcn.department.bureau import user_of

applications = flask.Blueprint("govcn_application", __name__, url_prefix="/govcn")
PUBLIC = ("govcn_application.decisions", "govcn_application.transparency")


@applications.before_request
def _log_in() -> Any:
    """Everything but what is public is for whoever is logged in."""
    if tk.current_user.is_authenticated or tk.request.endpoint in PUBLIC:
        return None
    return tk.redirect_to("user.login", came_from=tk.request.full_path.rstrip("?"))


@applications.after_request
def _kept_alone(response: flask.Response) -> flask.Response:
    return response if tk.request.endpoint == "govcn_application.decisions" else pages.kept_alone(response)


@applications.route("/applications")
def index() -> Any:
    """One's own applications (`which=mine`), what waits for one (`waiting`), or all one sees (`all`)."""
    tabs = _tabs()
    which = tk.request.args.get("which") or ("waiting" if tabs["waiting"] else "mine")
    if which not in LISTS:
        return tk.abort(404)
    found = _call("govcn_application_list", which=which, limit=PER_PAGE, offset=(pages.number() - 1) * PER_PAGE)
    values = {"found": found, "which": which, **tabs}
    return tk.render("application/index.html", values | pages.of(found["count"], PER_PAGE))


@applications.route("/applications/new", methods=["GET", "POST"])
def new() -> Any:
    """The form for the dataset `dataset`."""
    package = _call("package_show", id=tk.request.args.get("dataset") or "")
    answers, errors = form.read({}), {}
    if tk.request.method == "POST":
        answers = _answers()
        try:
            made = _call("govcn_application_create", dataset_id=package["id"], **answers)
        except tk.ValidationError as faults:
            errors = faults.error_dict
        else:
            return _after_saving(made["id"])
    return _form(answers, errors, package["title"], tk.h.url_for("govcn_application.new", dataset=package["name"]))


@applications.route("/applications/<id>")
def read(id: str) -> Any:  # noqa: A002 - CKAN's name for it
    """One application, its history, and the steps that its reader may take."""
    return tk.render(
        "application/read.html",
        {"application": _call("govcn_application_show", id=id), "errors": {}, "given": {}, "tried": ""},
    )


@applications.route("/applications/<id>/edit", methods=["GET", "POST"])
def edit(id: str) -> Any:  # noqa: A002 - CKAN's name for it
    """The form of a draft, or of what is to be completed."""
    application = _call("govcn_application_show", id=id)
    if not application["editable"]:
        return tk.redirect_to("govcn_application.read", id=id)
    answers, errors = form.read(application), {}
    if tk.request.method == "POST":
        answers = _answers()
        try:
            _call("govcn_application_update", id=id, **answers)
        except tk.ValidationError as faults:
            errors = faults.error_dict
        else:
            return _after_saving(id)
    return _form(
        answers, errors, application["dataset_title"], tk.h.url_for("govcn_application.edit", id=id), application
    )


@applications.route("/applications/<id>/act", methods=["POST"])
def act(id: str) -> Any:  # noqa: A002 - CKAN's name for it
    """One step; what was given stays in the form when something is missing."""
    event = tk.request.form.get("event", "")
    given: dict[str, Any] = {name: tk.request.form.get(name, "") for name in table().fields}
    if p.plugin_loaded("govcn_grant"):
        from ckanext.govcn.grant.views import chosen

        given |= chosen(tk.request.form)
    try:
        _call("govcn_application_act", id=id, event=event, **given)
    except tk.ValidationError as faults:
        application = _call("govcn_application_show", id=id)
        if event not in application["events"]:
            forms.tell(faults)
            return tk.redirect_to("govcn_application.read", id=id)
        values = {"application": application, "errors": faults.error_dict, "given": given, "tried": event}
        return tk.render("application/read.html", values)
    tk.h.flash_success(say("已办理", "Done"))
    return tk.redirect_to("govcn_application.read", id=id)


@applications.route("/applications/<id>/papers/<paper>.<any(docx, pdf):format>")
def paper(id: str, paper: str, format: str) -> Any:  # noqa: A002 - CKAN's names
    """A paper to print for the 公章."""
    try:
        printed = _call("govcn_application_paper_show", id=id, paper=paper, format=format)
    except tk.ValidationError as faults:
        forms.tell(faults)
        return tk.redirect_to("govcn_application.read", id=id)
    return _sent(io.BytesIO(base64.b64decode(printed["content"])), printed["media_type"], printed["filename"])


@applications.route("/applications/<id>/files", methods=["POST"])
def add_file(id: str) -> Any:  # noqa: A002 - CKAN's name for it
    """An attachment, or a stamped scan of a paper."""
    given = {"paper": tk.request.form.get("paper", ""), "upload": tk.request.files.get("upload")}
    try:
        _call("govcn_application_file_create", id=id, **given)
    except tk.ValidationError as faults:
        forms.tell(faults)
    else:
        tk.h.flash_success(say("文件已上传", "The file is uploaded"))
    return tk.redirect_to(tk.h.url_for("govcn_application.read", id=id, _anchor="papers"))


@applications.route("/applications/<id>/files/<file>/remove", methods=["POST"])
def remove_file(id: str, file: str) -> Any:  # noqa: A002 - CKAN's name for it
    """An attachment that was not submitted yet."""
    try:
        _call("govcn_application_file_delete", id=id, file=file)
    except tk.ValidationError as faults:
        forms.tell(faults)
    else:
        tk.h.flash_success(say("附件已删除", "The attachment is removed"))
    return tk.redirect_to(tk.h.url_for("govcn_application.read", id=id, _anchor="papers"))


@applications.route("/applications/<id>/files/<file>")
def file(id: str, file: str) -> Any:  # noqa: A002 - CKAN's name for it
    """The bytes of a file, for whoever sees the application; with a token as well."""
    user = user_of(forms.asking())
    reader = reader_of(user) if user is not None else None
    application = cases.find(id, reader) if reader is not None else None
    found = files.find(id, file) if application is not None else None
    if reader is None or application is None or found is None:
        return tk.abort(404, say("没有这份申请或这个文件", "There is no such application or file"))
    try:
        path = files.path_of(found)
    except FileMissing as error:
        return tk.abort(404, say(error.message, error.message_en))
    telling.record(application, "file_read", reader.user_id, file=found.id, sha256=found.sha256)
    return _sent(path, found.media_type, found.filename)


@applications.route("/decisions")
def decisions() -> Any:
    """What was decided about which dataset, without anybody's name."""
    found = _call("govcn_application_decision_list", limit=PER_PAGE, offset=(pages.number() - 1) * PER_PAGE)
    return tk.render("application/decisions.html", {"found": found} | pages.of(found["count"], PER_PAGE))


def _sent(content: Any, media_type: str, filename: str) -> flask.Response:
    """To be kept, never to be shown within the portal's own origin."""
    response = flask.send_file(
        content, mimetype=media_type, as_attachment=True, download_name=filename, conditional=False, etag=False
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@applications.route("/transparency")
def transparency() -> Any:
    """How many applications there were, what became of them and how long it took, without anybody's name."""
    return tk.render("application/transparency.html", {"found": _call("govcn_application_transparency_show")})


@applications.route("/applications/statistics")
def statistics() -> Any:
    """Numbers for those who decide."""
    found = _call("govcn_application_statistics_show")
    return tk.render("application/statistics.html", {"found": found, **_tabs(), "which": "statistics"})


def _tabs() -> dict[str, Any]:
    """Which tabs the reader has, and what is on them."""
    count = {which: _call("govcn_application_list", which=which, limit=0)["count"] for which in LISTS}
    reviewer = count["all"] > count["mine"]
    return {"reviewer": reviewer, "waiting": count["waiting"], "overdue": count["overdue"]}


def _call(action: str, **data: Any) -> Any:
    """The action for the reader; 404 for what is not there for them, 403 for a step that is not theirs."""
    try:
        return tk.get_action(action)(forms.asking(), data)
    except tk.ObjectNotFound:
        return tk.abort(404, say("没有这份申请或这个数据集", "There is no such application or dataset"))
    except tk.NotAuthorized as refusal:
        return tk.abort(403, refusal.message or "")


def _answers() -> dict[str, str]:
    return form.read({name: tk.request.form.get(name, "") for name in form.form().fields})


def _after_saving(application_id: str) -> Any:
    """Saved; submitted as well where that button was pressed and the commitment accepted."""
    if "submit" not in tk.request.form:
        tk.h.flash_success(say("草稿已保存", "The draft is saved"))
        return tk.redirect_to("govcn_application.edit", id=application_id)
    try:
        _call("govcn_application_submit", id=application_id, commitment=tk.request.form.get("commitment", ""))
    except tk.ValidationError as faults:
        application = _call("govcn_application_show", id=application_id)
        address = tk.h.url_for("govcn_application.edit", id=application_id)
        return _form(form.read(application), faults.error_dict, application["dataset_title"], address, application)
    tk.h.flash_success(say("申请已提交", "The application is submitted"))
    return tk.redirect_to("govcn_application.read", id=application_id)


def _form(answers: Any, errors: Any, title: str, address: str, application: Any = None) -> Any:
    values = {
        "answers": answers,
        "errors": errors,
        "title": title,
        "address": address,
        "application": application,
        "commitment": texts.text_of(texts.COMMITMENT),
        "longest_use_days": form.form().longest_use_days,
    }
    return tk.render("application/form.html", values)
