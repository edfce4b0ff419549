"""The page 审计日志, for the auditor."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import flask
from ckan.plugins import toolkit as tk

from ckanext.govcn.audit import action, exporting
from ckanext.govcn.audit.acting import actor
from ckanext.govcn.dataset import forms, pages

audit = flask.Blueprint("govcn_audit", __name__, url_prefix="/govcn/audit")
FILTERS = ("event", "who", "subject", "grant", "since", "until")


audit.register_error_handler(tk.NotAuthorized, pages.refused)
audit.after_request(pages.kept_alone)


@audit.route("")
def listed() -> Any:
    """Lines, newest first, by what the form asks for."""
    given = {name: tk.request.args.get(name, "") for name in FILTERS}
    before = tk.request.args.get("before", "")
    found: dict[str, Any] = {"results": [], "next": None}
    faults: dict[str, Any] = {}
    try:
        found = tk.get_action("govcn_audit_list")(forms.asking(), {**given, **({"before": before} if before else {})})
    except tk.ValidationError as error:
        faults = error.error_dict
    older = {**{name: value for name, value in given.items() if value}, "before": found["next"]}
    values = {"found": found, "given": given, "faults": faults, "older": f"?{urlencode(older)}", "before": before}
    return tk.render("audit/list.html", values)


@audit.route("/export", methods=["POST"])
def export() -> Any:
    """The lines that the form asks for as a file; the export is a line itself."""
    tk.check_access("govcn_audit_export", forms.asking(), {})
    form = tk.request.form.get("format", exporting.SYSLOG)
    if form not in exporting.FORMATS:
        tk.abort(400)
    given = {name: tk.request.form.get(name, "") for name in FILTERS}
    try:
        texts = exporting.export(action.wanted(given), form, actor())
    except tk.ValidationError as faults:
        forms.tell(faults)
        return tk.redirect_to("govcn_audit.listed")
    response = flask.Response((f"{text}\n" for text in texts), mimetype=exporting.FORMATS[form])
    response.headers["Content-Disposition"] = f"attachment; filename=audit.{'log' if form == 'syslog' else 'ndjson'}"
    return response
