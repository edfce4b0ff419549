"""Asked before a request is answered: may this address ask again, and may somebody try to log in again?

Without Valkey open data stays open, uncounted. Nobody can log in then, with a limit or without: logins themselves are
kept there.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import ckan.plugins as p
import flask
from ckan import model
from ckan.plugins import toolkit as tk
from passlib.hash import pbkdf2_sha512  # pyright: ignore[reportAttributeAccessIssue] - made on demand

from ckanext.govcn.access import people
from ckanext.govcn.audit import logins
from ckanext.govcn.audit.origin import origin
from ckanext.govcn.dataset.language import say
from ckanext.govcn.limit import counting
from ckanext.govcn.limit.exceptions import CountingUnavailable
from ckanext.govcn.limit.windows import Limit, Standing, network_of, within

log = logging.getLogger(__name__)

PREFIX = "ckanext.govcn.limit."
TEXTS = frozenset({"api.i18n_js_translations"})  # asked for by every page
DOWN_SECONDS = 60  # between two lines about Valkey
RETRY_DOWN = 30
SIGN_IN = "govcn_identity.callback"  # where a provider's answer arrives

blueprint = flask.Blueprint("govcn_limit", __name__)


@blueprint.before_app_request
def ask() -> flask.Response | None:
    """A refusal, or None."""
    request, endpoint = flask.request, flask.request.endpoint or ""
    if endpoint == SIGN_IN and not tk.current_user.is_authenticated:
        return _sign_in()
    if endpoint == "user.login":
        return _login() if request.method == "POST" and not tk.current_user.is_authenticated else None
    if _is_counted(endpoint) and request.method != "OPTIONS":
        return _visitor()
    return None


@blueprint.after_app_request
def tell(response: flask.Response) -> flask.Response:
    """Where the visitor stands."""
    standing: Standing | None = flask.g.pop("govcn_standing", None)
    if standing is not None:
        response.headers.update(standing.headers())
    return response


def logged_in(_sender: Any, **_more: Any) -> None:
    """A login that succeeds is none of those that are counted; its account begins anew."""
    attempt = flask.g.pop("govcn_attempt", None) if flask.has_request_context() else None
    if attempt is None:
        return
    account, network = attempt
    try:
        if account:
            counting.forget(*account)
        if network:
            counting.take_back(*network)
    except CountingUnavailable:
        _down()


def failed(typed: Any, **_more: Any) -> None:
    """CKAN hashes the passwords of accounts that exist, and of no others: here it takes as long for every name."""
    user = _user(str(typed or ""))
    if user is None or not user.is_active:
        pbkdf2_sha512.hash("")


# visitors ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _is_counted(endpoint: str) -> bool:
    """The API, and every way to download data."""
    if endpoint in TEXTS:
        return False
    return endpoint.startswith(("api.", "govcn_rows.")) or endpoint.endswith((".download", "datastore.dump"))


def _visitor() -> flask.Response | None:
    limit = _limit("anonymous", "anonymous_seconds")
    address = origin(flask.request.environ)[0]
    if not limit.most or tk.current_user.is_authenticated or within(address, _exempt()) or _holds_key():
        return None
    try:
        standing = counting.count(limit, network_of(address))
    except CountingUnavailable:
        _down()
        return None
    flask.g.govcn_standing = standing
    if standing.allowed:
        return None
    if standing.first_refused:
        log.info("limit %s reached by %s", limit.name, network_of(address))
    return _refused(standing)


def _holds_key() -> bool:
    """An access key that is valid is somebody's; one that is none is a stranger's."""
    return people.asking_by_key() is not None


def _refused(standing: Standing) -> flask.Response:
    message = say(
        f"请求过于频繁，请在 {standing.seconds} 秒后再试；需要大量获取时请登录，或下载整个文件",
        f"Too many requests; please try again in {standing.seconds} seconds, log in, or download whole files",
    )
    if (flask.request.endpoint or "").startswith(("api.", "govcn_rows.")):
        error = {"__type": "Rate Limit Error", "message": message}
        return _closed(flask.jsonify({"success": False, "error": error}), 429)
    return _closed(flask.Response(f"{message}\n", mimetype="text/plain"), 429)


def _closed(response: flask.Response, status: int) -> flask.Response:
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    flask.request.environ["__no_cache__"] = True  # CKAN would add "public" to the header
    return response


# logins ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _login() -> flask.Response | None:
    """Every attempt counts until it succeeds, so that many at once are no way around."""
    typed = flask.request.form.get("login", "")
    return _attempted((_limit("login_account", "login_seconds"), logins.attempted(_account(typed))), typed)


def _sign_in() -> flask.Response | None:
    """A sign-in through a provider: as a login, by address alone; who it is, only the provider knows."""
    return _attempted(None, "")


def _attempted(account: tuple[Limit, str] | None, typed: str) -> flask.Response | None:
    address = origin(flask.request.environ)[0]
    network = (_limit("login_address", "login_seconds"), network_of(address))
    counted = ([] if within(address, _exempt()) else [network]) + ([account] if account else [])
    try:
        for limit, whose in counted:
            if limit.most and not (standing := counting.count(limit, whose)).allowed:
                return _throttled(standing, typed)
    except CountingUnavailable:
        _down()
        response = _page(503, say("登录服务暂不可用，请稍后再试", "Nobody can log in now; please try again later"))
        response.headers["Retry-After"] = str(RETRY_DOWN)
        return response
    flask.g.govcn_attempt = (account, network if network in counted else None)
    return None


def _account(typed: str) -> str:
    """An account has one count, by whichever of its names it is tried; a name that is nobody's has one of its own."""
    user = _user(typed)
    return user.name if user is not None else typed


def _user(typed: str) -> model.User | None:
    return model.User.by_name(typed) or model.User.by_email(typed) if typed else None


def _throttled(standing: Standing, typed: str) -> flask.Response:
    """The same for every name. The first refusal of a window is written down, the others are not."""
    if standing.first_refused and p.plugin_loaded("govcn_audit"):
        logins.note(logins.LOGIN, logins.THROTTLED, subject=logins.attempted(typed))
    minutes = -(-standing.seconds // 60)
    response = _page(
        429,
        say(
            f"登录失败次数过多，请 {minutes} 分钟后再试；忘记密码可以在登录页重置",
            f"Too many failed logins; please try again in {minutes} minutes, or reset your password",
        ),
    )
    response.headers.update(standing.headers())
    return response


def _page(status: int, message: str) -> flask.Response:
    shown = {"code": status, "content": message, "name": ""}
    return _closed(flask.make_response(tk.render("error_document_template.html", shown)), status)


# settings ────────────────────────────────────────────────────────────────────────────────────────────────────────────

_told_down = 0.0


def _down() -> None:
    """Say that Valkey is away, once a minute."""
    global _told_down  # noqa: PLW0603 - one moment a process
    if time.monotonic() - _told_down > DOWN_SECONDS:
        _told_down = time.monotonic()
        log.warning("%s (%s)", CountingUnavailable.zh, CountingUnavailable.en)


def _limit(name: str, seconds: str) -> Limit:
    return Limit(name, int(tk.config[f"{PREFIX}{name}"]), max(int(tk.config[f"{PREFIX}{seconds}"]), 1))


def _exempt() -> list[str]:
    return str(tk.config.get(f"{PREFIX}exempt") or "").split()
