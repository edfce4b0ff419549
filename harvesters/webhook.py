"""The channel webhook: a signed POST over the fetcher that trusts nobody, and the delivery of all channels.

Here and not in the extension, since the rules of which addresses may be contacted are the harvesters' (`networks`,
`wire`), and the process that calls `deliver_due` is the harvesters' worker.
"""

# pyright: basic
from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ckan.plugins import toolkit as tk
from ckanext.govcn.notice import delivery
from ckanext.govcn.notice.exceptions import NotDelivered
from ckanext.govcn.notice.mail import Mail

from harvesters.exceptions import SourceError, SourceUnreachable
from harvesters.fetch import Fetcher, Request
from harvesters.source import Limits, Source

LIMITS = Limits(seconds=20, connect=5, silence=10, rate=0, bytes=65_536, answer=65_536, headers=16_384, redirects=0)
SHORTEST_SECRET = 32
NO_SECRET = "签名密钥没有设置或太短", "The signing secret is missing or too short"


class Webhook:
    """Posts notices to one address. It has to answer 200; a redirect is refused, never followed."""

    def __init__(self, url: str, secret: str, networks: tuple[str, ...] = (), limits: Limits = LIMITS) -> None:
        self._url, self._secret = url, secret
        self._fetcher = Fetcher(Source("webhook", allow_networks=networks, limits=limits), sleep=_later)

    def send(self, message: delivery.Message, now: datetime) -> bool:
        if len(self._secret) < SHORTEST_SECRET:
            raise NotDelivered(*NO_SECRET, transient=False)
        body = json.dumps(_content(message), ensure_ascii=False).encode()
        timestamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Govcn-Timestamp": timestamp,
            "X-Govcn-Signature": f"sha256={signature(self._secret, timestamp, body)}",
            "X-Govcn-Delivery": message.key,
        }
        try:
            self._fetcher.get(Request(self._url, "POST", headers, body), _AnyType())
        except SourceUnreachable as error:
            raise NotDelivered(error.why, error.message_en, retry_after=error.retry_after) from error
        except SourceError as error:
            raise NotDelivered(error.why, error.message_en, transient=False) from error
        return True


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 (RFC 2104), hexadecimal, of `timestamp.body`."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def channels() -> dict[str, delivery.Channel]:
    """What this portal is set up to deliver by."""
    found: dict[str, delivery.Channel] = {}
    if tk.config.get("smtp.mail_from"):
        found["mail"] = Mail()
    url = str(tk.config.get("ckanext.govcn.notice.webhook.url") or "")
    if url:
        secret = str(tk.config.get("ckanext.govcn.notice.webhook.secret") or "")
        networks = str(tk.config.get("ckanext.govcn.notice.webhook.networks") or "")
        found["webhook"] = Webhook(url, secret, tuple(networks.split()))
    return found


def is_due(now: datetime) -> bool:
    """Has `deliver_due` anything to do?"""
    return delivery.is_due(now, channels())


def deliver_due(now: datetime, most: int = 100) -> dict[str, int]:
    """Try what is due on every channel: how many were sent, wait again, failed for good, were dropped."""
    return delivery.deliver_due(now, channels(), most)


def _content(message: delivery.Message) -> dict[str, Any]:
    texts = asdict(message.texts)
    texts.pop("link")
    return {
        "id": message.key,
        "kind": message.kind,
        "about": message.about,
        **texts,
        "link": message.link,
        "created_at": message.created_at.isoformat(),
        "people": list(message.people),
    }


def _later(seconds: float) -> None:
    """The outbox waits better than a process does."""
    raise SourceUnreachable("webhook", "对方要求稍后再试", "asked to come later", seconds)


class _AnyType:
    """What the other side says beside 200 is nothing to us."""

    def __contains__(self, _media_type: object) -> bool:
        return True
