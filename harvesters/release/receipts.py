"""回执 (receipt): what became of a package on the public side, signed by that instance. PURE.

    {"format": "govcn-release-receipt/1", "site": the public instance, "sender": the internal one, "number", "digest",
     "state": "applied" | "waiting" | "refused" | "undone", "run": 12 | null, "reason": code, "message", "message_en",
     "counts": {…}, "refused": [{"id", "rule", "message"}], "at", "suite", "key_id"}

`refused` lists at most `LISTED`; `counts.refused` counts them all. `reason` and the messages say why a whole package
was refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self, cast

from ckanext.govcn.signing.envelopes import Context, canonical, open_sealed, seal
from ckanext.govcn.signing.exceptions import SignatureError
from ckanext.govcn.signing.keys import PrivateKey, PublicKey

from harvesters.release.exceptions import ReceiptInvalid
from harvesters.release.manifest import DIGEST, SITE

FORMAT = "govcn-release-receipt/1"
STATES = ("applied", "waiting", "refused", "undone")
LISTED = 1000
LARGEST = 2 * 2**20  # bytes of a receipt


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """An entry that the public instance would not take."""

    id: str
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one package. `at` is the moment in UTC (ISO 8601)."""

    site: str
    sender: str
    number: int
    digest: str
    state: str
    at: str
    run: int | None = None
    reason: str = ""
    message: str = ""
    message_en: str = ""
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    refused: tuple[RefusedEntry, ...] = ()

    def signed(self, key: PrivateKey) -> bytes:
        """The receipt's file."""
        said = asdict(self) | {"format": FORMAT, "suite": key.suite.name, "key_id": key.key_id}
        said["refused"] = said["refused"][:LISTED]
        return seal(key, Context.RELEASE_RECEIPT, canonical(said)) + b"\n"

    @classmethod
    def opened(cls, envelope: bytes, receivers: Mapping[str, Iterable[PublicKey]]) -> Self:
        """A receipt signed by one of the public instances that are trusted. Raises ReceiptInvalid."""
        keys = [key for listed in receivers.values() for key in listed]
        try:
            opened = open_sealed(envelope, Context.RELEASE_RECEIPT, keys)
        except SignatureError as error:
            raise ReceiptInvalid(why=error.message, why_en=error.message_en) from error
        try:
            receipt = cls._read(json.loads(opened.payload))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ReceiptInvalid(why="格式不对。", why_en="not of its form.") from error
        if opened.key not in receivers.get(receipt.site, ()):
            why = f"签名的密钥不是站点 {receipt.site} 的。"
            raise ReceiptInvalid(why=why, why_en=f"its key is not one of site {receipt.site}.")
        return receipt

    @classmethod
    def _read(cls, given: Any) -> Self:
        if given.pop("format") != FORMAT:
            raise ValueError(FORMAT)
        del given["suite"], given["key_id"]
        listed = cast("list[dict[str, Any]]", given.pop("refused"))[:LISTED]
        texts = [given[name] for name in ("at", "reason", "message", "message_en")]
        texts += [each[name] for each in listed for name in ("id", "rule", "message")]
        sound = (
            SITE.fullmatch(given["site"])
            and SITE.fullmatch(given["sender"])
            and DIGEST.fullmatch(given["digest"])
            and given["state"] in STATES
            and all(isinstance(text, str) for text in texts)
            and all(isinstance(number, int) for number in (given["number"], *given["counts"].values()))
        )
        if not sound:
            raise ValueError("receipt")
        return cls(**given, refused=tuple(RefusedEntry(**each) for each in listed))
