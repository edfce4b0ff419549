"""Signed documents: believed whole, by a trusted key, for their own purpose, or not at all."""

import json

import pytest
from ckanext.govcn.signing.envelopes import Context, canonical, open_sealed, seal, signed_by
from ckanext.govcn.signing.exceptions import (
    EnvelopeInvalid,
    SignatureError,
    SignatureWrong,
    UntrustedKey,
    WrongContext,
)
from ckanext.govcn.signing.keys import PrivateKey
from ckanext.govcn.signing.suites import SUITES
from hypothesis import given, settings
from hypothesis import strategies as st

KEYS = {name: PrivateKey.generate(suite) for name, suite in SUITES.items()}
both = pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)


@both
def test_a_document_comes_back_with_its_key(key):
    opened = open_sealed(seal(key, Context.RELEASE, "第 1 号".encode()), Context.RELEASE, [key.public])
    assert opened.payload == "第 1 号".encode()
    assert opened.key == key.public


@both
@pytest.mark.parametrize("other", [context for context in Context if context is not Context.RELEASE])
def test_a_signature_serves_no_other_purpose(key, other):
    envelope = seal(key, Context.RELEASE, b"{}")
    with pytest.raises(WrongContext):
        open_sealed(envelope, other, [key.public])
    renamed = canonical(json.loads(envelope) | {"payloadType": str(other)})
    with pytest.raises(SignatureWrong):
        open_sealed(renamed, other, [key.public])


@both
def test_only_trusted_keys_are_believed(key):
    stranger = PrivateKey.generate(key.suite)
    envelope = seal(stranger, Context.RELEASE, b"{}")
    with pytest.raises(UntrustedKey) as error:
        open_sealed(envelope, Context.RELEASE, [key.public])
    assert stranger.key_id in error.value.message
    claimed = json.loads(envelope)
    claimed["signatures"][0]["keyid"] = key.key_id
    with pytest.raises(SignatureWrong):
        open_sealed(canonical(claimed), Context.RELEASE, [key.public])


@both
def test_it_states_its_suite_and_key(key):
    envelope = seal(key, Context.RELEASE, b"{}")
    assert signed_by(envelope) == (key.suite.name, key.key_id)
    other = next(name for name in SUITES if name != key.suite.name)
    with pytest.raises(SignatureWrong):
        open_sealed(canonical(json.loads(envelope) | {"suite": other}), Context.RELEASE, [key.public])


@both
@settings(max_examples=60, deadline=None)
@given(place=st.integers(min_value=0), change=st.integers(1, 255))
def test_any_changed_byte_is_noticed(key, place, change):
    envelope = bytearray(seal(key, Context.RELEASE, b'{"number":1}'))
    envelope[place % len(envelope)] ^= change
    with pytest.raises(SignatureError):
        open_sealed(bytes(envelope), Context.RELEASE, [key.public])


@both
@settings(max_examples=30, deadline=None)
@given(length=st.integers(min_value=0))
def test_half_an_envelope_is_none(key, length):
    envelope = seal(key, Context.RELEASE, b"{}")
    with pytest.raises(EnvelopeInvalid):
        open_sealed(envelope[: length % len(envelope)], Context.RELEASE, [key.public])


@pytest.mark.parametrize(
    "given", [b"", b"null", b"[]", b"{}", b"1", b"\xff", b"[" * 100_000, b'{"signatures":[]}', b"x" * 5_000_000]
)
def test_what_is_no_envelope_is_said_so(given):
    with pytest.raises(EnvelopeInvalid):
        open_sealed(given, Context.RELEASE, [])


def test_the_same_document_by_ed25519_is_the_same_envelope():
    key = KEYS["international"]
    assert seal(key, Context.RELEASE, b"{}") == seal(key, Context.RELEASE, b"{}")
