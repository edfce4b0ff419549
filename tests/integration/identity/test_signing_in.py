"""Sign-in through a real provider, in a browser's session; everything that must fail. Everybody is made up."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.lib import signals
from ckan.tests import factories
from contracts.identity_provider import PERSON, IdentityProvider
from integration.identity.conftest import Browser, configuration
from integration.making import call

pytestmark = pytest.mark.usefixtures("clean")

NewBrowser = Callable[..., Browser]
NUMBER = "11010519491231002X"  # the example of GB 11643
EVERY = pytest.mark.parametrize("name", ["oidc", "oauth2", "cas"])


def known() -> list[Any]:
    rows = model.Session.execute(sa.text("SELECT * FROM govcn_identity ORDER BY created_at")).mappings().all()
    model.Session.rollback()
    return list(rows)


def users() -> int:
    return model.Session.query(model.User).count()


@EVERY
def test_the_first_time_makes_an_account_and_later_ones_find_it(
    provider: IdentityProvider, new_browser: NewBrowser, name: str
) -> None:
    first, later = new_browser(), new_browser()
    answer = first.sign_in(name, "/dataset/%3Fpage=2")
    assert (answer.status_code, answer.headers["Location"].partition("/dataset")[2]) == (302, "/?page=2")
    user = model.User.get(first.user)
    assert user is not None
    assert re.fullmatch(r"id-[0-9a-f]{24}", user.name)
    assert (user.fullname, user.email, user.password, user.sysadmin) == (PERSON["name"], None, None, False)
    (row,) = known()
    assert (row["provider"], row["user_id"], row["kind"], row["trust"]) == (name, user.id, "person", "strong")
    count = users()
    provider.person |= {"name": "另一姓名", "auth_level": "2"}
    later.sign_in(name)
    model.Session.expire_all()
    assert (later.user, users(), known()[0]["trust"], model.User.get(user.id).fullname) == (
        first.user, count, "basic", PERSON["name"]
    )  # fmt: skip
    assert later.get("/user/me").status_code == 302
    assert later.get(f"/user/{user.name}").status_code == 200


def test_the_same_subject_of_two_providers_is_two_persons(provider: IdentityProvider, new_browser: NewBrowser) -> None:
    one, other = new_browser(), new_browser()
    one.sign_in("oidc")
    other.sign_in("oauth2")
    assert one.user != other.user
    assert len({row["digest"] for row in known()}) == 2


def test_an_account_made_here_is_never_taken_over(provider: IdentityProvider, new_browser: NewBrowser) -> None:
    """The provider says the name, the mail address and the id of a local account."""
    local = factories.Sysadmin(name="local-admin", email="local@example.gov.cn", fullname="本地管理员")
    for subject in ("local-admin", "local@example.gov.cn", local["id"]):
        provider.person |= {"sub": subject, "name": "local-admin", "email": "local@example.gov.cn"}
        for name in ("oidc", "oauth2", "cas"):
            visitor = new_browser()
            visitor.sign_in(name)
            assert visitor.user not in ("", local["id"])
    assert model.User.get("local-admin").fullname == "本地管理员"


def test_a_deleted_account_stays_deleted(provider: IdentityProvider, new_browser: NewBrowser) -> None:
    first = new_browser()
    first.sign_in("oidc")
    user, count = first.user, users()
    call("user_delete", id=user)
    again = new_browser()
    answer = again.sign_in("oidc")
    assert (again.user, users()) == ("", count)
    assert "停用" in again.client.get(answer.headers["Location"]).body
    assert model.User.get(user).state == "deleted"
    model.Session.query(model.User).filter_by(id=user).delete()
    model.Session.commit()
    again.sign_in("oidc")
    assert (again.user, users()) == ("", count - 1)


def test_a_system_administrator_signs_in_otherwise(
    provider: IdentityProvider, new_browser: NewBrowser, ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = new_browser()
    first.sign_in("cas")
    model.User.get(first.user).sysadmin = True
    model.Session.commit()
    again = new_browser()
    answer = again.sign_in("cas")
    assert again.user == ""
    assert "系统管理员" in again.client.get(answer.headers["Location"]).body
    monkeypatch.setitem(ckan_config, "ckanext.govcn.identity.sysadmins", True)
    again.sign_in("cas")
    assert again.user == first.user


def test_whoever_listens_to_logins_hears_of_it(provider: IdentityProvider, new_browser: NewBrowser) -> None:
    heard: list[str] = []

    def listen(sender: Any, user: Any = None, **_: Any) -> None:
        heard.append(user.id)

    with signals.user_logged_in.connected_to(listen):
        visitor = new_browser()
        visitor.sign_in("oidc")
    assert heard == [visitor.user]


def test_two_first_sign_ins_at_once_make_one_account(provider: IdentityProvider, app: Any) -> None:
    from ckanext.govcn.identity import accounts
    from ckanext.govcn.identity.identity import Identity

    identity = Identity("oidc", "at-once", "同时", "person", "basic", datetime.now(UTC))
    count = users()
    model.Session.rollback()

    def one(_: int) -> str:
        with app.flask_app.app_context():
            try:
                return accounts.sign_in(identity).id
            finally:
                model.Session.remove()

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(one, range(8)))
    assert len(ids) == 1
    assert users() == count + 1


# ── attacks


def no_sign_in(browser: Browser, answer: Any) -> None:
    """Back on the login page, with a sentence, and nobody is logged in."""
    assert (answer.status_code, browser.user) == (302, "")
    assert "/user/login" in answer.headers["Location"]
    shown = browser.client.get(answer.headers["Location"])
    assert "请重" in shown.body or "请稍后" in shown.body


@EVERY
def test_a_wrong_state(provider: IdentityProvider, new_browser: NewBrowser, name: str) -> None:
    for change in ("another", "", None):
        visitor = new_browser()
        back = visitor.begin(name)
        changed = re.sub(r"state=[\w-]+", f"state={change}" if change is not None else "x=1", back)
        no_sign_in(visitor, visitor.get(changed))
    assert not known()


def test_a_refused_sign_in_is_a_line_and_counts_as_a_failed_login(
    provider: IdentityProvider, new_browser: NewBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckan.plugins import toolkit as tk
    from integration.audit.test_events import noted

    monkeypatch.setitem(tk.config, "ckanext.govcn.limit.exempt", "")
    monkeypatch.setitem(tk.config, "ckanext.govcn.limit.login_address", 2)
    visitor = new_browser()
    good = visitor.begin("oidc")
    wrong = re.sub(r"state=[\w-]+", "state=another", good)
    with noted() as events:
        answers = [visitor.get(wrong).status_code for _ in range(3)]
    assert answers == [302, 302, 429]
    assert [(e["event"], e["outcome"], e["who"]) for e in events] == [
        *[("account.login", "refused", "")] * 2, ("account.login", "throttled", ""),
    ]  # fmt: skip
    assert [e["detail"].get("provider") for e in events] == ["oidc", "oidc", None]
    assert all(e["detail"]["reason"] for e in events[:2])
    assert "another" not in str(events)


@EVERY
def test_an_answer_works_once(provider: IdentityProvider, new_browser: NewBrowser, name: str) -> None:
    visitor = new_browser()
    back = visitor.begin(name)
    visitor.get(back)
    assert visitor.user
    visitor.client.get("/user/_logout")
    no_sign_in(visitor, visitor.get(back))


@EVERY
def test_an_attackers_answer_in_another_browser(provider: IdentityProvider, new_browser: NewBrowser, name: str) -> None:
    """Sign-in CSRF: the victim is not logged in to the attacker's account, neither with nor without an own attempt."""
    attackers = new_browser().begin(name)
    victim = new_browser()
    no_sign_in(victim, victim.get(attackers))
    victim.begin(name)
    no_sign_in(victim, victim.get(attackers))
    mine = re.search(r"state=([\w-]+)", victim.begin(name))
    assert mine
    no_sign_in(victim, victim.get(re.sub(r"state=[\w-]+", f"state={mine[1]}", attackers)))


