"""Where a request comes from, for the log: the visitor's address and port, past the proxies that the operator names."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

PROXIES = "ckanext.govcn.audit.proxies"


def origin(environ: Mapping[str, Any]) -> tuple[str, int | None]:
    """Address and port. Behind a named proxy the last address it added counts, and the port is not known."""
    from ckan.plugins import toolkit as tk

    return origin_of(environ, str(tk.config.get(PROXIES) or "").split())


def origin_of(environ: Mapping[str, Any], proxies: list[str]) -> tuple[str, int | None]:
    """See `origin`. Nobody but a proxy is believed what `X-Forwarded-For` says."""
    address, port = str(environ.get("REMOTE_ADDR") or ""), str(environ.get("REMOTE_PORT") or "")
    forwarded = str(environ.get("HTTP_X_FORWARDED_FOR") or "").rpartition(",")[2].strip()
    if forwarded and any(_within(address, network) for network in proxies):
        return forwarded, None
    return address, int(port) if port.isdecimal() else None


def _within(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
