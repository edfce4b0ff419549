"""Receipts: believed from the public instance that is named, and from nobody else."""

from dataclasses import replace

import pytest
from ckanext.govcn.signing.envelopes import Context, canonical, seal
from ckanext.govcn.signing.keys import PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from unit.release.making import KEY, KEYS, SITE

from harvesters.release.exceptions import ReceiptInvalid
from harvesters.release.receipts import LARGEST, LISTED, Receipt, RefusedEntry

PUBLIC = "site-public"
RECEIPT = Receipt(
    PUBLIC,
    SITE,
    3,
    "a" * 64,
    "applied",
    "2026-11-24T01:02:03Z",
    run=7,
    counts={"added": 2, "refused": 1},
    refused=(RefusedEntry("a1", "H01", "提供方已变"),),
)
TRUSTED = {PUBLIC: [KEY.public]}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_receipt_comes_back(key):
    assert Receipt.opened(RECEIPT.signed(key), {PUBLIC: [key.public]}) == RECEIPT


def test_only_the_named_site_signs_for_itself():
    other = PrivateKey.generate(KEY.suite)
    for receivers in (
        {},
        {PUBLIC: [other.public]},
        {"site-b": [KEY.public]},
        {PUBLIC: [other.public], "b": [KEY.public]},
    ):
        with pytest.raises(ReceiptInvalid):
            Receipt.opened(RECEIPT.signed(KEY), receivers)


def test_a_release_is_no_receipt():
    with pytest.raises(ReceiptInvalid):
        Receipt.opened(seal(KEY, Context.RELEASE, b"{}"), TRUSTED)


@given(place=st.integers(min_value=0), change=st.integers(1, 255))
def test_any_changed_byte_is_noticed(place, change):
    signed = bytearray(RECEIPT.signed(KEY).rstrip())
    signed[place % len(signed)] ^= change
    with pytest.raises(ReceiptInvalid):
        Receipt.opened(bytes(signed), TRUSTED)


def test_a_long_list_is_cut_and_counted():
    many = tuple(RefusedEntry(str(n), "H04", "示例" * 100) for n in range(LISTED + 5))
    receipt = replace(RECEIPT, refused=many, counts={"refused": len(many)})
    signed = receipt.signed(KEY)
    assert len(signed) < LARGEST
    opened = Receipt.opened(signed, TRUSTED)
    assert len(opened.refused) == LISTED
    assert opened.counts["refused"] == LISTED + 5


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        None,
        {"format": "govcn-release-receipt/1"},
        {"format": "x", "refused": [], "suite": "", "key_id": ""},
    ],
)
def test_what_is_signed_but_no_receipt_is_refused(document):
    with pytest.raises(ReceiptInvalid):
        Receipt.opened(seal(KEY, Context.RELEASE_RECEIPT, canonical(document)), TRUSTED)
