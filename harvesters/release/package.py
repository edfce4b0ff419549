"""The file of a release package: written and read without ever unpacking anything. PURE.

A tar archive, so that whoever carries it can look inside (`tar tf`), in one exact form:

    manifest.json        a signed envelope (signing.envelopes) around the manifest
    entries.ndjson       one line per entry: {"id": …, "entry": {…}}
    withdrawals.ndjson   one line per dataset that is no longer released: {"id": …}
    files.ndjson         one line per file: {"sha256": …, "size": …}
    files/<sha256>       the files, in that order

Nothing is compressed, so nothing expands. A reader takes no name, owner or kind from the archive: it *writes* the
header it expects, from the signed manifest, and compares 512 bytes. So there are no path names, links or devices to
fear. The signature is found right before the manifest is parsed, the digest of the whole body before any line of it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import stat
import tarfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Protocol, cast

from ckanext.govcn.catalog.entry import CatalogEntry
from ckanext.govcn.signing.envelopes import Context, canonical, open_sealed, seal
from ckanext.govcn.signing.exceptions import SignatureError
from ckanext.govcn.signing.keys import PrivateKey, PublicKey

from harvesters.entry_json import from_json
from harvesters.release.exceptions import (
    ContentDamaged,
    PackageDamaged,
    PackageInvalid,
    PackageTooLarge,
    PackageTruncated,
    PackageUntrusted,
    WrongSite,
)
from harvesters.release.manifest import DIGEST, Body, FileListing, Listing, Manifest, ManifestError
from harvesters.release.settings import Limits

MANIFEST, ENTRIES, WITHDRAWALS, FILES = "manifest.json", "entries.ndjson", "withdrawals.ndjson", "files.ndjson"
BLOCK = tarfile.BLOCKSIZE
END = b"\0" * (2 * BLOCK)
CHUNK = 2**20
ROOM = 16  # bytes by which an envelope may differ from the one it was measured by: SM2 signatures vary in length
IDENTITY = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,99}")
NOT_A_PACKAGE = {"why": "格式不对", "why_en": "not of its form"}


@dataclass(frozen=True, slots=True)
class Released:
    """One entry of a package: the identity it keeps from package to package, and the entry itself."""

    id: str
    entry: CatalogEntry
    line: int = 0


@dataclass(frozen=True, slots=True)
class Content:
    """One file of a package, by its SHA-256."""

    sha256: str
    size: int


# ── writing


class PackageWriter:
    """Gathers a package in temporary files, and writes it once everything is known. Memory does not grow with entries;
    it does with files, by some hundred bytes each."""

    def __init__(self, folder: Path) -> None:
        self._entries, self._withdrawals, self._files = (_Lines(folder) for _ in range(3))
        self._contents: set[bytes] = set()
        self._bytes = 0

    def add_entry(self, identity: str, entry: Mapping[str, Any]) -> None:
        """An entry in the form of `harvesters.entry_json`. Give them in one order, and the package comes out alike."""
        self._entries.add({"id": identity, "entry": entry})

    def add_withdrawal(self, identity: str) -> None:
        self._withdrawals.add({"id": identity})

    def add_content(self, content: Content) -> None:
        """A file; the second time nothing is added."""
        digest = bytes.fromhex(content.sha256)
        if digest not in self._contents:
            self._contents.add(digest)
            self._bytes += content.size
            self._files.add({"sha256": content.sha256, "size": content.size})

    @property
    def empty(self) -> bool:
        return not (self._entries.count or self._withdrawals.count)

    def write(self, target: Path, draft: Manifest, key: PrivateKey, stored: Callable[[str], BinaryIO]) -> Manifest:
        """Write the package; `draft` has everything but counts and body. `stored` opens a file by its SHA-256.

        Returns the manifest as signed. Raises ContentDamaged when a file is not what its name says.
        """
        contents = [Content(**line) for line in self._files.read()]
        listings = (self._entries.listing, self._withdrawals.listing, self._files.listing)
        sizes = [each.size for each in listings] + [each.size for each in contents]
        manifest = replace(
            draft,
            suite=key.suite.name,
            key_id=key.key_id,
            entries=listings[0],
            withdrawals=listings[1],
            files=FileListing(listings[2].count, listings[2].size, self._bytes),
            body=Body(sum(_padded(size) + BLOCK for size in sizes) + len(END), "0" * 64),
        )
        room = len(seal(key, Context.RELEASE, manifest.to_bytes())) + ROOM
        with target.open("xb") as output:
            output.seek(BLOCK + _padded(room))
            digest = _Digesting(output, key.suite.hasher())
            for name, lines in zip(
                (ENTRIES, WITHDRAWALS, FILES), (self._entries, self._withdrawals, self._files), strict=True
            ):
                _member(digest, name, lines.listing.size, lines.chunks())
            for content in contents:
                with stored(content.sha256) as stream:
                    _member(digest, f"files/{content.sha256}", content.size, _checked(stream, content))
            digest.write(END)
            signed = replace(manifest, body=replace(manifest.body, digest=digest.hexdigest()))
            output.seek(0)
            envelope = seal(key, Context.RELEASE, signed.to_bytes())
            _member(output, MANIFEST, room, [envelope.ljust(room, b"\n")])
            output.flush()
            os.fsync(output.fileno())
        return replace(signed, digest=key.suite.digest(signed.to_bytes()))


class _Lines:
    """A section in the making, on disk."""

    def __init__(self, folder: Path) -> None:
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115 (lives as long as the writer)
        self.count = 0

    def add(self, line: Mapping[str, Any]) -> None:
        self._file.write(canonical(line) + b"\n")
        self.count += 1

    @property
    def listing(self) -> Listing:
        return Listing(self.count, self._file.seek(0, os.SEEK_END))

    def chunks(self) -> Iterator[bytes]:
        self._file.seek(0)
        return iter(lambda: self._file.read(CHUNK), b"")

    def read(self) -> Iterator[dict[str, Any]]:
        self._file.seek(0)
        return (json.loads(line) for line in self._file)


class _Output(Protocol):
    def write(self, data: bytes, /) -> int: ...


class _Digesting:
    """Writes on, and takes the digest of what passes."""

    def __init__(self, output: BinaryIO, hasher: Any) -> None:
        self._output, self._hasher = output, hasher

    def write(self, data: bytes, /) -> int:
        self._hasher.update(data)
        return self._output.write(data)

    def hexdigest(self) -> str:
        return self._hasher.finalize().hex()


def _member(output: _Output, name: str, size: int, chunks: Iterable[bytes]) -> None:
    output.write(_header(name, size))
    for chunk in chunks:
        output.write(chunk)
    output.write(b"\0" * (_padded(size) - size))


def _checked(stream: BinaryIO, content: Content) -> Iterator[bytes]:
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if size > content.size:
            break
        yield chunk
    if size != content.size or digest.hexdigest() != content.sha256:
        raise ContentDamaged(sha256=content.sha256)


def _header(name: str, size: int) -> bytes:
    """The one header a member of this name and size has: no owner, no time."""
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.GNU_FORMAT, "ascii", "strict")


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


# ── reading


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose packages are taken: keys, and the site they must come from ("" for any, when a person only looks)."""

    keys: tuple[PublicKey, ...]
    site: str = ""


