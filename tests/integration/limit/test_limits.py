"""Limits on the real portal and the real Valkey: exact, by network, not to be got around, and before the audit log."""

from __future__ import annotations

import re
import threading
from collections import Counter
from typing import Any

import pytest

pytestmark = [pytest.mark.access, pytest.mark.usefixtures("clean")]

API = "/api/3/action/status_show"


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Settings for one test; counts of former tests do not matter."""
    from ckan.lib.redis import connect_to_redis
    from ckan.plugins import toolkit as tk

    for key in connect_to_redis().scan_iter("*:govcn-limit:*"):
        connect_to_redis().delete(key)

    def configure(**values: Any) -> None:
        for name, value in values.items():
            monkeypatch.setitem(tk.config, f"ckanext.govcn.limit.{name}", value)

    return configure


def get(app: Any, address: str, path: str = API, **headers: str) -> Any:
    return app.client.get(path, headers=headers, environ_overrides={"REMOTE_ADDR": address}, follow_redirects=False)


def log_in(app: Any, name: str, password: str, address: str = "192.0.2.1", **headers: str) -> Any:
    return app.flask_app.test_client(use_cookies=False).post(
        "/user/login", data={"login": name, "password": password}, headers=headers,
        environ_overrides={"REMOTE_ADDR": address}, follow_redirects=False,
    )  # fmt: skip


def without_tokens(answer: Any, typed: str) -> str:
    """The page without the name that was typed, and without the CSRF tokens, which are new every time."""
    return re.sub(r'"[\w-]{40,}\.[\w-]+\.[\w-]+"', "", answer.get_data(as_text=True).replace(typed, ""))


# counting ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_fifty_at_once_are_counted_exactly(configure):
    from ckanext.govcn.limit import counting
    from ckanext.govcn.limit.windows import Limit

    limit, told = Limit("probe", 1000, 60), Counter()
    lock = threading.Lock()

    def ask() -> None:
        for _ in range(40):
            standing = counting.count(limit, "192.0.2.1")
            with lock:
                told[standing.allowed] += 1
                told["first"] += standing.first_refused

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert told == {True: 1000, False: 1000, "first": 1}


def test_a_window_ends_and_one_that_lost_its_end_gets_one(configure):
    from ckan.lib.redis import connect_to_redis
    from ckanext.govcn.limit import counting
    from ckanext.govcn.limit.windows import Limit

    limit = Limit("probe", 1, 60)
    assert counting.count(limit, "a").milliseconds == 60_000
    (key,) = connect_to_redis().scan_iter("*:govcn-limit:probe:*")
    connect_to_redis().persist(key)
    assert 0 < counting.count(limit, "a").milliseconds <= 60_000
    connect_to_redis().pexpire(key, 1)
    threading.Event().wait(0.05)
    assert counting.count(limit, "a").allowed


# visitors ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_visitor_is_told_where_he_stands_and_refused_beyond(app, configure):
    configure(anonymous=3)
    answers = [get(app, "192.0.2.1") for _ in range(5)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429, 429]
    assert [each.headers["RateLimit-Remaining"] for each in answers] == ["2", "1", "0", "0", "0"]
    refused = answers[3]
    assert refused.headers["RateLimit-Limit"] == "3"
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "no-store" in refused.headers["Cache-Control"]
    assert "public" not in refused.headers["Cache-Control"]
    assert refused.get_json()["error"]["__type"] == "Rate Limit Error"
    assert get(app, "192.0.2.2").status_code == 200


def test_the_addresses_of_a_64_are_one_visitor(app, configure):
    configure(anonymous=3)
    answers = [get(app, f"2001:db8:1:2:{n}::{n}").status_code for n in range(1, 6)]
    assert answers == [200, 200, 200, 429, 429]
    assert get(app, "2001:db8:1:3::1").status_code == 200


def test_a_forged_header_is_no_way_around(app, configure):
    configure(anonymous=3, exempt="127.0.0.0/8 ::1/128")
    forged = ("127.0.0.1", "198.51.100.1", "198.51.100.2", "::1", "198.51.100.3, 127.0.0.1")
    answers = [get(app, "192.0.2.1", **{"X-Forwarded-For": each}).status_code for each in forged]
    assert answers == [200, 200, 200, 429, 429]


def test_behind_the_named_proxy_it_is_the_visitor_who_counts(app, configure):
    configure(anonymous=1, exempt="127.0.0.0/8 ::1/128")
    through = [get(app, "127.0.0.1", **{"X-Forwarded-For": f"{n}, 192.0.2.1"}).status_code for n in "12"]
    assert through == [200, 429]
    assert get(app, "127.0.0.1", **{"X-Forwarded-For": "192.0.2.2"}).status_code == 200


def test_persons_and_the_operators_own_networks_are_not_counted(app, configure):
    from ckan.tests import factories

    token = factories.UserWithToken()["token"]
    configure(anonymous=1, exempt="192.0.2.0/24")
    assert {get(app, "198.51.100.1", Authorization=token).status_code for _ in range(4)} == {200}
    assert {get(app, "192.0.2.9").status_code for _ in range(4)} == {200}
    assert [get(app, "198.51.100.1", Authorization="no-token").status_code for _ in range(2)] == [200, 429]


def test_0_is_no_limit_and_pages_are_not_counted(app, configure):
    configure(anonymous=0)
    assert "RateLimit-Limit" not in get(app, "192.0.2.1").headers
    configure(anonymous=1)
    assert {get(app, "192.0.2.1", "/dataset/").status_code for _ in range(3)} == {200}
    assert {get(app, "192.0.2.1", "/api/i18n/en").status_code for _ in range(3)} == {200}


def test_a_stranger_cannot_fill_the_log_with_refused_downloads(app, configure):
    """Refused before anything is written down, with keys that are none as well."""
    from integration.audit.test_events import noted
    from integration.grant.test_grants import Desk

    desk = Desk(app)
    grant = desk.give()
    key = desk.ask("grantee", "govcn_grant_key_create", id=grant["id"])["key"]
    path = f"/dataset/{desk.dataset['id']}/resource/{desk.file['id']}/download"
    configure(anonymous=3)
    with noted() as events:
        answers = [get(app, "192.0.2.1", path, Authorization=f"Bearer govcn-key-{n}-x").status_code for n in range(8)]
        answers += [get(app, "192.0.2.1", path).status_code for _ in range(3)]
    assert answers == [403, 403, 403, *[429] * 8]
    assert [each["outcome"] for each in events] == ["bad_key"] * 3
    assert {get(app, "192.0.2.1", path, Authorization=f"Bearer {key}").status_code for _ in range(5)} == {200}


def test_without_valkey_open_data_stays_open_and_nobody_logs_in(app, configure, monkeypatch):
    from ckan.tests import factories
    from ckanext.govcn.limit import counting
    from redis import Redis

    user = factories.User(password="Correct-2026")
    monkeypatch.setattr(counting, "connect_to_redis", lambda: Redis(port=1))
    configure(anonymous=1)
    assert {get(app, "192.0.2.1").status_code for _ in range(3)} == {200}
    answer = log_in(app, user["name"], "Correct-2026")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"


# logins ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_after_so_many_failures_even_the_right_password_is_refused(app, configure):
    from ckan.tests import factories
    from integration.audit.test_events import noted

    user = factories.User(password="Correct-2026")
    configure(login_account=3, login_address=100)
    with noted() as events:
        tried = [log_in(app, user["name"], "Wrong-2026", f"192.0.2.{n}").status_code for n in range(1, 7)]
        right = log_in(app, user["email"].upper(), "Correct-2026", "198.51.100.1")
    assert tried == [200, 200, 200, 429, 429, 429]
    assert right.status_code == 429
    assert int(right.headers["Retry-After"]) <= 600
    assert "登录失败次数过多" in right.get_data(as_text=True)
    assert [each["outcome"] for each in events] == ["refused"] * 3 + ["throttled"]


def test_a_name_that_is_nobodys_is_answered_in_the_same_words(app, configure):
    from ckan.tests import factories

    configure(login_account=1)
    known, unknown = factories.User(password="Correct-2026")["name"], "nobody-at-all"
    answers = [[log_in(app, name, "Wrong-2026") for _ in range(2)] for name in (known, unknown)]
    for first, second in zip(*answers, strict=True):
        assert first.status_code == second.status_code
        assert without_tokens(first, known) == without_tokens(second, unknown)


def test_one_address_cannot_try_many_names(app, configure):
    configure(login_account=100, login_address=3)
    tried = [log_in(app, f"name-{n}", "Wrong-2026", f"2001:db8:7:7::{n}").status_code for n in range(5)]
    assert tried == [200, 200, 200, 429, 429]
    assert log_in(app, "name-9", "Wrong-2026", "192.0.2.77").status_code == 200


def test_logins_that_succeed_are_not_counted(app, configure):
    """A whole office behind one address logs in."""
    from ckan.tests import factories

    configure(login_account=2, login_address=3)
    user = factories.User(password="Correct-2026")
    assert {log_in(app, user["name"], "Correct-2026").status_code for _ in range(6)} == {302}
    assert log_in(app, user["name"], "Wrong-2026").status_code == 200
    assert log_in(app, user["name"], "Correct-2026").status_code == 302
    assert [log_in(app, user["name"], "Wrong-2026").status_code for _ in range(3)] == [200, 200, 429]


def test_it_takes_as_long_for_a_name_that_is_nobodys(app, configure, monkeypatch):
    from ckan.tests import factories
    from ckanext.govcn.limit import doors

    hashed: list[str] = []
    monkeypatch.setattr(doors.pbkdf2_sha512, "hash", hashed.append)
    log_in(app, "nobody-at-all", "Wrong-2026")
    assert len(hashed) == 1
    monkeypatch.undo()
    user = factories.User(password="Correct-2026")
    monkeypatch.setattr(doors.pbkdf2_sha512, "hash", hashed.append)
    log_in(app, user["name"], "Wrong-2026")
    assert len(hashed) == 1
