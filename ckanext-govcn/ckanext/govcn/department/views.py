"""Pages for the bureau: unknown providers and the confirmation of departments."""

from __future__ import annotations

from typing import Any

import flask
from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset import forms

department = flask.Blueprint("govcn_department", __name__)


@department.route("/department/proposals")
def proposals() -> Any:
    """Providers that harvests met and no department is known for."""
    try:
        rows = tk.get_action("govcn_provider_proposal_list")(forms.asking(), {})
    except tk.NotAuthorized as refusal:
        return tk.abort(403, refusal.message or "")
    departments = tk.get_action("govcn_department_list")(forms.asking(), {})
    return tk.render("department/proposals.html", {"proposals": rows, "departments": departments})


@department.route("/department/proposals/<int:number>", methods=["POST"])
def decide(number: int) -> Any:
    """The bureau's decision on one proposal."""
    form = {key: tk.request.form.get(key, "") for key in ("decision", "department", "reason")}
    return _done("govcn_provider_proposal_decide", {"id": number, **form})


@department.route("/department/confirm", methods=["POST"])
def confirm() -> Any:
    """The bureau confirms that an organization is a department, or takes it back."""
    form = {key: tk.request.form.get(key, "") for key in ("id", "confirmed")}
    return _done("govcn_department_confirm", form)


def _done(action: str, data: dict[str, Any]) -> Any:
    try:
        forms.carry_out(action, data)
    except tk.NotAuthorized as refusal:
        return tk.abort(403, refusal.message or "")
    return tk.redirect_to("govcn_department.proposals")
