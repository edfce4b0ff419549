"""Made-up packages for the tests of release packages."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ckanext.govcn.signing.keys import PrivateKey
from ckanext.govcn.signing.suites import SUITES

from harvesters.release.manifest import Body, FileListing, Listing, Manifest, Previous
from harvesters.release.package import Content, PackageWriter, Trust
from harvesters.release.settings import Limits

SITE = "site-0123456789abcdef"
KEYS = {name: PrivateKey.generate(suite) for name, suite in SUITES.items()}
KEY = KEYS["international"]
TRUST = Trust((KEY.public,), SITE)
LIMITS = Limits()
MADE_AT = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def draft(number: int = 1, previous: Previous | None = None, *, full: bool = True, site: str = SITE) -> Manifest:
    return Manifest(site, number, previous, full, MADE_AT, "", "", Listing(), Listing(), FileListing(), Body(0, ""), "")


@dataclass
class Contents:
    """What a package holds: entries by id, withdrawals, and the bytes of its files."""

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    withdrawals: list[str] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)

    def write(self, target: Path, manifest: Manifest | None = None, key: PrivateKey = KEY) -> Manifest:
        writer = PackageWriter(target.parent)
        for identity, entry in self.entries.items():
            writer.add_entry(identity, entry)
        for identity in self.withdrawals:
            writer.add_withdrawal(identity)
        for content in self.files:
            writer.add_content(Content(sha256(content), len(content)))
        stored = {sha256(content): content for content in self.files}
        return writer.write(target, manifest or draft(), key, lambda digest: io.BytesIO(stored[digest]))


SOME = Contents(
    {
        "a1": {"title": "示例市公共停车场信息", "open_type": "unconditional", "tags": ["停车"]},
        "b2": {"title": "示例市企业登记信息", "open_type": "conditional"},
    },
    ["c3"],
    [b"name,places\nA,10\n", b"", b"x" * 3000],
)
