"""接口: the rows of a stored csv or json file as JSON, page by page, to whoever holds a grant that names this way.

Asked at every request like a download, counted against the grant's quota and rate, and accounted for before it leaves.
Data that is open to everybody is downloaded: nobody asked for a second way to it.
"""

from __future__ import annotations

import hashlib
from typing import Any

import flask
from ckan import model
from ckan.plugins import toolkit as tk
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ckanext.govcn.access import auth, files, rules
from ckanext.govcn.access.rules import Decision, What
from ckanext.govcn.access.serving import RowsAnswer, Way, find, sealed, serve, unknown
from ckanext.govcn.access.views import NO_COPY, NO_COPY_FOR_GRANTEE
from ckanext.govcn.dataset.language import say
from ckanext.govcn.grant import pages, rowstore
from ckanext.govcn.grant.exceptions import ColumnsRefused, PageRefused, RowsBusy

rows = flask.Blueprint("govcn_rows", __name__, url_prefix="/api/govcn/rows")
MOST_ROWS = "ckanext.govcn.grant.rows_per_page"
NAMES = {400: "Validation Error", 403: "Authorization Error", 404: "Not Found Error", 429: "Rate Limit Error"}


@rows.errorhandler(HTTPException)
def _failed(error: HTTPException) -> Response:
    return _said(error.code or 500, error.description or error.name)


@rows.route("/<resource_id>", methods=["GET"])
def page(resource_id: str) -> Any:
    """Rows `offset` (0) to `offset` + `limit` (100) of a resource, in the order of its file."""
    resource = find(resource_id)
    if flask.request.method != "GET":
        unknown()
    decision, response = serve(resource.package, resource, BY_INTERFACE)
    return sealed(response, decision)


def _said(status: int, message: str) -> Response:
    """A refusal, as CKAN's API words them."""
    error = {"__type": NAMES.get(status, "Error"), "message": message}
    answer = flask.jsonify({"success": False, "error": error})
    answer.status_code = status
    return answer


def _answer(
    resource: model.Resource, what: What, decision: Decision, found: tuple[files.StoredFile, str] | None
) -> Response:
    if rules.level_of(what) in ("open", "login"):
        return _said(409, say("该数据不需要授权，请直接下载文件", "This data needs no grant; please download its file"))
    if found is None:
        return _said(404, say(*(NO_COPY_FOR_GRANTEE if decision.grant else NO_COPY)))
    try:
        wanted = pages.asked(flask.request.args, int(tk.config[MOST_ROWS]))
        lines, read = rowstore.page(*found, decision.fields, wanted)
    except PageRefused as refused:
        return _said(400, f"{refused.field}: {say(refused.message, refused.message_en)}")
    except ColumnsRefused as refused:
        return _said(409, _not_by_rows(refused, decision))
    except RowsBusy as busy:
        answer = _said(503, say(busy.message, busy.message_en))
        answer.headers["Retry-After"] = str(busy.retry_seconds)
        return answer
    about = {
        "resource": resource.id,
        "fetched_at": next((came.isoformat() for came in files.fetched_at([found[0].sha256])), None),
        # the digest of a whole file confirms a guess of the rest of it
        "version": None if decision.fields else found[0].sha256,
        "total": lines.rows,
        "limit": wanted.limit,
        "offset": wanted.offset,
        "count": len(read.rows),
        "next": _next(resource.id, wanted, read.next),
    }
    content = "".join(('{"success": true, "result": ', *pages.body(about, read), "}\n")).encode()
    sent = Response(content, mimetype="application/json")
    return RowsAnswer.of(sent, len(read.rows), hashlib.sha256(content).hexdigest())


def _not_by_rows(refused: ColumnsRefused, decision: Decision) -> str:
    if decision.fields:
        return say(refused.message, refused.message_en)
    return say(
        f"{refused.reason}，不能用接口逐行提供；请与提供部门联系",
        f"{refused.reason_en}, so it cannot be read row by row; please ask the department",
    )


def _next(resource_id: str, wanted: pages.Asked, offset: int | None) -> str | None:
    if offset is None:
        return None
    more = {name: value for name, value in flask.request.args.items() if name == "purpose"}
    return tk.url_for(
        "govcn_rows.page", resource_id=resource_id, limit=wanted.limit, offset=offset, qualified=True, **more
    )


def _refuse(decision: Decision) -> Response:
    return _said(403, auth.sentence(decision))


BY_INTERFACE = Way(
    rules.INTERFACE, "data.interface", _answer, _refuse, lambda said: _said(429, said), lambda _decision: True
)
