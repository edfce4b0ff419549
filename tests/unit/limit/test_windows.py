"""Whose count a request is, and what the answer tells of it."""

from __future__ import annotations

import ipaddress

import pytest
from ckanext.govcn.limit.windows import UNKNOWN, Limit, Standing, network_of, within
from hypothesis import given
from hypothesis import strategies as st

LIMIT = Limit("anonymous", 600, 60)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:51000", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", UNKNOWN),
        ("192.0.2", UNKNOWN),
        ("<script>", UNKNOWN),
    ],
)
def test_whose_count_it_is(address, network):
    assert network_of(address) == network


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_all_addresses_of_a_64_are_counted_together_and_no_others(network, one, other):
    if network >> 32 == 0:  # addresses that stand for IPv4
        return
    first, second = (str(ipaddress.IPv6Address((network << 64) + host)) for host in (one, other))
    assert network_of(first) == network_of(second)
    next_network = str(ipaddress.IPv6Address((((network + 1) % 2**64) << 64) + one))
    assert network_of(next_network) != network_of(first)


@given(st.text())
def test_whatever_a_proxy_says_is_somebodys_count(text):
    assert network_of(text)
    assert isinstance(within(text, ["127.0.0.0/8", "nonsense"]), bool)


def test_networks():
    assert within("127.3.2.1", ["10.0.0.0/8", "127.0.0.0/8"])
    assert within("::1", ["::1/128"])
    assert not within("192.0.2.1", ["127.0.0.0/8", "::1/128", "x"])
    assert not within("", ["0.0.0.0/0"])


@pytest.mark.parametrize(
    ("used", "milliseconds", "allowed", "headers"),
    [
        (1, 60_000, True, {"RateLimit-Limit": "600", "RateLimit-Remaining": "599", "RateLimit-Reset": "60"}),
        (600, 1, True, {"RateLimit-Limit": "600", "RateLimit-Remaining": "0", "RateLimit-Reset": "1"}),
        (
            601, 1001, False,
            {"RateLimit-Limit": "600", "RateLimit-Remaining": "0", "RateLimit-Reset": "2", "Retry-After": "2"},
        ),
        (
            9999, 0, False,
            {"RateLimit-Limit": "600", "RateLimit-Remaining": "0", "RateLimit-Reset": "1", "Retry-After": "1"},
        ),
    ],
)  # fmt: skip
def test_what_is_told(used, milliseconds, allowed, headers):
    standing = Standing(LIMIT, used, milliseconds)
    assert standing.allowed is allowed
    assert standing.headers() == headers
    assert standing.first_refused is (used == 601)
