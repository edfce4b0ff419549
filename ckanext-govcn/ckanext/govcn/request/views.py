"""Pages: ask for data, report an error, my requests and what waits for me, one with its steps, the public list."""

from __future__ import annotations

from typing import Any

import flask
from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset import forms, pages
from ckanext.govcn.dataset.language import say
from ckanext.govcn.request import form
from ckanext.govcn.request.action import LISTS, PER_PAGE
from ckanext.govcn.request.kinds import CORRECTION, DEMAND, kinds

requests = flask.Blueprint("govcn_request", __name__, url_prefix="/govcn")
OPEN = "govcn_request.demands"

requests.register_error_handler(tk.NotAuthorized, pages.refused)


@requests.before_request
def _log_in() -> Any:
    """Everything but the public list is for whoever is logged in."""
    if tk.current_user.is_authenticated or tk.request.endpoint == OPEN:
        return None
    return tk.redirect_to("user.login", came_from=tk.request.full_path.rstrip("?"))


@requests.after_request
def _kept_alone(response: flask.Response) -> flask.Response:
    """The pages of one reader are for no cache to keep."""
    return response if tk.request.endpoint == OPEN else pages.kept_alone(response)


@requests.errorhandler(tk.ObjectNotFound)
def _not_found(_missing: tk.ObjectNotFound) -> Any:
    """The same page for what is not there and for what is not the reader's."""
    shown = {"code": 404, "content": say("没有这件需求、纠错或这个数据集", "There is no such request or dataset")}
    return tk.render("error_document_template.html", {**shown, "name": "Not Found"}), 404


@requests.route("/requests")
def index() -> Any:
    """One's own requests (`which=mine`), what waits for one (`waiting`), or all one sees (`all`), of one `kind`."""
    handles = (
        _call("govcn_request_list", which="all", limit=0)["count"]
        > _call("govcn_request_list", which="mine", limit=0)["count"]
    )
    waiting = _call("govcn_request_list", which="waiting", limit=0)["count"]
    which = tk.request.args.get("which") or ("waiting" if waiting else "mine")
    kind = tk.request.args.get("kind") or ""
    if which not in LISTS or kind not in ("", *kinds()):
        return tk.abort(404)
    found = _call("govcn_request_list", which=which, kind=kind, limit=PER_PAGE, offset=(pages.number() - 1) * PER_PAGE)
    values = {"found": found, "which": which, "kind": kind, "handles": handles, "waiting": waiting}
    return tk.render("request/index.html", values | pages.of(found["count"], PER_PAGE))


@requests.route("/requests/new", methods=["GET", "POST"])
def new() -> Any:
    """The form of 未开放数据需求; `q` is what a search did not find. Nothing is asked about any dataset here."""
    answers, errors = form.read(DEMAND, {"title": tk.request.args.get("q", "")[:100]}), {}
    if tk.request.method == "POST":
        answers = _answers(DEMAND)
        try:
            made = _call("govcn_request_create", kind=DEMAND, **answers)
        except tk.ValidationError as faults:
            errors = faults.error_dict
        else:
            return _after_saving(made["id"])
    return _form(answers, errors)


@requests.route("/requests/correct", methods=["GET", "POST"])
def correct() -> Any:
    """The form of 校核纠错 for the public dataset `dataset`."""
    identifier = tk.request.args.get("dataset", "")
    dataset = _public_dataset(identifier)
    answers, errors = form.read(CORRECTION, {}), {}
    if tk.request.method == "POST":
        answers = _answers(CORRECTION)
        try:
            made = _call("govcn_request_create", kind=CORRECTION, dataset_id=dataset["id"], **answers)
        except tk.ValidationError as faults:
            errors = faults.error_dict
        else:
            tk.h.flash_success(say("已提交，办理情况会通过消息告知", "Submitted; you will be told of every step"))
            return tk.redirect_to("govcn_request.read", id=made["id"])
    values = {"answers": answers, "errors": errors, "dataset": dataset}
    return tk.render("request/correct.html", values)