def read_manifest(path: Path, trust: Trust, limits: Limits) -> Manifest:
    """The manifest of a package, its signature found right; the body is not looked at. Raises PackageError."""
    with _opened(path) as descriptor:
        return _head(descriptor, path.name, trust, limits)[0]


@contextmanager
def open_package(path: Path, trust: Trust, limits: Limits) -> Generator[Package]:
    """A package that is whole and as it was signed. Raises PackageError; then nothing of its body was parsed."""
    with _opened(path) as descriptor:
        manifest, start = _head(descriptor, path.name, trust, limits)
        found, wanted = os.fstat(descriptor).st_size, start + manifest.body.size
        if found < wanted:
            raise PackageTruncated(file=path.name, wanted=wanted, found=found)
        hasher = trusted_suite(trust, manifest).hasher()
        for chunk in _chunks(descriptor, start, manifest.body.size):
            hasher.update(chunk)
        if found > wanted or hasher.finalize().hex() != manifest.body.digest:
            raise PackageDamaged(file=path.name)
        yield Package(descriptor, path.name, manifest, start, limits)


def trusted_suite(trust: Trust, manifest: Manifest) -> Any:
    """The suite of the key that signed the manifest."""
    return next(key.suite for key in trust.keys if key.key_id == manifest.key_id)


