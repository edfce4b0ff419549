"""Sign-in through a provider: to it, and back from it.

The session holds the attempt until it is answered; an answer is taken once, and the session's id changes with it.
Whatever fails leads back to the login page with a sentence; addresses with a code or ticket are never shown or kept.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import Any

import ckan.plugins as p
import flask
from ckan import model
from ckan.plugins import toolkit as tk
from ckan.views.user import regenerate_session, rotate_token

from ckanext.govcn.audit import logins
from ckanext.govcn.dataset import pages
from ckanext.govcn.dataset.language import say
from ckanext.govcn.identity import accounts, site
from ckanext.govcn.identity.attempt import Attempt, local_path
from ckanext.govcn.identity.exceptions import IdentityError, NotBegunHere, OperatorMends, UnknownProvider
from ckanext.govcn.identity.provider import Provider
from ckanext.govcn.identity.wire import HttpWire
from ckanext.govcn.signing.exceptions import SigningError

logger = logging.getLogger(__name__)

identities = flask.Blueprint("govcn_identity", __name__, url_prefix="/govcn/identity")
KEPT = "govcn_identity"


@identities.after_request
def _keep_to_oneself(response: flask.Response) -> flask.Response:
    """In no cache, and no address of ours for another host."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return pages.kept_alone(response)


@identities.route("/<provider>/start")
def start(provider: str) -> Any:
    """To the provider; afterwards back to `came_from`, a path of the portal."""
    came_from = local_path(tk.request.args.get("came_from", ""))
    if tk.current_user.is_authenticated:
        return _onwards(came_from)
    try:
        return flask.redirect(_begun(provider, came_from), 303)
    except IdentityError as error:
        return _back(error, provider, came_from)


@identities.route("/<provider>/bind", methods=["GET", "POST"])
def bind(provider: str) -> Any:
    """Whoever is logged in has their account verified: the page says which, and a button of it begins."""
    came_from = local_path(tk.request.args.get("came_from", ""))
    if not tk.current_user.is_authenticated:
        return tk.redirect_to("user.login", came_from=tk.request.full_path.rstrip("?"))
    try:
        asked = _provider(provider)
        # not a redirect: forms lead nowhere outside (Content-Security-Policy)
        onwards = _begun(provider, came_from, tk.current_user.id) if tk.request.method == "POST" else ""
    except IdentityError as error:
        return _back(error, provider, came_from)
    shown = {"title": say(asked.title, asked.title_en), "onwards": onwards}
    return tk.render("identity/bind.html", shown)


@identities.route("/<provider>/callback")
def callback(provider: str) -> Any:
    """From the provider, with what it gave."""
    attempt = Attempt.kept(flask.session.get(KEPT))
    account = tk.current_user.id if tk.current_user.is_authenticated else ""
    try:
        if attempt is None:
            raise NotBegunHere
        attempt.check(provider, tk.request.args.get("state", ""), time.time(), account)
        del flask.session[KEPT]
        asked = _provider(provider)
        query = tk.request.args.to_dict()
        identity = asked.identify(query, attempt, _callback(provider), HttpWire(asked), datetime.now(UTC))
        if account:
            accounts.bind(identity, account)
        else:
            _log_in(accounts.sign_in(identity))
    except (IdentityError, SigningError) as error:
        _account_for(error, provider, account)
        return _back(error, provider, attempt.came_from if attempt else "")
    if account:
        tk.h.flash_success(say("身份已核验", "The identity is verified"))
    return _onwards(attempt.came_from)


def _account_for(error: IdentityError | SigningError, provider: str, account: str) -> None:
    """A sign-in that is refused is a line, as a refused login is: which provider and why, and nothing that it said."""
    if p.plugin_loaded("govcn_audit"):
        logins.note(logins.LOGIN, logins.REFUSED, who=account, provider=_told(provider), reason=type(error).__name__)


def _told(provider: str) -> str:
    """A provider's name as logs say it: it came from an address."""
    return provider[:40] if provider.isascii() and provider.isprintable() else "?"


def _begun(provider: str, came_from: str, account: str = "") -> str:
    """The provider's address for a new attempt, which the session keeps."""
    attempt = Attempt.begin(provider, came_from, time.time(), account)
    asked = _provider(provider)
    address = asked.question(attempt, _callback(provider), HttpWire(asked))
    flask.session[KEPT] = attempt.to_keep()
    return address


def _log_in(user: model.User) -> None:
    """As CKAN's own form does, in a session with a new id and nothing of what was in it: whoever knew the old one knows
    nothing."""
    flask.session.clear()
    flask.session[KEPT] = True  # an empty session would keep its id
    regenerate_session()
    del flask.session[KEPT]
    tk.login_user(user)
    rotate_token()


def _provider(name: str) -> Provider:
    found = site.settings().providers.get(name)
    if found is None:
        raise UnknownProvider
    return found


def _callback(provider: str) -> str:
    """The address that is registered with the provider: of `ckan.site_url`, whatever a request calls this host."""
    return tk.url_for("govcn_identity.callback", provider=provider, qualified=True, locale="default")


def _onwards(path: str) -> Any:
    return tk.redirect_to(path) if path else tk.redirect_to("user.me")


def _back(error: IdentityError | SigningError, provider: str, came_from: str) -> Any:
    """Back to where it began, with what to do. What the operator has to mend is said in the log only."""
    logger.warning("统一身份认证 %s：%s (%s)", _told(provider), error.message, error.message_en)
    if isinstance(error, OperatorMends | SigningError):
        words = "统一身份认证的设置有误，请联系平台管理员。", "The provider's settings are wrong; tell the operator."
    else:
        words = error.message, error.message_en
    tk.h.flash_error(say(*words))
    if tk.current_user.is_authenticated:
        return _onwards(came_from)
    return tk.redirect_to("user.login", **({"came_from": came_from} if came_from else {}))
