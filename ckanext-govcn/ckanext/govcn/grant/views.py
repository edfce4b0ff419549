"""The pages of 授权: one's own (我的授权), and those of the datasets one looks after (授权管理)."""

from __future__ import annotations

from typing import Any

import flask
from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset import forms, pages
from ckanext.govcn.grant import persons
from ckanext.govcn.grant.action import PER_PAGE

grants = flask.Blueprint("govcn_grant", __name__, url_prefix="/govcn/grants")
STEPS = frozenset({"suspend", "resume", "end", "key_revoke"})
FARTHEST = 10_000  # pages


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


@grants.route("/<id>/<step>", methods=["POST"])
def take(id: str, step: str) -> Any:
    """One step of a grant (of a key: its id), with its reason."""
    if step not in STEPS:
        tk.abort(404)
    forms.carry_out(f"govcn_grant_{step}", {"id": id, "reason": tk.request.form.get("reason", "")})
    return tk.redirect_to("govcn_grant.department" if tk.request.form.get("of") == "department" else "govcn_grant.mine")


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
    given = tk.request.args.get("page", "1")
    page = min(int(given), FARTHEST) if given.isdecimal() and given.isascii() and len(given) < 9 else 1
    page = max(page, 1)
    asked = {"of": of, "limit": PER_PAGE, "offset": (page - 1) * PER_PAGE}
    found = tk.get_action("govcn_grant_list")(forms.asking(), asked)
    looks_after = persons.owners(*persons.asking(forms.asking())) != []
    values = {
        "found": found,
        "of": of,
        "page": page,
        "pages": -(-found["count"] // PER_PAGE),
        "looks_after": looks_after,
    }
    return tk.render("grant/list.html", values)