@requests.route("/requests/<id>")
def read(id: str) -> Any:  # noqa: A002 - CKAN's name for it
    """One request, its history, and the steps that its reader may take."""
    request = _call("govcn_request_show", id=id)
    return tk.render("request/read.html", {"request_": request, "errors": {}, "given": {}, "tried": ""})


@requests.route("/requests/<id>/edit", methods=["GET", "POST"])
def edit(id: str) -> Any:  # noqa: A002 - CKAN's name for it
    """The form of a draft, or of what is to be completed."""
    request = _call("govcn_request_show", id=id)
    if not request["editable"]:
        return tk.redirect_to("govcn_request.read", id=id)
    answers, errors = form.read(request["kind"], request), {}
    if tk.request.method == "POST":
        answers = _answers(request["kind"])
        try:
            _call("govcn_request_update", id=id, **answers)
        except tk.ValidationError as faults:
            errors = faults.error_dict
        else:
            return _after_saving(id)
    return _form(answers, errors, request)


@requests.route("/requests/<id>/act", methods=["POST"])
def act(id: str) -> Any:  # noqa: A002 - CKAN's name for it
    """One step; what was given stays in the form when something is missing."""
    event, request = tk.request.form.get("event", ""), _call("govcn_request_show", id=id)
    given = {name: tk.request.form.get(name, "") for name in kinds()[request["kind"]].table.fields}
    try:
        _call("govcn_request_act", id=id, event=event, **given)
    except tk.ValidationError as faults:
        request = _call("govcn_request_show", id=id)
        if event not in request["events"]:
            forms.tell(faults)
            return tk.redirect_to("govcn_request.read", id=id)
        values = {"request_": request, "errors": faults.error_dict, "given": given, "tried": event}
        return tk.render("request/read.html", values)
    tk.h.flash_success(say("已办理", "Done"))
    return tk.redirect_to("govcn_request.read", id=id)


@requests.route("/demands")
def demands() -> Any:
    """What was asked for and what came of it, without anybody's name."""
    found = _call("govcn_request_public_list", limit=PER_PAGE, offset=(pages.number() - 1) * PER_PAGE)
    return tk.render("request/demands.html", {"found": found} | pages.of(found["count"], PER_PAGE))


@requests.route("/demands/support", methods=["POST"])
def support() -> Any:
    """我也需要, or no longer."""
    wanted = tk.request.form.get("support") != "no"
    try:
        _call("govcn_request_support", id=tk.request.form.get("id", ""), support=wanted)
    except tk.ValidationError as faults:
        forms.tell(faults)
    return tk.redirect_to(OPEN, page=tk.request.form.get("page") or None)


def _call(action: str, **data: Any) -> Any:
    return tk.get_action(action)(forms.asking(), data)


def _public_dataset(identifier: str) -> dict[str, str]:
    """What the form shows of a dataset that everybody can see."""
    from ckanext.govcn.request import cases

    package = cases.public_dataset(identifier) if identifier else None
    if package is None:
        raise tk.ObjectNotFound
    return {"id": package.id, "name": package.name, "title": package.title or package.name}


def _answers(kind: str) -> dict[str, str]:
    return form.read(kind, {name: tk.request.form.get(name, "") for name in form.forms().fields[kind]})


def _after_saving(request_id: str) -> Any:
    """Saved; submitted as well where that button was pressed."""
    if "submit" not in tk.request.form:
        tk.h.flash_success(say("草稿已保存", "The draft is saved"))
        return tk.redirect_to("govcn_request.edit", id=request_id)
    try:
        _call("govcn_request_act", id=request_id, event="submit")
    except tk.ValidationError as faults:
        request = _call("govcn_request_show", id=request_id)
        return _form(form.read(request["kind"], request), faults.error_dict, request)
    tk.h.flash_success(say("需求已提交，办理情况会通过消息告知", "Submitted; you will be told of every step"))
    return tk.redirect_to("govcn_request.read", id=request_id)


def _form(answers: Any, errors: Any, request: Any = None) -> Any:
    address = tk.h.url_for("govcn_request.edit", id=request["id"]) if request else tk.h.url_for("govcn_request.new")
    values = {"answers": answers, "errors": errors, "address": address, "request_": request}
    return tk.render("request/form.html", values)
