"""Pages for reviewers, and 410 for the address of a withdrawn dataset."""

from __future__ import annotations

from typing import Any

import flask
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset import forms
from ckanext.govcn.dataset.language import say
from ckanext.govcn.department.bureau import is_bureau, user_of
from ckanext.govcn.editorial import model as records
from ckanext.govcn.editorial.action import steps_for
from ckanext.govcn.editorial.states import Step

editorial = flask.Blueprint("govcn_editorial", __name__)
_DATASET_PAGES = ("dataset.", "dataset_resource.", "resource.", "govcn_access.")


@editorial.route("/editorial")
def review() -> Any:
    """待审核: what waits for this user, with the steps that can be taken."""
    try:
        rows = tk.get_action("govcn_editorial_list")(forms.asking(), {})
    except tk.NotAuthorized as refusal:
        return tk.abort(403, refusal.message or "")
    user = user_of(forms.asking())
    packages = {row["id"]: model.Package.get(row["id"]) for row in rows}
    entries = [row | {"steps": _steps(user, packages[row["id"]])} for row in rows]
    return tk.render("editorial/review.html", {"entries": entries, "bureau": is_bureau(user)})


def _steps(user: Any, package: Any) -> list[str]:
    return [step.value for step in steps_for(user, package)] if package else []


@editorial.route("/editorial/<id>/<step>", methods=["POST"])
def take_step(id: str, step: str) -> Any:  # noqa: A002 - CKAN's name for it
    """One step, then back to the list."""
    if step not in set(Step):
        return tk.abort(404)
    form = {key: tk.request.form.get(key, "") for key in ("reason", "number")}
    try:
        forms.carry_out(f"govcn_{step}", {"id": id, **form})
    except tk.NotAuthorized as refusal:
        tk.h.flash_error(refusal.message or say("没有权限", "Not allowed"))
    back = tk.request.form.get("back") or ""
    return tk.redirect_to("dataset.read", id=id) if back == "dataset" else tk.redirect_to("govcn_editorial.review")


@editorial.before_app_request
def gone() -> Any:
    """410 for the public at the address of a 已下架 dataset that they once could see; others see it or get 404."""
    identifier = (tk.request.view_args or {}).get("id")
    if not identifier or not str(tk.request.endpoint).startswith(_DATASET_PAGES):
        return None
    if not records.was_public(model.Session, identifier):
        return None
    try:
        tk.check_access("package_show", forms.asking(), {"id": identifier})
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return tk.render("editorial/gone.html"), 410
    return None
