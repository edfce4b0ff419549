"""Pages for the bureau: unknown providers and the confirmation of departments."""

from __future__ import annotations

from typing import Any

import flask
from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset.language import say

department = flask.Blueprint("govcn_department", __name__)


def _context() -> Any:
    return {"user": tk.current_user.name if tk.current_user.is_authenticated else ""}


@department.route("/department/proposals")
def proposals() -> Any:
    """Providers that harvests met and no department is known for."""
    try:
        rows = tk.get_action("govcn_provider_proposal_list")(_context(), {})
    except tk.NotAuthorized as refusal:
        return tk.abort(403, refusal.message or "")
    departments = tk.get_action("govcn_department_list")(_context(), {})
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
        tk.get_action(action)(_context(), data)
    except tk.NotAuthorized as refusal:
        return tk.abort(403, refusal.message or "")
    except tk.ObjectNotFound:
        return tk.abort(404)
    except tk.ValidationError as faults:
        for messages in faults.error_dict.values():
            tk.h.flash_error("；".join(str(m) for m in messages) if isinstance(messages, list) else str(messages))
    else:
        tk.h.flash_success(say("已办理", "Done"))
    return tk.redirect_to("govcn_department.proposals")
