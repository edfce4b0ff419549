"""The pages of 授权: one's own (我的授权), and those of the datasets one looks after (授权管理)."""

from __future__ import annotations

from typing import Any

import flask
from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset import forms, pages
from ckanext.govcn.dataset.language import say
from ckanext.govcn.grant import persons
from ckanext.govcn.grant.action import PER_PAGE

grants = flask.Blueprint("govcn_grant", __name__, url_prefix="/govcn/grants")
STEPS = frozenset({"suspend", "resume", "end", "key_revoke"})
GIVEN = ("user", "purpose", "reason", "begins", "until", "versions", "quota", "quota_period", "rate")


grants.register_error_handler(tk.NotAuthorized, pages.refused)
grants.after_request(pages.kept_alone)


@grants.route("")
def mine() -> Any:
    """我的授权, newest first."""
    return _listed("mine")


@grants.route("/department")
def department() -> Any:
    """授权管理: of the datasets that one looks after."""
    return _listed("department")


@grants.route("/usage")
def used() -> Any:
    """密钥和使用情况: one's own grants with their keys, and how they were used."""
    asked = {"of": "mine", "limit": PER_PAGE, "offset": (pages.number() - 1) * PER_PAGE}
    found = tk.get_action("govcn_grant_usage_list")(forms.asking(), asked)
    return tk.render("grant/usage.html", {"found": found, **_around(found["count"], "usage")})


@grants.route("/datasets")
def datasets() -> Any:
    """有条件开放数据: the datasets that one looks after, and who uses them."""
    asked = {"limit": PER_PAGE, "offset": (pages.number() - 1) * PER_PAGE}
    found = tk.get_action("govcn_grant_dataset_list")(forms.asking(), asked)
    return tk.render("grant/datasets.html", {"found": found, **_around(found["count"], "datasets")})


@grants.route("/new", methods=["GET", "POST"])
def give() -> Any:
    """A grant without an application, by the department: the form for the dataset `dataset`."""
    package = _package(tk.request.args.get("dataset") or "")
    tk.check_access("govcn_grant_give", forms.asking(), {"package_id": package["id"]})
    given, errors = dict[str, Any](), dict[str, Any]()
    if tk.request.method == "POST":
        given = {name: tk.request.form.get(name, "") for name in GIVEN} | chosen(tk.request.form)
        try:
            made = tk.get_action("govcn_grant_give")(forms.asking(), {**given, "package_id": package["id"]})
        except tk.ValidationError as faults:
            errors = faults.error_dict
        except tk.ObjectNotFound:
            tk.abort(404)
        else:
            tk.h.flash_success(say("已授权", "The grant is given"))
            if made["undelivered"]:
                tk.h.flash_notice(_undelivered(made["undelivered"]))
            return tk.redirect_to("govcn_grant.department")
    return tk.render("grant/give.html", {"pkg": package, "given": given, "errors": errors})


def chosen(form: Any) -> dict[str, Any]:
    """信息项 and 提供方式 as the form of `grant/terms.html` says them. Whoever limits the columns and names none has
    made a mistake, and does not give all."""
    named = [name for name in form.getlist("fields") if name]
    limited = form.get("columns") == "some"
    return {"fields": (named or [""]) if limited else [], "deliveries": form.getlist("deliveries"), "columns": limited}


def _undelivered(names: list[str]) -> str:
    return say(
        f"以下资源平台没有存放文件，被授权人暂不能获取，请在资源编辑页上传：{'、'.join(names)}",
        f"The platform has no copy of these resources, so the grantee cannot get them yet: {', '.join(names)}",
    )


def _package(name: str) -> dict[str, Any]:
    try:
        return tk.get_action("package_show")(forms.asking(), {"id": name})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return tk.abort(404)


@grants.route("/<id>/<step>", methods=["POST"])
def take(id: str, step: str) -> Any:
    """One step of a grant (of a key: its id), with its reason."""
    if step not in STEPS:
        tk.abort(404)
    forms.carry_out(f"govcn_grant_{step}", {"id": id, "reason": tk.request.form.get("reason", "")})
    of = tk.request.form.get("of")
    return tk.redirect_to(f"govcn_grant.{of}" if of in ("department", "used") else "govcn_grant.mine")


@grants.route("/<id>/receipt")
def receipt(id: str) -> Any:
    """数据使用回执 of the last download, or of line `number` of the audit log: the signed file."""
    asked = {"id": id, "number": tk.request.args.get("number") or "0"}
    try:
        made = tk.get_action("govcn_grant_receipt_show")(forms.asking(), asked)
    except tk.ObjectNotFound as missing:
        tk.abort(404, missing.message or "")
    except tk.ValidationError as faults:
        forms.tell(faults)
        return tk.redirect_to("govcn_grant.mine")
    answer = flask.make_response(made["envelope"])
    answer.mimetype = "application/json"
    answer.headers.set("Content-Disposition", "attachment", filename=f"receipt-{made['number']}.json")
    return answer


@grants.route("/<id>/key", methods=["POST"])
def key(id: str) -> Any:
    """A new key, shown in this answer and never again."""
    try:
        made = tk.get_action("govcn_grant_key_create")(forms.asking(), {"id": id})
    except tk.ObjectNotFound:
        tk.abort(404)
    except tk.ValidationError as faults:
        forms.tell(faults)
        return tk.redirect_to("govcn_grant.mine")
    return tk.render("grant/key.html", {"made": made})


def _listed(of: str) -> Any:
    asked = {"of": of, "limit": PER_PAGE, "offset": (pages.number() - 1) * PER_PAGE}
    found = tk.get_action("govcn_grant_list")(forms.asking(), asked)
    return tk.render("grant/list.html", {"found": found, **_around(found["count"], of)})


def _around(count: int, of: str) -> dict[str, Any]:
    """What each of these pages needs: its tab (`of`), and where it stands in the list."""
    looks_after = persons.owners(*persons.asking(forms.asking())) != []
    return {"of": of, "looks_after": looks_after, **pages.of(count, PER_PAGE)}
