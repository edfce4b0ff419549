"""Requests to a provider by `requests`, within its limits. Nothing of the environment, and no redirect, is followed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

from ckanext.govcn.identity.exceptions import AnswerInvalid, ProviderUnreachable
from ckanext.govcn.identity.provider import Provider

TOGETHER = 16_384
HEADERS = {"Accept-Encoding": "identity", "User-Agent": "ckanext-govcn"}


@dataclass(frozen=True, slots=True)
class HttpWire:
    """The way to one provider. No error holds an address's query or what was answered."""

    provider: Provider

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> bytes:
        return self._asked("GET", url, headers, None)

    def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> bytes:
        return self._asked("POST", url, headers, form)

    def _asked(self, method: str, url: str, headers: Mapping[str, str] | None, form: Mapping[str, str] | None) -> bytes:
        until = time.monotonic() + self.provider.seconds
        with requests.Session() as session:
            session.trust_env = False
            try:
                with session.request(
                    method,
                    self.provider.address(url),
                    headers={**HEADERS, **(headers or {})},
                    data=form,
                    timeout=self.provider.seconds,
                    verify=self.provider.ca_file or True,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    _check_status(response.status_code)
                    return self._content(response.raw, until)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
                # what went wrong may quote the address, which may hold a ticket
                raise ProviderUnreachable(why="连接失败", why_en="no connection") from None

    def _content(self, raw: Any, until: float) -> bytes:
        """The body, as it was sent: nothing is unpacked."""
        content = bytearray()
        while piece := raw.read1(TOGETHER, decode_content=False):
            content += piece
            if len(content) > self.provider.most_bytes:
                raise ProviderUnreachable(why="回答过大", why_en="too large an answer")
            if time.monotonic() > until:
                raise ProviderUnreachable(why="回答过慢", why_en="too slow an answer")
        return bytes(content)


def _check_status(status: int) -> None:
    if 400 <= status < 500:
        raise AnswerInvalid(rule="status")
    if status != 200:
        raise ProviderUnreachable(why=f"状态 {status}", why_en=f"status {status}")
