"""The portal's own download route: files, or the columns of them that a grant names. See `serving`."""

from __future__ import annotations

import io

import ckan.plugins.toolkit as tk
import flask
from ckan import model
from ckan.lib import base, signals
from flask import Blueprint, request
from werkzeug.wrappers import Response

from ckanext.govcn.access import auth, files, rules, vault
from ckanext.govcn.access.rules import Decision, What
from ckanext.govcn.access.serving import RowsAnswer, Way, find, sealed, serve, unknown
from ckanext.govcn.dataset.language import say
from ckanext.govcn.grant.exceptions import ColumnsRefused, RowsBusy

blueprint = Blueprint("govcn_access", __name__)

# types that a browser would run or show inside the portal's origin are sent as bytes
SAFE_TYPES = frozenset(
    {
        "text/csv", "text/plain", "application/json", "application/geo+json", "application/pdf", "application/zip",
        "application/gzip", "image/png", "image/jpeg", "image/gif", "application/vnd.ms-excel", "application/msword",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    }
)  # fmt: skip
NO_COPY_FOR_GRANTEE = (
    "您的授权有效，但该资源的文件尚未存入平台，暂不能下载，本次不计次数；请与提供部门联系，请其将文件存入平台",
    "Your grant is in force, but the platform has no copy of this file, so it cannot be downloaded yet; nothing was"
    " counted. Please ask the department that provides the data to store the file on the platform",
)
NO_COPY = (
    "该资源是来源系统中的链接，平台没有存放其文件；请在资源编辑页上传文件，获授权的人才能下载",
    "This resource is a link to another system and the platform has no copy of it; upload the file on the resource's"
    " edit page, so that grantees can download it",
)
_STATIC = ("static", "webassets.index")
BY_EXTENSION = {
    "csv": "text/csv", "json": "application/json", "geojson": "application/geo+json", "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xls": "application/vnd.ms-excel",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "doc": "application/msword",
    "pdf": "application/pdf", "zip": "application/zip", "gz": "application/gzip", "png": "image/png",
    "jpg": "image/jpeg", "jpeg": "image/jpeg",
}  # fmt: skip


def _find(package_id: str, resource_id: str) -> tuple[model.Package, model.Resource]:
    resource = find(resource_id)
    package = model.Package.get(package_id) if "\0" not in package_id else None
    if package is None or resource.package_id != package.id:
        unknown()
    return package, resource


def _wants_page() -> bool:
    """A person's browser without a token: it can be led to the login page."""
    return "text/html" in request.headers.get("Accept", "") and not request.headers.get("Authorization")


def _refuse(decision: Decision) -> Response:
    if decision.log_in and _wants_page():
        return tk.redirect_to("user.login", came_from=request.full_path.rstrip("?"))
    return flask.make_response(base.abort(403, auth.sentence(decision)))


def _media_type(stored: files.StoredFile, filename: str) -> str:
    known = BY_EXTENSION.get(filename.rpartition(".")[2].lower()) or stored.media_type
    return known if known in SAFE_TYPES else "application/octet-stream"


def _send(stored: files.StoredFile, filename: str) -> Response:
    response = flask.send_file(
        stored.path,
        mimetype=_media_type(stored, filename),
        as_attachment=True,
        download_name=filename,
        conditional=True,
        etag=stored.sha256,
    )
    response.headers["Accept-Ranges"] = "bytes"
    return response


def _send_columns(stored: files.StoredFile, filename: str, fields: frozenset[str]) -> Response:
    """Nothing of the answer tells of the whole file: neither its size nor its digest, and there are no parts of it."""
    from ckanext.govcn.grant import delivery  # a grant that decided has its plugin and its tables

    try:
        if request.method == "HEAD":  # what it would tell is not worth reading the file
            delivery.check(stored, filename, fields)
            return _columns_head(stored, filename)
        cut = delivery.cut(stored, filename, fields)
    except ColumnsRefused as refusal:
        base.abort(409, str(refusal))
    except RowsBusy as busy:
        answer = _said(503, say(busy.message, busy.message_en))
        answer.headers["Retry-After"] = str(busy.retry_seconds)
        return answer
    sent = flask.send_file(
        cut.stream,
        mimetype=_media_type(stored, filename),
        as_attachment=True,
        download_name=filename,
        conditional=False,
        etag=False,
    )
    answer = RowsAnswer.of(sent, cut.rows, cut.sha256)
    answer.content_length = cut.size
    answer.headers["Accept-Ranges"] = "none"
    return answer


