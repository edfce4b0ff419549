"""数据使用回执: the site's signed statement that a grant delivered data. PURE.

    {"format": "govcn-use-receipt/1", "site", "number": line of the audit log, "line": its digest, "at": Beijing time,
     "dataset": {"id", "title"}, "resource", "version": SHA-256 of the content, "fetched_at": when it came,
     "delivered": {"bytes", "rows": 12 | null, "sha256", "fields": […]},
     "grant": {"id", "purpose", "begins", "until"},
     "agreement": {"application", "version", "sha256", "purpose": "第三条", "period": "第五条"},
     "grantee": user id, "asked_by": user id, "issued_at"}

`fields` is empty where the whole file was delivered. Of columns `version` is empty: the digest of the whole file
confirms a guess of the rest of it; `fetched_at` and `delivered.sha256` tell which version it was. Times are Beijing's
(ISO 8601). `agreement` holds the clauses that state purpose and period by their numbers; all of it is empty when the
grant was given without an application.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Self, cast

from ckanext.govcn.grant.exceptions import ReceiptInvalid
from ckanext.govcn.signing.envelopes import Context, canonical, open_sealed, seal
from ckanext.govcn.signing.keys import PrivateKey, PublicKey

FORMAT = "govcn-use-receipt/1"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Dataset:
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """What left the platform. `rows` is known where the platform chose the columns."""

    bytes: int
    sha256: str
    rows: int | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GrantTerms:
    id: str
    purpose: str
    begins: str
    until: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """《公共数据开放利用协议》 as it was accepted."""

    application: str = ""
    version: str = ""
    sha256: str = ""
    purpose: str = ""
    period: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One download under one grant."""

    site: str
    number: int
    line: str
    at: str
    dataset: Dataset
    resource: str
    version: str
    fetched_at: str
    delivered: Delivered
    grant: GrantTerms
    agreement: Agreement
    grantee: str
    asked_by: str
    issued_at: str

    def to_json(self) -> dict[str, Any]:
        """As it is signed."""
        return {"format": FORMAT, **asdict(self)}

    def signed(self, key: PrivateKey) -> bytes:
        """The receipt's file: one line."""
        return seal(key, Context.USE_RECEIPT, canonical(self.to_json())) + b"\n"

    @classmethod
    def opened(cls, envelope: bytes, trusted: Iterable[PublicKey]) -> Self:
        """A receipt signed by a trusted key. Raises SignatureError, ReceiptInvalid."""
        opened = open_sealed(envelope, Context.USE_RECEIPT, trusted)
        try:
            return cls._read(json.loads(opened.payload))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ReceiptInvalid("格式不对", "not of its form") from error

    @classmethod
    def _read(cls, given: dict[str, Any]) -> Self:
        if given.pop("format") != FORMAT:
            raise ValueError(FORMAT)
        delivered: dict[str, Any] = given["delivered"]
        columns: Any = tuple(delivered.pop("fields"))
        parts: dict[str, Any] = {
            "dataset": Dataset(**given["dataset"]),
            "delivered": Delivered(**delivered, fields=columns),
            "grant": GrantTerms(**given["grant"]),
            "agreement": Agreement(**given["agreement"]),
        }
        receipt = cls(**{**given, **parts})
        named = not receipt.version if receipt.delivered.fields else _DIGEST.fullmatch(receipt.version)
        if not (named and _typed(receipt) and all(map(_typed, parts.values()))):
            raise ValueError("receipt")
        return receipt


_TYPES = {"str": (str,), "int": (int,), "int | None": (int, type(None))}


def _typed(part: Any) -> bool:
    """Texts are texts and numbers numbers, as far as the fields are of those."""
    simple = [(getattr(part, each.name), _TYPES[str(each.type)]) for each in fields(part) if str(each.type) in _TYPES]
    listed = cast("tuple[object, ...]", getattr(part, "fields", ()))
    return all(type(value) in types for value, types in simple) and all(isinstance(each, str) for each in listed)