def test_the_answer_of_another_provider(provider: IdentityProvider, new_browser: NewBrowser) -> None:
    visitor = new_browser()
    no_sign_in(visitor, visitor.get(visitor.begin("oidc").replace("/oidc/", "/oauth2/")))


def test_a_sign_in_that_took_too_long(provider: IdentityProvider, new_browser: NewBrowser) -> None:
    visitor = new_browser()
    back = visitor.begin("oidc")
    with visitor.session() as session:
        session["govcn_identity"] = session["govcn_identity"] | {"begun": 0.0}
    no_sign_in(visitor, visitor.get(back))


def test_whoever_logged_in_meanwhile_stays_who_they_are(provider: IdentityProvider, new_browser: NewBrowser) -> None:
    visitor, user = new_browser(), factories.User()
    back = visitor.begin("oidc")
    visitor.log_in(user["id"])
    visitor.get(back)
    assert visitor.user == user["id"]
    assert not known()


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.test/", "//evil.test/", "/\\evil.test", "/\t/evil.test", "javascript:alert(1)"]
)
def test_no_way_to_another_host(provider: IdentityProvider, new_browser: NewBrowser, elsewhere: str) -> None:
    visitor = new_browser()
    answer = visitor.sign_in("oidc", quote(elsewhere))
    assert visitor.user
    assert "evil" not in answer.headers["Location"]
    assert answer.headers["Location"].endswith("/user/me")
    again = visitor.get(f"/govcn/identity/oidc/start?came_from={quote(elsewhere)}")
    assert "evil" not in again.headers["Location"]