def _columns_head(stored: files.StoredFile, filename: str) -> Response:
    answer = flask.send_file(
        io.BytesIO(),
        mimetype=_media_type(stored, filename),
        as_attachment=True,
        download_name=filename,
        conditional=False,
        etag=False,
    )
    answer.headers.pop("Content-Length", None)
    answer.headers["Accept-Ranges"] = "none"
    return answer


def _follow(resource: model.Resource, level: str, decision: Decision) -> Response:
    """What stands behind a link: open data is where it is; closed data is never given away by its address, and what the
    platform has no copy of it cannot deliver."""
    url = vault.real_url(resource.id)
    if not url:
        base.abort(404, "该资源暂无可下载的文件 (No download is available)")
    if level not in ("open", "login"):
        return _said(404, say(*(NO_COPY_FOR_GRANTEE if decision.grant else NO_COPY)))
    if not url.lower().startswith(("http://", "https://")):
        base.abort(409, f"请用相应的客户端打开 (open it with a client that can)：{url}")
    return flask.redirect(url, 302)


def _answer(
    resource: model.Resource, what: What, decision: Decision, found: tuple[files.StoredFile, str] | None
) -> Response:
    """The file, its granted columns, or where a link leads to."""
    if found and decision.fields:
        return _send_columns(*found, decision.fields)
    return _send(*found) if found else _follow(resource, rules.level_of(what), decision)


def _said(status: int, said: str) -> Response:
    if _wants_page():
        page = {"code": status, "content": said, "name": "", "told": True}
        return flask.make_response(tk.render("error_document_template.html", page), status)
    return Response(said, status, mimetype="text/plain")


BY_DOWNLOAD = Way(
    rules.DOWNLOAD, "data.download", _answer, _refuse, lambda said: _said(429, said), lambda it: bool(it.fields)
)


def download(
    package_type: str = "dataset", id: str = "", resource_id: str = "", filename: str | None = None
) -> Response:
    """Deliver the data of a resource to whoever gets it. 404 for whoever may not even see the entry.

    `purpose` in the address names the purpose of one of several grants.
    """
    package, resource = _find(id, resource_id)
    decision, response = serve(package, resource, BY_DOWNLOAD)
    if not decision.allowed:
        return response
    if request.method == "GET" and not (request.range and request.range.ranges[0][0]):  # a further part is no download
        signals.resource_download.send(resource.id)
    return sealed(response, decision)


@blueprint.before_app_request
def _guard() -> Response | None:
    """Answer every download, and keep answers to a person out of shared caches.

    Dataset types that other plugins add bring core's download along (endpoint `<type>_resource.download`), which checks
    only that the entry is visible. CKAN marks answers of its API as public, also those to a token.
    """
    endpoint = request.endpoint or ""
    if endpoint in _STATIC:
        return None
    if request.headers.get("Authorization") or tk.current_user.is_authenticated:
        request.environ["__no_cache__"] = True
    if endpoint.endswith("resource.download"):
        return download(**(request.view_args or {}))
    return None


@blueprint.app_errorhandler(tk.ObjectNotFound)
def _unknown(_error: tk.ObjectNotFound) -> tuple[str, int]:
    """What CKAN's pages do not catch: an entry that does not exist, or not for this person."""
    return tk.render("error_document_template.html", {"code": 404, "content": "", "name": "Not Found"}), 404


ROUTE = "/dataset/<id>/resource/<resource_id>/download"
for rule in (ROUTE, f"{ROUTE}/<filename>"):
    blueprint.add_url_rule(rule, view_func=download)
