"""The page on which a department enters 样例数据."""

from __future__ import annotations

from typing import Any

import flask
from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset import forms, pages
from ckanext.govcn.dataset.language import say
from ckanext.govcn.sample import content
from ckanext.govcn.sample.content import Sample

samples = flask.Blueprint("govcn_sample", __name__, url_prefix="/govcn/sample")
samples.register_error_handler(tk.NotAuthorized, pages.refused)
samples.after_request(pages.kept_alone)


@samples.route("/<id>", methods=["GET", "POST"])
def edit(id: str) -> Any:
    """The form, and what is there."""
    package = _package(id)
    tk.check_access("govcn_sample_update", forms.asking(), {"package_id": package["id"]})
    found = tk.h.govcn_sample(package)
    values: dict[str, Any] = {"text": "", "kind": "", "confirmed": ""}
    if found:
        values |= {"text": content.as_csv(_sample(found)), "kind": found["kind"]}
    errors: dict[str, Any] = {}
    if tk.request.method == "POST":
        values = {name: tk.request.form.get(name, "") for name in values}
        upload = tk.request.files.get("upload")
        try:
            given = {**values, "package_id": package["id"], "upload": upload}
            tk.get_action("govcn_sample_update")(forms.asking(), given)
        except tk.ValidationError as faults:
            errors = faults.error_dict
        else:
            tk.h.flash_success(say("样例数据已保存", "The sample is saved"))
            return tk.redirect_to("dataset.read", id=package["name"])
    shown = {"pkg": package, "found": found, "values": values, "errors": errors, "most": content.MOST_ROWS}
    return tk.render("sample/edit.html", shown)


@samples.route("/<id>/delete", methods=["POST"])
def delete(id: str) -> Any:
    """Without a sample from now on."""
    package = _package(id)
    forms.carry_out("govcn_sample_delete", {"package_id": package["id"]})
    return tk.redirect_to("dataset.read", id=package["name"])


def _package(name: str) -> dict[str, Any]:
    try:
        return tk.get_action("package_show")(forms.asking(), {"id": name})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return tk.abort(404)


def _sample(found: dict[str, Any]) -> Sample:
    return Sample(tuple(found["columns"]), tuple(tuple(row) for row in found["rows"]))