@pytest.mark.ckan_config("SESSION_TYPE", "redis")
@EVERY
def test_the_session_is_another_after_signing_in(
    provider: IdentityProvider, new_browser: NewBrowser, name: str
) -> None:
    """Session fixation: whoever put a session's id into this browser is not logged in by it, nor keeps words in it."""
    visitor, attacker = new_browser(), new_browser()
    visitor.get("/user/login")
    back = visitor.begin(name)
    before = visitor.session_id
    with visitor.session() as session:
        session["planted"] = "word"
    cookies = list(visitor.client._cookies.values())
    visitor.get(back)
    assert visitor.user
    assert visitor.session_id != before
    with visitor.session() as session:
        assert "planted" not in session
        assert "govcn_identity" not in session
    for cookie in cookies:
        attacker.client.set_cookie(cookie.key, cookie.value, domain=cookie.domain, path=cookie.path)
    assert PERSON["name"] in visitor.client.get("/").body
    assert PERSON["name"] not in attacker.client.get("/").body
    assert attacker.user == ""


@EVERY
def test_the_provider_is_away_or_says_nonsense(provider: IdentityProvider, new_browser: NewBrowser, name: str) -> None:
    path = {"oidc": "/token", "oauth2": "/userinfo", "cas": "/p3/serviceValidate"}[name]
    for answer in (
        (500, "", b"x"),
        (302, "", b"https://elsewhere.test/"),
        (200, "", b"<x>"),
        (200, "", b"x" * 300_000),
    ):
        provider.instead[path] = answer
        visitor = new_browser()
        no_sign_in(visitor, visitor.sign_in(name))
    assert not known()


def test_no_such_provider(provider: IdentityProvider, new_browser: NewBrowser) -> None:
    visitor = new_browser()
    for name in ("another", "x" * 300, "%0aoidc"):
        for route in ("start", "callback"):
            answer = visitor.get(f"/govcn/identity/{name}/{route}")
            assert (answer.status_code, visitor.user) == (302, "")


