"""How data leaves, whatever the way: who asks, what is decided, within which limits, and accounted for before it goes.

Whoever holds a grant comes as a logged-in user, with a token, or with an access key of the grant (`Authorization:
Bearer govcn-key-…`). Every answer about data of 有条件开放 leaves a line in the audit log, before the data leaves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NoReturn, cast

import ckan.plugins.toolkit as tk
import flask
from ckan import model
from ckan.lib import base
from flask import request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ckanext.govcn.access import files, people, rules
from ckanext.govcn.access.exceptions import FileMissing
from ckanext.govcn.access.files import StoredFile
from ckanext.govcn.access.rules import Decision, What, Who
from ckanext.govcn.audit import log as audit
from ckanext.govcn.audit.chain import Event
from ckanext.govcn.audit.origin import origin
from ckanext.govcn.dataset.language import say
from ckanext.govcn.grant.limits import Verdict

log = logging.getLogger(__name__)

# closing takes effect at once, so even open data is asked for again each time (answered 304 when it is unchanged)
OPEN_CACHE = "public, no-cache"
CLOSED_CACHE = "private, no-store"


@dataclass(frozen=True, slots=True)
class Way:
    """One way of delivery.

    `delivery` is what a grant has to name for it, `event` what the audit log calls it. `answer` makes the answer to
    somebody who gets the data of a resource: from its stored content and file name (None: there is none), the decision
    and what it was about. `refuse` makes one of a decision against, `too_many` one of limits. `costs`: making an answer
    takes long, so the limits are asked before as well.
    """

    delivery: str
    event: str
    answer: Callable[[model.Resource, What, Decision, tuple[StoredFile, str] | None], Response]
    refuse: Callable[[Decision], Response]
    too_many: Callable[[str], Response]
    costs: Callable[[Decision], bool]


@dataclass(frozen=True, slots=True)
class _Asked:
    resource: model.Resource
    what: What
    way: Way


class RowsAnswer(flask.Response):
    """An answer made of rows: how many (`rows`), and the SHA-256 of what is sent."""

    rows: int
    sha256: str

    @classmethod
    def of(cls, sent: Response, rows: int, sha256: str) -> RowsAnswer:
        """The same answer, with what is known of it."""
        answer = cast("RowsAnswer", cls.force_type(sent))
        answer.rows, answer.sha256 = rows, sha256
        return answer


def unknown() -> NoReturn:
    """Of a resource that does not exist and of one that may not be seen the same is said: an answer confirms no id."""
    flask.abort(404, tk._("Resource not found"))  # CKAN's own would leave a message in the session, a cookie


def find(resource_id: str) -> model.Resource:
    """The resource of this id. 404 without one."""
    resource = model.Session.get(model.Resource, resource_id) if "\0" not in resource_id else None
    if resource is None or resource.state != "active" or resource.package is None:
        unknown()
    return resource


def serve(package: model.Package, resource: model.Resource, way: Way) -> tuple[Decision, Response]:
    """The answer to whoever sends this request, and the decision behind it. 404 for whoever may not even see the entry.

    `purpose` in the address names the purpose of one of several grants.
    """
    version = files.sha256_of(resource.id)
    who, what = _asking(package), replace(people.what_of(package), version=version, delivery=way.delivery)
    asked = _Asked(resource, what, way)
    decision, conditional = _decide(asked, who), rules.level_of(what) == "conditional"
    log.info("data resource=%s user=%s rule=%s", resource.id, (who and who.user_id) or "-", decision.code)
    if not rules.may_see_entry(who or people.ANONYMOUS, what):
        unknown()
    try:
        if decision.grant and decision.allowed and who:
            decision, response = _by_grant(asked, who, decision)
        elif decision.allowed:
            decision, response = _deliver(asked, who, decision)
        else:
            response = way.refuse(decision)
    except HTTPException as refusal:
        if conditional:
            _account(asked, who, decision, flask.make_response(refusal.get_response()))
        raise
    if conditional:
        _account(asked, who, decision, response)
    if not decision.allowed:
        response.headers.setdefault("Cache-Control", CLOSED_CACHE)
    return decision, response


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


def _decide(asked: _Asked, who: Who | None) -> Decision:
    if who is None:
        return rules.BAD_KEY
    now = datetime.now(UTC)
    purpose = request.args.get("purpose") or rules.purpose_in_force(who, asked.what, rules.OPENING, now)
    return rules.may_get_data(who, asked.what, rules.OPENING, purpose, now)


def _by_grant(asked: _Asked, who: Who, decision: Decision) -> tuple[Decision, Response]:
    """The answer to a grantee, within the limits of the grant."""
    from ckanext.govcn.grant import usage  # a grant that decided has its plugin and its tables

    if asked.way.costs(decision):
        left = usage.ask(decision.grant)
        if not left.allowed:
            return _over(asked, who, decision, left)
    decision, response = _deliver(asked, who, decision)
    if not (decision.allowed and _carries(response)):
        return decision, response
    verdict = usage.take(decision.grant, asked.resource.id, asked.what.version, people.presented_prefix())
    if not verdict.allowed:
        response.close()
        return _over(asked, who, decision, verdict)
    response.headers.update(verdict.headers())
    return decision, response


def _over(asked: _Asked, who: Who, decision: Decision, verdict: Verdict) -> tuple[Decision, Response]:
    """Where one grant serves no more, another one may."""
    rest = people.without_grant(who, decision.grant)
    other = _decide(asked, rest)
    if other.allowed:
        return _by_grant(asked, rest, other)
    if verdict.code in rules.STOPPED:
        stopped = replace(rules.STOPPED[verdict.code], grant=decision.grant)
        return stopped, asked.way.refuse(stopped)
    response = asked.way.too_many(say(verdict.message, verdict.message_en))
    response.headers.update(verdict.headers())
    return replace(decision, allowed=False, code=verdict.code), response


def _carries(response: Response) -> bool:
    """Whether data leaves with it."""
    return request.method == "GET" and response.status_code in (200, 206)


def _deliver(asked: _Asked, who: Who | None, decision: Decision) -> tuple[Decision, Response]:
    """The answer. Where making it takes long, what was decided is decided again before it leaves."""
    response = _made(asked, decision)
    if who is None or not asked.way.costs(decision) or not _carries(response):
        return decision, response
    try:
        again = _decide_again(asked, who)
        if again.allowed and again != decision:
            base.abort(503, "授权或数据刚刚变更，请再试一次 (What decides has changed just now; please try again)")
    except HTTPException:
        response.close()
        raise
    if again.allowed:
        return decision, response
    response.close()
    return again, asked.way.refuse(again)


def _decide_again(asked: _Asked, who: Who) -> Decision:
    """The decision by what dataset and account are now. Of the grants, `usage.take` looks at the one that decided."""
    resource = model.Session.get(model.Resource, asked.resource.id, populate_existing=True)
    package = model.Session.get(model.Package, resource.package_id, populate_existing=True) if resource else None
    if resource is None or resource.state != "active" or package is None:
        unknown()
    what = replace(people.what_of(package), version=asked.what.version, delivery=asked.way.delivery)
    now = people.as_of_now(who)
    if not rules.may_see_entry(now, what):
        unknown()
    return _decide(replace(asked, what=what), now)


def _made(asked: _Asked, decision: Decision) -> Response:
    try:
        found = files.delivered_by(asked.resource.id)
    except FileMissing as error:
        log.exception("file of resource %s is missing", asked.resource.id)
        base.abort(503, str(error))
    if found and found[0].sha256 != asked.what.version:  # what was decided, and is accounted for, is another content
        base.abort(503, "文件刚刚被替换，请再试一次 (The file was replaced just now; please try again)")
    return asked.way.answer(asked.resource, asked.what, decision, found)


def _account(asked: _Asked, who: Who | None, decision: Decision, answer: Response) -> None:
    """One line about data of 有条件开放. Raises when it cannot be written: then nothing is delivered."""
    ip, port = origin(request.environ)
    delivered = decision.allowed and answer.status_code < 400
    size = answer.calculate_content_length() or answer.content_length or 0
    carried = delivered and request.method == "GET"
    rows = answer if carried and isinstance(answer, RowsAnswer) else None
    detail = {"status": str(answer.status_code)}
    if rows:
        detail["sha256"] = rows.sha256
    if who and decision.grant and people.presented_key():
        detail["key"] = people.presented_prefix()
    audit.write(
        Event(
            asked.way.event,
            decision.code if delivered or not decision.allowed else "not_delivered",
            who=who.user_id if who else "",
            ip=ip,
            port=port,
            subject=asked.resource.id,
            version=asked.what.version,
            grant=decision.grant,
            rows=rows.rows if rows else None,
            bytes=size if carried else 0,
            detail=detail,
        )
    )


def sealed(response: Response, decision: Decision) -> Response:
    """The answer with what keeps it out of caches, and out of pages that another host makes."""
    is_open = decision is rules.ANYONE
    response.headers["Cache-Control"] = OPEN_CACHE if is_open else CLOSED_CACHE
    if not is_open:
        request.environ["__no_cache__"] = True  # CKAN would add "public" to the header
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
