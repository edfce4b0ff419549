"""Key pairs, their ids, and the folder where a site keeps its own.

A key's id is `<suite>-` and the first 128 bits of the digest of its SubjectPublicKeyInfo, in the suite's own digest:
short enough to be read out over the telephone, long enough that nobody makes a second key with the same.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import secrets
import stat
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from ckanext.govcn.signing.exceptions import KeyExposed, KeyInvalid, KeyMissing
from ckanext.govcn.signing.suites import SUITES, Suite

LONGEST = 10_000  # characters of a key given as text
ID_DIGITS = 32


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key of a suite; `raw` as the suite writes it. Made by `from_text`, which checks it."""

    suite: Suite
    raw: bytes

    @property
    def key_id(self) -> str:
        return f"{self.suite.name}-{self.suite.digest(self.der)[:ID_DIGITS]}"

    @property
    def der(self) -> bytes:
        """SubjectPublicKeyInfo."""
        return self.suite.public_der + self.raw

    @property
    def text(self) -> str:
        """One line: base64 of the SubjectPublicKeyInfo, as settings hold it."""
        return base64.b64encode(self.der).decode()

    @property
    def pem(self) -> str:
        return _armoured("PUBLIC KEY", self.der)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read PEM, or its base64 alone. Raises KeyInvalid."""
        der = _unarmoured("PUBLIC KEY", text)
        for suite in SUITES.values():
            if der.startswith(suite.public_der) and len(der) == len(suite.public_der) + suite.public_size:
                raw = der.removeprefix(suite.public_der)
                suite.check_public(raw)
                return cls(suite, raw)
        raise KeyInvalid(why="既不是 Ed25519 公钥也不是 SM2 公钥", why_en="neither Ed25519 nor SM2")

    def verify(self, message: bytes, signature: bytes) -> bool:
        return self.suite.verify(self.raw, message, signature)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key, which shows itself nowhere."""

    public: PublicKey
    _raw: bytes = field(repr=False)

    @property
    def suite(self) -> Suite:
        return self.public.suite

    @property
    def key_id(self) -> str:
        return self.public.key_id

    def sign(self, message: bytes) -> bytes:
        return self.suite.sign(self._raw, message)

    @property
    def pem(self) -> str:
        """PKCS #8, for the key's own file alone."""
        before, between = self.suite.private_der
        return _armoured("PRIVATE KEY", before + self._raw + between + (self.public.raw if between else b""))

    @classmethod
    def generate(cls, suite: Suite) -> Self:
        return cls._of(suite, suite.generate())

    @classmethod
    def from_pem(cls, text: str) -> Self:
        """Raises KeyInvalid; the error never holds any of the text."""
        der = _unarmoured("PRIVATE KEY", text)
        for suite in SUITES.values():
            before, between = suite.private_der
            size = len(before) + suite.private_size
            if der.startswith(before) and der[size:].startswith(between) and len(der) >= size:
                key = cls._of(suite, der[len(before) : size])
                if der[size:] == (between + key.public.raw if between else b""):
                    return key
        raise KeyInvalid(why="不是本平台写的私钥", why_en="no private key that this platform wrote")

    @classmethod
    def _of(cls, suite: Suite, raw: bytes) -> Self:
        return cls(PublicKey(suite, suite.public_of(raw)), raw)


def _armoured(label: str, der: bytes) -> str:
    lines = textwrap.wrap(base64.b64encode(der).decode(), 64)
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def _unarmoured(label: str, text: str) -> bytes:
    if len(text) > LONGEST:
        raise KeyInvalid(why="太长", why_en="too long")
    body = text.strip().removeprefix(f"-----BEGIN {label}-----").removesuffix(f"-----END {label}-----")
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyInvalid(why="不是 PEM 或 base64", why_en="neither PEM nor base64") from error


@dataclass(frozen=True, slots=True)
class KeptKey:
    """One line of the list of a site's keys."""

    key: PublicKey
    created: datetime
    current: bool


class KeyFolder:
    """A site's own keys: `<key id>.pem` (0600) each, `site.json` with the site's id and the key that signs now.

    Old keys stay: what they signed must be verified later. Nothing is ever overwritten.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def site_id(self) -> str:
        """The instance's own name in signed documents, made once and never changed. Raises KeyMissing."""
        return self._site()["site"]

    def ensure(self, suite: Suite) -> PrivateKey:
        """The key that signs now; a first one is made where there is none."""
        return self.current() if self._settings.exists() else self.create(suite)

    def create(self, suite: Suite) -> PrivateKey:
        """A new key, which signs from now on."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = PrivateKey.generate(suite)
        _write(self._path(key.key_id), key.pem)
        site = self._site()["site"] if self._settings.exists() else f"site-{secrets.token_hex(8)}"
        _write(self._settings, json.dumps({"site": site, "current": key.key_id}) + "\n")
        return key

    def current(self) -> PrivateKey:
        """The key that signs now. Raises KeyMissing, KeyExposed."""
        return self.private(self._site()["current"])

    def private(self, key_id: str) -> PrivateKey:
        """One of the site's keys. Raises KeyMissing, KeyExposed."""
        path = self._path(key_id)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError as error:
            raise KeyMissing(key_id=key_id, folder=self.folder) from error
        with os.fdopen(descriptor) as handle:
            if os.fstat(descriptor).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise KeyExposed(path=path)
            return PrivateKey.from_pem(handle.read(LONGEST))

    def all(self) -> list[KeptKey]:
        """Every key, oldest first."""
        current = self._site()["current"] if self._settings.exists() else ""
        return sorted(self._kept(current), key=lambda each: each.created)

    def public_keys(self) -> list[PublicKey]:
        """What the site's own documents are verified with."""
        return [each.key for each in self.all()]

    def _kept(self, current: str) -> Iterator[KeptKey]:
        for path in self.folder.glob("*.pem"):
            created = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            yield KeptKey(self.private(path.stem).public, created, path.stem == current)

    @property
    def _settings(self) -> Path:
        return self.folder / "site.json"

    def _site(self) -> dict[str, str]:
        try:
            return json.loads(self._settings.read_text())
        except FileNotFoundError as error:
            raise KeyMissing(key_id="", folder=self.folder) from error

    def _path(self, key_id: str) -> Path:
        if not re.fullmatch(r"[a-z]{1,20}-[0-9a-f]{32}", key_id):
            raise KeyMissing(key_id=key_id[:80], folder=self.folder)
        return self.folder / f"{key_id}.pem"


def _write(path: Path, text: str) -> None:
    """Replace the file in one step (0600), whole and on the disk, or not at all."""
    unfinished = path.with_suffix(f".{os.getpid()}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    unfinished.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
