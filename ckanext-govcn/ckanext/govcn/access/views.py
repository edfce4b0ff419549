"""The one way data leaves: the portal's own download route, which asks `may_get_data` at every request.

Whoever holds a grant comes as a logged-in user, with a token, or with an access key of the grant (`Authorization:
Bearer govcn-key-…`). Every answer about data of 有条件开放 leaves a line in the audit log, before the data leaves.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import ckan.plugins.toolkit as tk
import flask
from ckan import model
from ckan.lib import base, signals
from flask import Blueprint, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ckanext.govcn.access import auth, files, people, rules, vault
from ckanext.govcn.access.exceptions import FileMissing
from ckanext.govcn.access.rules import Decision, What, Who
from ckanext.govcn.audit import log as audit
from ckanext.govcn.audit.chain import Event
from ckanext.govcn.audit.origin import origin
from ckanext.govcn.dataset.language import say
from ckanext.govcn.grant.exceptions import ColumnsRefused
from ckanext.govcn.grant.limits import Verdict

log = logging.getLogger(__name__)

blueprint = Blueprint("govcn_access", __name__)

# closing takes effect at once, so even open data is asked for again each time (answered 304 when it is unchanged)
OPEN_CACHE = "public, no-cache"
CLOSED_CACHE = "private, no-store"
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
    package, resource = model.Package.get(package_id), model.Session.get(model.Resource, resource_id)
    if package is None or resource is None or resource.state != "active" or resource.package_id != package.id:
        base.abort(404, tk._("Resource not found"))
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


def _seal_headers(response: Response, decision: Decision) -> Response:
    is_open = decision is rules.ANYONE
    response.headers["Cache-Control"] = OPEN_CACHE if is_open else CLOSED_CACHE
    if not is_open:
        request.environ["__no_cache__"] = True  # CKAN would add "public" to the header
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


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


class ColumnsAnswer(flask.Response):
    """An answer that carries the columns a grant names: so many `rows`, and the SHA-256 of what is sent."""

    rows: int
    sha256: str

    @classmethod
    def of(cls, sent: Response, rows: int, sha256: str) -> ColumnsAnswer:
        """The same answer, with what is known of it."""
        answer = cast("ColumnsAnswer", cls.force_type(sent))
        answer.rows, answer.sha256 = rows, sha256
        return answer


def _send_columns(stored: files.StoredFile, filename: str, fields: frozenset[str]) -> Response:
    """Nothing of the answer tells of the whole file: neither its size nor its digest, and there are no parts of it."""
    from ckanext.govcn.grant import delivery  # a grant that decided has its plugin and its tables

    try:
        cut = delivery.cut(stored, filename, fields)
    except ColumnsRefused as refusal:
        base.abort(409, str(refusal))
    sent = flask.send_file(
        cut.stream,
        mimetype=_media_type(stored, filename),
        as_attachment=True,
        download_name=filename,
        conditional=False,
        etag=False,
    )
    answer = ColumnsAnswer.of(sent, cut.rows, cut.sha256)
    answer.content_length = cut.size
    answer.headers["Accept-Ranges"] = "none"
    return answer


def _follow(resource: model.Resource, level: str, decision: Decision) -> Response:
    """What stands behind a link: open data is where it is; closed data is never given away by its address, and what the
    platform has no copy of it cannot deliver."""
    url = vault.real_url(resource.id)
    if not url:
        base.abort(404, "该资源暂无可下载的文件 (No download is available)")
    if level not in ("open", "login"):
        base.abort(404, say(*(NO_COPY_FOR_GRANTEE if decision.grant else NO_COPY)))
    if not url.lower().startswith(("http://", "https://")):
        base.abort(409, f"请用相应的客户端打开 (open it with a client that can)：{url}")
    return flask.redirect(url, 302)


def _asking(package: model.Package) -> Who | None:
    """Who asks, with the grants held for this dataset; None: with an access key that is none.

    A key speaks for its own dataset only: anywhere else whoever shows it is the public.
    """
    if not people.presented_key():
        return people.with_grants(people.who_is(tk.current_user), package.id)
    found = people.asking_by_key()
    if found is None:
        return None
    who, grant = found
    return who if grant.dataset == package.id else people.ANONYMOUS


def _decide(who: Who | None, what: What) -> Decision:
    if who is None:
        return rules.BAD_KEY
    now = datetime.now(UTC)
    purpose = request.args.get("purpose") or rules.purpose_in_force(who, what, rules.OPENING, now)
    return rules.may_get_data(who, what, rules.OPENING, purpose, now)


def _left(decision: Decision) -> Verdict | None:
    """What the limits say before a file is cut, which takes long; None where nothing is cut."""
    from ckanext.govcn.grant import usage

    return usage.ask(decision.grant) if decision.fields else None


def _used(decision: Decision, resource: model.Resource, what: What) -> Verdict:
    """Count a use of the grant that decided. Raises when it cannot be counted: then nothing is delivered."""
    from ckanext.govcn.grant import usage  # a grant that decided has its plugin and its tables

    return usage.take(decision.grant, resource.id, what.version)


def _too_many(verdict: Verdict) -> Response:
    said = say(verdict.message, verdict.message_en)
    if _wants_page():
        page = {"code": 429, "content": said, "name": "Too Many Requests"}
        return flask.make_response(tk.render("error_document_template.html", page), 429)
    return Response(said, 429, mimetype="text/plain")


def _by_grant(resource: model.Resource, who: Who, what: What, decision: Decision) -> tuple[Decision, Response]:
    """The answer to a grantee, within the limits of the grant."""
    left = _left(decision)
    if left is not None and not left.allowed:
        return _over(resource, who, what, decision, left)
    response = _deliver(resource, what, decision)
    if request.method != "GET" or response.status_code not in (200, 206):  # carries no data
        return decision, response
    verdict = _used(decision, resource, what)
    if not verdict.allowed:
        response.close()
        return _over(resource, who, what, decision, verdict)
    response.headers.update(verdict.headers())
    return decision, response


def _over(
    resource: model.Resource, who: Who, what: What, decision: Decision, verdict: Verdict
) -> tuple[Decision, Response]:
    """Where the limits of one grant are reached, another one may serve."""
    rest = people.without_grant(who, decision.grant)
    other = _decide(rest, what)
    if other.allowed:
        return _by_grant(resource, rest, what, other)
    response = _too_many(verdict)
    response.headers.update(verdict.headers())
    return replace(decision, allowed=False, code=verdict.code), response


def _deliver(resource: model.Resource, what: What, decision: Decision) -> Response:
    try:
        found = files.delivered_by(resource.id)
    except FileMissing as error:
        log.exception("file of resource %s is missing", resource.id)
        base.abort(503, str(error))
    if found and found[0].sha256 != what.version:  # what was decided, and is accounted for, is another content
        base.abort(503, "文件刚刚被替换，请再试一次 (The file was replaced just now; please try again)")
    if found and decision.fields:
        return _send_columns(*found, decision.fields)
    return _send(*found) if found else _follow(resource, rules.level_of(what), decision)


def _account(resource: model.Resource, who: Who | None, version: str, decision: Decision, answer: Response) -> None:
    """One line about data of 有条件开放. Raises when it cannot be written: then nothing is delivered."""
    ip, port = origin(request.environ)
    delivered = decision.allowed and answer.status_code < 400
    size = answer.calculate_content_length() or answer.content_length or 0
    carried = delivered and request.method == "GET"
    cut = answer if carried and isinstance(answer, ColumnsAnswer) else None
    audit.write(
        Event(
            "data.download",
            decision.code if delivered or not decision.allowed else "not_delivered",
            who=who.user_id if who else "",
            ip=ip,
            port=port,
            subject=resource.id,
            version=version,
            grant=decision.grant,
            rows=cut.rows if cut else None,
            bytes=size if carried else 0,
            detail={"status": str(answer.status_code)} | ({"sha256": cut.sha256} if cut else {}),
        )
    )


def download(
    package_type: str = "dataset", id: str = "", resource_id: str = "", filename: str | None = None
) -> Response:
    """Deliver the data of a resource to whoever gets it. 404 for whoever may not even see the entry.

    `purpose` in the address names the purpose of one of several grants.
    """
    package, resource = _find(id, resource_id)
    version = files.sha256_of(resource.id)
    who, what = _asking(package), replace(people.what_of(package), version=version)
    decision, conditional = _decide(who, what), rules.level_of(what) == "conditional"
    user = who.user_id if who else ""
    log.info("data resource=%s user=%s rule=%s", resource.id, user or "-", decision.code)
    if not rules.may_see_entry(who or people.ANONYMOUS, what):
        base.abort(404, tk._("Resource not found"))
    try:
        if decision.grant and decision.allowed and who:
            decision, response = _by_grant(resource, who, what, decision)
        else:
            response = _deliver(resource, what, decision) if decision.allowed else _refuse(decision)
    except HTTPException as refusal:
        if conditional:
            _account(resource, who, version, decision, flask.make_response(refusal.get_response()))
        raise
    if conditional:
        _account(resource, who, version, decision, response)
    if not decision.allowed:
        response.headers.setdefault("Cache-Control", CLOSED_CACHE)
        return response
    if request.method == "GET" and not (request.range and request.range.ranges[0][0]):  # a further part is no download
        signals.resource_download.send(resource.id)
    return _seal_headers(response, decision)


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
