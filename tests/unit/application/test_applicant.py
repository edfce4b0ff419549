"""Who may submit: whoever is known well enough. The others may draft."""

from __future__ import annotations

import pytest
from ckanext.govcn.application.applicant import Requirement, check
from ckanext.govcn.application.exceptions import IdentityMissing, TrustTooLow
from ckanext.govcn.identity.identity import Level

LEVELS = {"basic": Level("basic", "实名", "real name"), "strong": Level("strong", "人脸", "face")}


@pytest.mark.parametrize("trust", [None, "", "basic"])
def test_nothing_is_asked(trust: str | None) -> None:
    check(None, trust)


@pytest.mark.parametrize(("least", "trust"), [("", "basic"), ("", "strong"), ("basic", "strong"), ("strong", "strong")])
def test_known_well_enough(least: str, trust: str) -> None:
    check(Requirement(least, LEVELS), trust)


@pytest.mark.parametrize(
    ("least", "trust"), [("", ""), ("strong", "basic"), ("basic", ""), ("gone", "strong"), ("", "gone")]
)
def test_not_well_enough(least: str, trust: str) -> None:
    with pytest.raises(TrustTooLow) as refusal:
        check(Requirement(least, LEVELS), trust)
    assert refusal.value.rule == "identity"
    assert "重新核验" in refusal.value.message
    assert "verify again" in refusal.value.message_en


def test_not_known_at_all() -> None:
    with pytest.raises(IdentityMissing):
        check(Requirement("", LEVELS), None)
    with pytest.raises(IdentityMissing):
        check(Requirement(), None)  # the file cannot be read: nobody is let through