class Package:
    """A package that was found whole: its entries, withdrawals and files, each read as they are asked for."""

    def __init__(self, descriptor: int, name: str, manifest: Manifest, start: int, limits: Limits) -> None:
        self.manifest, self._descriptor, self._name, self._limits = manifest, descriptor, name, limits
        sizes = manifest.entries.size, manifest.withdrawals.size, manifest.files.size
        self._starts: list[int] = []
        for section, size in zip((ENTRIES, WITHDRAWALS, FILES), sizes, strict=True):
            self._expect(section, size, start)
            self._starts.append(start + BLOCK)
            start += BLOCK + _padded(size)
        self._contents_start, self._end = start, start

    def entries(self) -> Iterator[Released]:
        """In the package's order. Raises PackageError at a line that is none."""
        listing = self.manifest.entries
        for number, line in enumerate(self._lines(self._starts[0], listing, {"id", "entry"}), start=1):
            try:
                yield Released(line["id"], _entry(line["entry"]), number)
            except (TypeError, ValueError, KeyError, AttributeError) as error:
                raise self._invalid() from error

    def withdrawals(self) -> Iterator[str]:
        """Identities of what is no longer released."""
        return (line["id"] for line in self._lines(self._starts[1], self.manifest.withdrawals, {"id"}))

    def contents(self) -> Iterator[tuple[Content, BinaryIO]]:
        """The files, each with a stream that ends where it ends; whoever stores them checks their SHA-256."""
        start = self._contents_start
        listing = Listing(self.manifest.files.count, self.manifest.files.size)
        for line in self._lines(self._starts[2], listing, {"sha256", "size"}):
            content = self._content(line)
            self._within(content.size, self._limits.file, "数据文件", "a file")
            self._expect(f"files/{content.sha256}", content.size, start)
            slice_ = _Slice(self._descriptor, start + BLOCK, content.size)
            yield content, cast("BinaryIO", io.BufferedReader(slice_, CHUNK))
            start += BLOCK + _padded(content.size)

    def _content(self, line: Mapping[str, Any]) -> Content:
        sha256, size = line["sha256"], line["size"]
        if not isinstance(sha256, str) or not DIGEST.fullmatch(sha256) or not isinstance(size, int) or size < 0:
            raise self._invalid()
        return Content(sha256, size)

    def _lines(self, start: int, listing: Listing, keys: set[str]) -> Iterator[dict[str, Any]]:
        reader = io.BufferedReader(_Slice(self._descriptor, start, listing.size), CHUNK)
        count = 0
        while line := reader.readline(self._limits.entry + 2):
            self._within(len(line) - 1, self._limits.entry, "一个条目", "an entry")
            count += 1
            try:
                found: Any = json.loads(line)
                if set(found) != keys or ("id" in keys and not IDENTITY.fullmatch(found["id"])):
                    raise ValueError(line[:40])
            except (ValueError, TypeError, RecursionError) as error:
                raise self._invalid() from error
            yield found
        if count != listing.count:
            raise self._invalid()

    def _expect(self, name: str, size: int, start: int) -> None:
        if os.pread(self._descriptor, BLOCK, start) != _header(name, size):
            raise self._invalid()

    def _within(self, given: int, limit: int, what: str, what_en: str) -> None:
        if given > limit:
            raise PackageTooLarge(file=self._name, what=what, what_en=what_en, limit=limit)

    def _invalid(self) -> PackageInvalid:
        return PackageInvalid(file=self._name, **NOT_A_PACKAGE)


