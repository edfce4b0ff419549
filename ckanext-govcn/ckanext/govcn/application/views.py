"""Pages: apply, my applications and what waits for me, one application with its steps, the public list of decisions."""

from __future__ import annotations

from typing import Any

import flask
from ckan.plugins import toolkit as tk

from ckanext.govcn.application import form, texts
from ckanext.govcn.application.action import LISTS, PER_PAGE
from ckanext.govcn.application.machine import table
from ckanext.govcn.dataset import forms
from ckanext.govcn.dataset.language import say

applications = flask.Blueprint("govcn_application", __name__, url_prefix="/govcn")
FARTHEST = 10_000  # pages


@applications.before_request
def _log_in() -> Any:
    """Everything but the public list is for whoever is logged in."""
    if tk.current_user.is_authenticated or tk.request.endpoint == "govcn_application.decisions":
        return None
    return tk.redirect_to("user.login", came_from=tk.request.full_path.rstrip("?"))


@applications.route("/applications")
def index() -> Any:
    """One's own applications (`which=mine`), what waits for one (`waiting`), or all one sees (`all`)."""
    reviewer = (
        _call("govcn_application_list", which="all", limit=0)["count"]
        > _call("govcn_application_list", which="mine", limit=0)["count"]
    )
    waiting = _call("govcn_application_list", which="waiting", limit=0)["count"]
    which = tk.request.args.get("which") or ("waiting" if waiting else "mine")
    if which not in LISTS:
        return tk.abort(404)
    page = _page()
    found = _call("govcn_application_list", which=which, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    values = {"found": found, "which": which, "reviewer": reviewer, "waiting": waiting}
    return tk.render("application/index.html", values | _pages(found["count"], page))


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
    given = {name: tk.request.form.get(name, "") for name in table().fields}
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


@applications.route("/decisions")
def decisions() -> Any:
    """What was decided about which dataset, without anybody's name."""
    page = _page()
    found = _call("govcn_application_decision_list", limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    return tk.render("application/decisions.html", {"found": found} | _pages(found["count"], page))


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


def _page() -> int:
    given = tk.request.args.get("page", "1")
    return min(int(given), FARTHEST) or 1 if given.isdecimal() and given.isascii() and len(given) < 9 else 1


def _pages(count: int, page: int) -> dict[str, int]:
    return {"page": page, "pages": -(-count // PER_PAGE)}
