"""One sign-in on its way: whose answer it may take, and where it may lead."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urljoin, urlsplit

import pytest
from ckanext.govcn.identity.attempt import SECONDS, Attempt, local_path
from ckanext.govcn.identity.exceptions import NotBegunHere
from hypothesis import given
from hypothesis import strategies as st

BEGUN = Attempt.begin("p", "/dataset/x?page=2", 1000.0)


def test_every_word_is_new() -> None:
    another = Attempt.begin("p", "/", 1000.0)
    words = {BEGUN.state, BEGUN.nonce, BEGUN.verifier, another.state, another.nonce, another.verifier}
    assert len(words) == 6
    assert all(len(word) >= 43 for word in words)


def test_the_session_gives_back_what_it_keeps() -> None:
    assert Attempt.kept(BEGUN.to_keep()) == BEGUN
    assert all(Attempt.kept(each) is None for each in (None, "x", {}, {**BEGUN.to_keep(), "more": 1}))


def test_the_challenge_of_rfc_7636() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert replace(BEGUN, verifier=verifier).challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    ("provider", "state", "now", "account"),
    [
        ("p", "another", 1001, ""),
        ("p", "", 1001, ""),
        ("p", "状态", 1001, ""),
        ("q", BEGUN.state, 1001, ""),
        ("p", BEGUN.state, 1001 + SECONDS, ""),
        ("p", BEGUN.state, 999, ""),
        ("p", BEGUN.state, 1001, "somebody"),
    ],
)
def test_what_is_not_its_answer(provider: str, state: str, now: float, account: str) -> None:
    BEGUN.check("p", BEGUN.state, 1001)
    with pytest.raises(NotBegunHere):
        BEGUN.check(provider, state, now, account)


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.test/", "//evil.test", "/\\evil.test", "\\\\evil.test", "javascript:alert(1)", "http:evil.test", "",
     "/\t/evil.test", "/\n/evil.test", " //evil.test", "evil.test", "/x\r\nSet-Cookie: a=b", "/" + "x" * 3000],
)  # fmt: skip
def test_nowhere_else(elsewhere: str) -> None:
    assert local_path(elsewhere) == ""
    assert Attempt.begin("p", elsewhere, 0).came_from == ""


@given(st.text(st.characters(codec="utf-8"), max_size=40).map("/".__add__) | st.text(max_size=20))
def test_whatever_is_left_stays_on_this_host(given_: str) -> None:
    path = local_path(given_)
    assert path in ("", given_)
    if path:
        assert urlsplit(urljoin("https://portal.test/login", path)).netloc == "portal.test"
