"""Signed documents: DSSE envelopes (Dead Simple Signing Envelope 1.0, secure-systems-lab), one JSON object.

    {"payloadType": CONTEXT, "payload": base64, "suite": …, "signatures": [{"keyid": …, "sig": base64}]}

What is signed is the type and the exact bytes of the payload, each with its length before it (DSSE's pre-authentication
encoding). So a signature for one purpose never serves another, the bytes that were verified are the bytes that are
read, and two writings of the same JSON are never an issue. Nothing of the payload is looked at before its signature.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from ckanext.govcn.signing.exceptions import EnvelopeInvalid, SignatureWrong, UntrustedKey, WrongContext
from ckanext.govcn.signing.keys import PrivateKey, PublicKey

LARGEST = 4 * 1024 * 1024  # bytes of an envelope
KEYS = {"payloadType", "payload", "suite", "signatures"}


class Context(StrEnum):
    """What a signature is for. Every purpose has its own, so that none can stand in for another."""

    RELEASE = "application/vnd.govcn.release+json"  # 发布包
    RELEASE_RECEIPT = "application/vnd.govcn.release-receipt+json"  # 发布包回执
    AUDIT_HEAD = "application/vnd.govcn.audit-head+json"  # 审计日志链头
    USE_RECEIPT = "application/vnd.govcn.use-receipt+json"  # 数据使用回执


@dataclass(frozen=True, slots=True)
class Opened:
    """A document whose signature was right: its bytes, and the key that signed them."""

    payload: bytes
    key: PublicKey


def canonical(value: Any) -> bytes:
    """The one writing of a JSON value: keys sorted, no blanks, UTF-8. For documents that must come out the same."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def seal(key: PrivateKey, context: Context, payload: bytes) -> bytes:
    """Sign a document: the envelope, one line without its end."""
    signature = {"keyid": key.key_id, "sig": _base64(key.sign(_encoding(context, payload)))}
    return canonical(
        {
            "payloadType": str(context),
            "payload": _base64(payload),
            "suite": key.suite.name,
            "signatures": [signature],
        }
    )


def open_sealed(envelope: bytes, context: Context, trusted: Iterable[PublicKey]) -> Opened:
    """The payload, once its signature by one of the trusted keys was found right. Raises SignatureError."""
    given = _read(envelope)
    if given.context != context:
        raise WrongContext(given=given.context[:100], wanted=str(context))
    key = next((each for each in trusted if each.key_id == given.key_id), None)
    if key is None:
        raise UntrustedKey(key_id=given.key_id[:100])
    if key.suite.name != given.suite or not key.verify(_encoding(context, given.payload), given.signature):
        raise SignatureWrong(key_id=key.key_id)
    return Opened(given.payload, key)


def signed_by(envelope: bytes) -> tuple[str, str]:
    """Suite and key id that an envelope states, unproven: for the sentence that says which key is missing."""
    given = _read(envelope)
    return given.suite, given.key_id


@dataclass(frozen=True, slots=True)
class _Given:
    context: str
    payload: bytes
    suite: str
    key_id: str
    signature: bytes


def _read(envelope: bytes) -> _Given:
    if len(envelope) > LARGEST:
        raise EnvelopeInvalid(why="太大", why_en="too large")
    try:
        found: Any = json.loads(envelope)
        if canonical(found) != envelope.rstrip(b"\n"):
            raise ValueError("canonical")
        one = cast("list[dict[str, str]]", found["signatures"])
        if set(found) != KEYS or len(one) != 1 or set(one[0]) != {"keyid", "sig"}:
            raise ValueError("keys")
        texts = [found["payloadType"], found["payload"], found["suite"], one[0]["keyid"], one[0]["sig"]]
        if not all(isinstance(text, str) for text in texts):
            raise TypeError
        context, payload, suite, key_id, signature = texts
        return _Given(context, _bytes(payload), suite, key_id, _bytes(signature))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error) as error:
        raise EnvelopeInvalid(why="格式不对", why_en="not of its form") from error


def _encoding(context: str, payload: bytes) -> bytes:
    kind = context.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str) -> bytes:
    content = base64.b64decode(text, validate=True)
    if _base64(content) != text:
        raise ValueError("base64")
    return content
