"""清单 (manifest): what a package says of itself, in the signed document at its head. PURE.

    {"format": "govcn-release/1", "site": …, "number": 12, "previous": {"number": 11, "digest": …} | null,
     "full": false, "made_at": "2026-11-24T01:02:03Z", "suite": …, "key_id": …,
     "entries": {"count", "size"}, "withdrawals": {"count", "size"}, "files": {"count", "size", "bytes"},
     "body": {"size", "digest"}}

`size` is bytes of the listing, `bytes` those of the files themselves. A package's digest is that of this document's
bytes, in the suite's algorithm: it holds the body's digest, and the digest of the package before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self, cast

from ckanext.govcn.signing.envelopes import Opened, canonical

FORMAT = "govcn-release/1"
DIGEST = re.compile(r"[0-9a-f]{64}")
SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
LARGEST = 2**53


class ManifestError(ValueError):
    """The document is no manifest of this edition."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A section of lines: how many, and how many bytes."""

    count: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class FileListing:
    """The section that lists the files, and the bytes of the files themselves."""

    count: int = 0
    size: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Body:
    """Everything behind the manifest: bytes, and the digest of them all."""

    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Previous:
    """The package this one follows."""

    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a package says of itself. `digest` is the package's own, of the bytes that were signed."""

    site: str
    number: int
    previous: Previous | None
    full: bool
    made_at: datetime
    suite: str
    key_id: str
    entries: Listing
    withdrawals: Listing
    files: FileListing
    body: Body
    digest: str = ""

    @property
    def counts(self) -> dict[str, int]:
        files, size = self.files.count, self.files.bytes
        return {"entries": self.entries.count, "withdrawals": self.withdrawals.count, "files": files, "bytes": size}

    def to_bytes(self) -> bytes:
        """The document that is signed."""
        said = asdict(self)
        del said["digest"]
        return canonical(said | {"format": FORMAT, "made_at": self.made_at.strftime("%Y-%m-%dT%H:%M:%SZ")})

    def to_json(self) -> dict[str, Any]:
        """For reports: the document and the package's digest."""
        return json.loads(self.to_bytes()) | {"digest": self.digest}

    @classmethod
    def from_signed(cls, opened: Opened) -> Self:
        """Read the document of an envelope that was found right. Raises ManifestError."""
        try:
            given: Any = json.loads(opened.payload)
            manifest = cls(
                site=_text(given, "site", SITE),
                number=_number(given, "number", least=1),
                previous=_previous(given["previous"]),
                full=_flag(given, "full"),
                made_at=datetime.strptime(given["made_at"], "%Y-%m-%dT%H:%M:%S%z"),
                suite=opened.key.suite.name,
                key_id=opened.key.key_id,
                entries=_listing(given["entries"]),
                withdrawals=_listing(given["withdrawals"]),
                files=FileListing(**_numbers(given["files"], {"count", "size", "bytes"})),
                body=Body(_number(given["body"], "size"), _text(given["body"], "digest", DIGEST)),
                digest=opened.key.suite.digest(opened.payload),
            )
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ManifestError(str(error)[:200]) from error
        if manifest.to_bytes() != opened.payload:  # unknown keys, another edition, another key than the one that signed
            raise ManifestError("not in its own words")
        return manifest


def _text(given: Mapping[str, Any], key: str, form: re.Pattern[str]) -> str:
    value = given[key]
    if not isinstance(value, str) or not form.fullmatch(value):
        raise ValueError(key)
    return value


def _number(given: Mapping[str, Any], key: str, *, least: int = 0) -> int:
    value = given[key]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= LARGEST:
        raise ValueError(key)
    return value


def _flag(given: Mapping[str, Any], key: str) -> bool:
    if not isinstance(given[key], bool):
        raise TypeError(key)
    return cast("bool", given[key])


def _numbers(given: Any, keys: set[str]) -> dict[str, int]:
    if set(given) != keys:
        raise ValueError(str(keys))
    return {key: _number(given, key) for key in keys}


def _listing(given: Any) -> Listing:
    return Listing(**_numbers(given, {"count", "size"}))


def _previous(given: Any) -> Previous | None:
    if given is None:
        return None
    return Previous(_number(given, "number", least=1), _text(given, "digest", DIGEST))
