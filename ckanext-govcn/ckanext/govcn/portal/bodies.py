"""How large the body of a request may be. Asked before anything of it is read: a proxy in front may allow more.

`MAX_CONTENT_LENGTH` of Flask is one number for all; a portal that takes files of a gigabyte needs a smaller one for
everybody who uploads none.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import flask
from ckan.views import api as core_api

from ckanext.govcn.dataset.language import say

OTHERS = "ckanext.govcn.portal.body_size"
FILES = {
    "govcn_harvest.check": "ckanext.govcn.harvest.upload_size",
    "govcn_harvest_upload_create": "ckanext.govcn.harvest.upload_size",
    "govcn_application.add_file": "ckanext.govcn.application.file_size",
    "govcn_application_file_create": "ckanext.govcn.application.file_size",
    "govcn_sharing.bring_in": "ckanext.govcn.sharing.upload_size",
    "govcn_sharing_import": "ckanext.govcn.sharing.upload_size",
}
"""Pages (endpoints) and actions whose files are smaller than a resource's → the setting in bytes."""
AIR = 1 << 20  # for the fields beside a file


def before_csrf(app: Any) -> Any:
    """Have `limit` asked once the user is known, and before the form is read for its CSRF token."""
    app.before_request_funcs.setdefault(None, []).insert(1, limit)
    return app


def limit() -> Any:
    """Answer 413 to a body that is too large; one of unknown length is read as far as the limit and refused then."""
    request = flask.request
    largest = _largest(request)
    request.max_content_length = largest
    if (request.content_length or 0) <= largest:
        return None
    sentence = say(
        f"请求内容超过 {largest >> 20} MB 的上限。请分批提交。",
        f"The body is larger than {largest >> 20} MB; send less at once.",
    )
    if request.path.startswith("/api/"):
        error = {"__type": "Request Entity Too Large", "message": sentence}
        return core_api._finish(413, {"success": False, "error": error}, "json")
    return tk.abort(413, sentence)


def _largest(request: flask.Request) -> int:
    """Files are for people who are logged in, and come as parts of a form."""
    if request.mimetype != "multipart/form-data" or not tk.current_user.is_authenticated:
        return int(tk.config[OTHERS])
    asked = (request.view_args or {}).get("logic_function") or request.endpoint or ""
    size = int(tk.config[FILES[asked]]) if asked in FILES else int(tk.config["ckan.max_resource_size"]) << 20
    return size + AIR
