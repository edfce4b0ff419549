"""Limits in fixed windows, PURE: so many requests in so many seconds, counted for a network."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass

UNKNOWN = "unknown"
IPV6_BITS = 64
"""One subscriber has a /64 at least, and may change the address within it with every request (RFC 6177, RFC 8981)."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` requests in `seconds`, beginning with the first one; 0: as many as come."""

    name: str
    most: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands after a request: the `used`-th of this window, which ends in `milliseconds`."""

    limit: Limit
    used: int
    milliseconds: int

    @property
    def allowed(self) -> bool:
        """Whether the request is within the limit."""
        return self.used <= self.limit.most

    @property
    def first_refused(self) -> bool:
        """Whether it is the first one beyond the limit: the one worth noting."""
        return self.used == self.limit.most + 1

    @property
    def seconds(self) -> int:
        """Whole seconds until the window has ended, at least one."""
        return max(math.ceil(self.milliseconds / 1000), 1)

    def headers(self) -> dict[str, str]:
        """What the answer tells."""
        remaining = max(self.limit.most - self.used, 0)
        return rate_limit_headers(self.limit.most, remaining, self.seconds, allowed=self.allowed)


def rate_limit_headers(limit: int, remaining: int, seconds: int, *, allowed: bool) -> dict[str, str]:
    """RateLimit-* (draft-ietf-httpapi-ratelimit-headers-03) and, of a refusal, Retry-After (RFC 9110, 10.2.3)."""
    told = {"RateLimit-Limit": str(limit), "RateLimit-Remaining": str(remaining), "RateLimit-Reset": str(seconds)}
    return told if allowed else {**told, "Retry-After": str(seconds)}


def network_of(address: str) -> str:
    """Whose count a request from this address is: an IPv4 address, or the /64 of an IPv6 address. What is no address is
    counted together."""
    found = _address(address)
    if found is None:
        return UNKNOWN
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(found) >> IPV6_BITS << IPV6_BITS, IPV6_BITS)))
    return str(found)


def within(address: str, networks: Sequence[str]) -> bool:
    """Whether the address lies in one of the networks. What is no network is none."""
    found = _address(address)
    return found is not None and any(_contains(network, found) for network in networks)


def _contains(network: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Also as some proxies write it, with a port: `192.0.2.1:443`, `[2001:db8::1]:443`."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found