class _Slice(io.RawIOBase):
    """A part of a file as a stream of its own; several can be read side by side."""

    def __init__(self, descriptor: int, start: int, size: int) -> None:
        self._descriptor, self._at, self._end = descriptor, start, start + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        chunk = os.pread(self._descriptor, min(len(buffer), self._end - self._at), self._at)
        buffer[: len(chunk)] = chunk
        self._at += len(chunk)
        return len(chunk)


@contextmanager
def _opened(path: Path) -> Generator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise PackageInvalid(file=path.name, why="不是普通文件", why_en="no regular file")
        yield descriptor
    finally:
        os.close(descriptor)


def _head(descriptor: int, name: str, trust: Trust, limits: Limits) -> tuple[Manifest, int]:
    """The manifest and where the body begins."""
    if os.fstat(descriptor).st_size > limits.package:
        raise PackageTooLarge(file=name, what="大小", what_en="its size", limit=limits.package)
    header = os.pread(descriptor, BLOCK, 0)
    size = _octal(header[124:136])
    if size is None or header != _header(MANIFEST, size):
        raise PackageInvalid(file=name, **NOT_A_PACKAGE)
    if size > limits.manifest:
        raise PackageTooLarge(file=name, what="清单", what_en="its manifest", limit=limits.manifest)
    whole = os.pread(descriptor, _padded(size), BLOCK)
    if len(whole) < _padded(size):
        raise PackageTruncated(file=name, wanted=BLOCK + _padded(size), found=BLOCK + len(whole))
    if whole[size:].strip(b"\0"):
        raise PackageDamaged(file=name)
    try:
        opened = open_sealed(whole[:size], Context.RELEASE, trust.keys)
    except SignatureError as error:
        raise PackageUntrusted(file=name, why=error.message, why_en=error.message_en) from error
    try:
        manifest = Manifest.from_signed(opened)
    except ManifestError as error:
        why = {"why": "清单的格式版本本站不认识，请升级", "why_en": "a manifest of another edition; update this site"}
        raise PackageInvalid(file=name, **why) from error
    if trust.site and manifest.site != trust.site:
        raise WrongSite(file=name, given=manifest.site, wanted=trust.site)
    _limited(name, manifest, limits)
    return manifest, BLOCK + _padded(size)


def _limited(name: str, manifest: Manifest, limits: Limits) -> None:
    counts = (
        (manifest.entries.count + manifest.withdrawals.count, limits.entries, "条目数", "more entries"),
        (manifest.files.count, limits.files, "文件数", "more files"),
        (manifest.body.size, limits.package, "大小", "its size"),
    )
    for given, limit, what, what_en in counts:
        if given > limit:
            raise PackageTooLarge(file=name, what=what, what_en=what_en, limit=limit)


def _octal(field: bytes) -> int | None:
    return int(field[:-1], 8) if re.fullmatch(rb"[0-7]{11}\0", field) else None


def _chunks(descriptor: int, start: int, size: int) -> Iterator[bytes]:
    while size and (chunk := os.pread(descriptor, min(CHUNK, size), start)):
        yield chunk
        start, size = start + len(chunk), size - len(chunk)


def _entry(values: Mapping[str, Any]) -> CatalogEntry:
    entry = from_json(values)
    if not _typed(entry):
        raise TypeError(entry)
    return entry


def _typed(thing: Any) -> bool:
    """Has every field the type of its default? Fields that a newer edition may have are left aside."""
    defaults = type(thing)(**{each.name: "" for each in fields(thing) if each.name in ("url", "name")})
    return all(_alike(getattr(thing, each.name), getattr(defaults, each.name)) for each in fields(thing))


def _alike(value: Any, default: Any) -> bool:
    if is_dataclass(default):
        return type(value) is type(default) and _typed(value)
    if isinstance(default, tuple):
        listed = cast("tuple[Any, ...]", value)
        return isinstance(value, tuple) and all(
            _typed(each) if is_dataclass(each) else isinstance(each, str) for each in listed
        )
    if default is None:
        return value is None or isinstance(value, int)
    return isinstance(value, type(default))
