"""Receipts of use: believed whole, from a trusted key, in both suites; and what the command says of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ckanext.govcn.grant.cli import receipt as command
from ckanext.govcn.grant.exceptions import ReceiptInvalid
from ckanext.govcn.grant.receipts import Agreement, Dataset, Delivered, GrantTerms, Receipt
from ckanext.govcn.signing.envelopes import Context, canonical, seal
from ckanext.govcn.signing.exceptions import SignatureError, SignatureWrong, UntrustedKey, WrongContext
from ckanext.govcn.signing.keys import PrivateKey
from ckanext.govcn.signing.suites import SUITES
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

KEYS = {name: PrivateKey.generate(suite) for name, suite in SUITES.items()}
both = pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)

RECEIPT = Receipt(
    site="site-00",
    number=12,
    line="c" * 64,
    at="2026-11-24T17:00:00.000001+08:00",
    dataset=Dataset("d-1", "停车场"),
    resource="r-1",
    version="",
    fetched_at="2026-11-20T08:00:00+08:00",
    delivered=Delivered(120, "b" * 64, 2, ("名称", "车位")),
    grant=GrantTerms("g-1", "停车诱导服务", "2026-11-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00"),
    agreement=Agreement("n-1", "1", "d" * 64, "第三条", "第五条"),
    grantee="u-1",
    asked_by="u-2",
    issued_at="2026-11-24T18:00:00+08:00",
)
WITHOUT_APPLICATION = replace(RECEIPT, version="a" * 64, agreement=Agreement(), delivered=Delivered(7, ""))


@both
@pytest.mark.parametrize("receipt", [RECEIPT, WITHOUT_APPLICATION])
def test_a_receipt_comes_back(key, receipt):
    assert Receipt.opened(receipt.signed(key), [key.public]) == receipt


@both
@pytest.mark.parametrize("other", [context for context in Context if context is not Context.USE_RECEIPT])
def test_what_was_signed_for_something_else_is_none(key, other):
    envelope = seal(key, other, canonical(RECEIPT.to_json()))
    with pytest.raises(WrongContext):
        Receipt.opened(envelope, [key.public])
    renamed = canonical(json.loads(envelope) | {"payloadType": str(Context.USE_RECEIPT)})
    with pytest.raises(SignatureWrong):
        Receipt.opened(renamed, [key.public])


@both
def test_a_key_that_is_not_trusted_proves_nothing(key):
    stranger = PrivateKey.generate(key.suite)
    for trusted in ([], [stranger.public], [other.public for other in KEYS.values() if other is not key]):
        with pytest.raises(UntrustedKey):
            Receipt.opened(RECEIPT.signed(key), trusted)


@both
@settings(max_examples=60, deadline=None)
@given(place=st.integers(min_value=0), change=st.integers(1, 255))
def test_any_changed_byte_is_noticed(key, place, change):
    signed = bytearray(RECEIPT.signed(key).rstrip())
    signed[place % len(signed)] ^= change
    with pytest.raises(SignatureError):
        Receipt.opened(bytes(signed), [key.public])


def changed(**values: object) -> dict[str, object]:
    return RECEIPT.to_json() | values


@both
@pytest.mark.parametrize(
    "payload",
    [
        [], {}, None, 1,
        changed(format="govcn-use-receipt/2"), changed(number="12"), changed(site=1), changed(version="x"), changed(version="a" * 64),
        changed(extra="x"), changed(dataset={"id": "d"}), changed(dataset={"id": 1, "title": ""}),
        changed(delivered={"bytes": 1, "sha256": "", "rows": None, "fields": [1]}),
        changed(delivered={"bytes": 1, "sha256": "", "rows": "2", "fields": []}),
        changed(agreement=""), changed(grant=None), {"format": "govcn-use-receipt/1"},
    ],
)  # fmt: skip
def test_what_is_signed_and_no_receipt_is_said_so(key, payload):
    with pytest.raises(ReceiptInvalid):
        Receipt.opened(seal(key, Context.USE_RECEIPT, canonical(payload)), [key.public])


# the command ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def verify(*arguments: object):
    return CliRunner().invoke(command, ["verify", *map(str, arguments)])


@both
def test_the_command_prints_what_a_receipt_says(key, tmp_path):
    file, pem = tmp_path / "receipt.json", tmp_path / "key.pem"
    file.write_bytes(RECEIPT.signed(key))
    pem.write_text(key.public.pem)
    for given_key in (key.public.text, pem):
        told = verify(file, "--key", given_key)
        assert told.exit_code == 0, told.output
        for part in ("第 12 行", "停车场", "名称、车位", "停车诱导服务", "第三条", "n-1", "u-1"):
            assert part in told.output
    told = verify(file, "--key", key.public.text, "--json")
    assert json.loads(told.output) == {"valid": True, **json.loads(canonical(RECEIPT.to_json()))}


@both
def test_the_command_refuses_with_exit_code_1(key, tmp_path):
    right, file = RECEIPT.signed(key), tmp_path / "receipt.json"
    stranger = PrivateKey.generate(key.suite)
    for content, trusted, error in (
        (right[:40], key, "EnvelopeInvalid"),
        (
            canonical(json.loads(right) | {"payload": json.loads(WITHOUT_APPLICATION.signed(key))["payload"]}),
            key,
            "SignatureWrong",
        ),
        (right, stranger, "UntrustedKey"),
        (seal(key, Context.RELEASE, b"{}"), key, "WrongContext"),
        (seal(key, Context.USE_RECEIPT, b"{}"), key, "ReceiptInvalid"),
        (b"", key, "EnvelopeInvalid"),
    ):
        file.write_bytes(content)
        told = verify(file, "--key", trusted.public.text, "--json")
        said = json.loads(told.output)
        assert (told.exit_code, said["valid"], said["error"]) == (1, False, error)
        assert said["message"]
        assert said["message_en"]
        assert verify(file, "--key", trusted.public.text).exit_code == 1
    assert verify(tmp_path / "none", "--key", key.public.text).exit_code == 1
    assert verify(file, "--key", "no key").exit_code == 1