def test_answers_are_kept_by_nobody(provider: IdentityProvider, new_browser: NewBrowser) -> None:
    visitor = new_browser()
    for answer in (visitor.get("/govcn/identity/oidc/start"), visitor.sign_in("oidc")):
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"


# ── what is kept of an identity number


def everything_stored() -> str:
    """Every table's every row, as text."""
    tables = sa.text("SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'public' "
                     "AND table_type = 'BASE TABLE'")  # fmt: skip
    found = []
    for table in model.Session.execute(tables).scalars().all():
        found += model.Session.execute(sa.text(f"SELECT t::text FROM {table} t")).scalars().all()  # noqa: S608
    model.Session.rollback()
    return "\n".join(found)


@pytest.mark.ckan_config("SESSION_TYPE", "redis")
@EVERY
def test_an_identity_number_is_nowhere(
    provider: IdentityProvider, new_browser: NewBrowser, name: str, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    """The provider insists: the number is its subject, part of the name, and a field of its own."""
    import logging

    from ckan.lib.redis import connect_to_redis

    caplog.set_level(logging.DEBUG)
    provider.person = PERSON | {"sub": NUMBER, "name": f"示例用户{NUMBER}", "id_card": NUMBER, "idCardNo": NUMBER}
    visitor = new_browser()
    pages = [visitor.get(visitor.begin(name))]
    assert visitor.user
    user = model.User.get(visitor.user)
    pages += [visitor.client.get(path) for path in (f"/user/{user.name}", "/", "/user/edit", f"/user/edit/{user.id}")]
    pages.append(visitor.client.get("/api/3/action/user_show", query_string={"id": user.id}))
    provider.instead["/jwks"] = provider.instead["/userinfo"] = (200, "", f'{{"keys": "{NUMBER}"}}'.encode())
    provider.instead["/p3/serviceValidate"] = (200, "", f"<!DOCTYPE x><x>{NUMBER}".encode())
    refused = new_browser()
    no_sign_in(refused, refused.sign_in(name))
    pages.append(refused.client.get("/user/login"))
    cache = connect_to_redis()
    sessions = b"".join(cache.get(key) or b"" for key in cache.scan_iter() if cache.type(key) == b"string")
    logged = caplog.text + "".join(capfd.readouterr())
    texts = [everything_stored(), logged, sessions.decode("utf-8", "replace"), *(page.body for page in pages)]
    texts += [str(page.headers) for page in pages]
    assert user.fullname.endswith("认证用户")
    for text in texts:
        assert NUMBER not in text
        assert NUMBER[:17] not in text


def test_the_digest_is_of_this_site_alone(provider: IdentityProvider, new_browser: NewBrowser) -> None:
    """Whoever has the table cannot try all numbers."""
    import hashlib

    provider.person |= {"sub": NUMBER}
    new_browser().sign_in("oidc")
    (row,) = known()
    for content in (NUMBER, f"oidc{NUMBER}", f"oidc\0{NUMBER}"):
        assert row["digest"] != hashlib.sha256(content.encode()).hexdigest()


@pytest.mark.parametrize("suite", ["sm", "international"])
def test_an_identity_is_found_after_the_suite_was_changed(
    provider: IdentityProvider, new_browser: NewBrowser, ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch,
    suite: str,
) -> None:  # fmt: skip
    first, later = new_browser(), new_browser()
    monkeypatch.setitem(ckan_config, "ckanext.govcn.signing.suite", suite)
    first.sign_in("oidc")
    monkeypatch.setitem(
        ckan_config, "ckanext.govcn.signing.suite", {"sm": "international", "international": "sm"}[suite]
    )
    later.sign_in("oidc")
    assert later.user == first.user
    assert known()[0]["suite"] == suite


# ── the login page


def test_a_button_for_each_provider(provider: IdentityProvider, new_browser: NewBrowser) -> None:
    page = new_browser().client.get("/user/login?came_from=/dataset/%3Fq=x").body
    for name, title in (("oidc", "示例省认证"), ("oauth2", "示例市认证"), ("cas", "示例外网认证")):
        assert re.search(rf'href="/govcn/identity/{name}/start\?came_from=[^"]+dataset[^"]+"[^>]*>{title}<', page)
    assert 'name="password"' in page
    assert "示例省认证 (en)" in new_browser().client.get("/en/user/login").body
    assert (
        "evil" not in new_browser().client.get("/user/login?came_from=//evil.test").body.partition("g-sign-in")[2][:900]
    )


@pytest.mark.parametrize("text", [None, "", "providers: [wrong"])
def test_without_a_provider_nothing_is_there(
    configured: Callable[[Any], None], new_browser: NewBrowser, text: str | None
) -> None:
    if text is not None:
        configured(text)
    visitor = new_browser()
    page = visitor.client.get("/user/login")
    assert page.status_code == 200
    assert "g-sign-in" not in page.body
    answer = visitor.get("/govcn/identity/oidc/start")
    assert (answer.status_code, visitor.user) == (302, "")


# ── a local account is bound by whoever is logged in to it


def test_an_account_is_bound_and_found_by_the_identity(provider: IdentityProvider, new_browser: NewBrowser) -> None:
    user = factories.User(fullname="本地用户")
    visitor = new_browser(user)
    shown = visitor.get("/govcn/identity/oidc/bind")
    assert "本地用户" in shown.body
    assert 'rel="noreferrer"' not in shown.body
    answer = visitor.bind("oidc", "/dataset/")
    assert answer.headers["Location"].endswith("/dataset/")
    (row,) = known()
    assert (row["user_id"], row["trust"]) == (user["id"], "strong")
    assert model.User.get(user["id"]).fullname == "本地用户"
    later = new_browser()
    later.sign_in("oidc")
    assert later.user == user["id"]


def test_one_identity_one_account(provider: IdentityProvider, new_browser: NewBrowser) -> None:
    first, second = factories.User(), factories.User()
    new_browser(first).bind("oidc")
    visitor = new_browser(second)
    visitor.bind("oidc")
    assert [row["user_id"] for row in known()] == [first["id"]]
    provider.person |= {"sub": "somebody-else"}
    visitor.bind("oidc")
    new_browser(first).bind("oidc")  # an account never changes its person
    new_browser(first).bind("oauth2")
    assert [row["user_id"] for row in known()] == [first["id"], second["id"]]


@pytest.mark.ckan_config("WTF_CSRF_ENABLED", True)
def test_no_account_is_bound_that_may_not(provider: IdentityProvider, new_browser: NewBrowser) -> None:
    """A system administrator; another site's form or link; an attacker's answer in the victim's browser; nobody."""
    new_browser(factories.Sysadmin()).bind("oidc")
    lured = new_browser(factories.User())
    assert lured.client.post("/govcn/identity/oidc/bind").status_code == 400
    assert lured.get("/govcn/identity/oidc/start").headers["Location"].endswith("/user/me")
    with lured.session() as session:
        assert "govcn_identity" not in session
    attackers = new_browser().begin("oidc")
    victim = new_browser(factories.User())
    victim.get(attackers)
    answer = new_browser().get("/govcn/identity/oidc/bind")
    assert "/user/login" in answer.headers["Location"]
    assert not known()


def test_what_counts_as_verified(
    provider: IdentityProvider, new_browser: NewBrowser, configured: Callable[[Any], None]
) -> None:
    from ckanext.govcn.identity import accounts

    visitor = new_browser()
    visitor.sign_in("oidc")
    found = accounts.verified(visitor.user)
    assert found is not None
    assert (found.provider, found.kind, found.trust) == ("oidc", "person", "strong")
    others = configuration(provider.url)
    del others["providers"]["oidc"]
    configured(others)
    assert accounts.verified(visitor.user) is None
    configured("wrong: [")
    assert accounts.verified(visitor.user) is None
    assert accounts.verified("nobody") is None
