"""The file store: each content once, under its SHA-256, never overwritten; who delivers it is the table's matter.

A content is written to a temporary file in the same folder tree, flushed to disk, and renamed to its name: a crash
leaves either the whole content or a temporary file that `sweep` removes. The tables are written in the caller's
transaction, so an undone transaction leaves an unreferenced content and never a reference to a missing one.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import ckan.plugins.toolkit as tk
import magic
import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import insert

from ckanext.govcn.access import addresses, vault
from ckanext.govcn.access.exceptions import FileMissing, FileTooLarge
from ckanext.govcn.access.model import Content, ResourceFile

CHUNK = 1024 * 1024
STALE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A content in the store. `size` is bytes; `path` is where it lies."""

    sha256: str
    size: int
    media_type: str
    path: Path


def folder() -> Path:
    """Where the store is, below CKAN's storage path; only the platform's user may read it."""
    path = Path(tk.config["ckan.storage_path"]) / "govcn-files"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(sha256: str) -> Path:
    """Where a content lies, whether it is there or not."""
    return folder() / "sha256" / sha256[:2] / sha256[2:4] / sha256


def _chunks(stream: BinaryIO, limit: int) -> Iterator[bytes]:
    size = 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise FileTooLarge(limit)
        yield chunk


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def store(stream: BinaryIO, limit: int) -> StoredFile:
    """Keep a content of at most `limit` bytes and register it. Raises FileTooLarge; then nothing is kept."""
    incoming = folder() / "incoming"
    incoming.mkdir(mode=0o700, exist_ok=True)
    digest, size, head = hashlib.sha256(), 0, b""
    descriptor, name = tempfile.mkstemp(dir=incoming)
    try:
        with os.fdopen(descriptor, "wb") as output:
            for chunk in _chunks(stream, limit):
                head = head or chunk[:4096]
                digest.update(chunk)
                size += output.write(chunk)
            output.flush()
            os.fsync(output.fileno())
        target = path_of(digest.hexdigest())
        if target.exists() and target.stat().st_size == size:
            os.unlink(name)
        else:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.replace(name, target)
            _sync_folder(target.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    stored = StoredFile(digest.hexdigest(), size, magic.from_buffer(head, mime=True) if head else "", target)
    row = {"sha256": stored.sha256, "size": stored.size, "media_type": stored.media_type}
    model.Session.execute(insert(Content).values(row).on_conflict_do_nothing())
    return stored


def attach(resource_id: str, sha256: str, filename: str) -> None:
    """Let a resource deliver a stored content under a name. The caller commits."""
    row = {"resource_id": resource_id, "sha256": sha256, "filename": addresses.safe_filename(filename)}
    statement = insert(ResourceFile).values(row)
    changed = {name: statement.excluded[name] for name in ("sha256", "filename")} | {"attached_at": sa.func.now()}
    model.Session.execute(statement.on_conflict_do_update(index_elements=["resource_id"], set_=changed))


def sha256_of(resource_id: str) -> str:
    """The digest of the content a resource delivers, or an empty text."""
    return model.Session.scalar(sa.select(ResourceFile.sha256).where(ResourceFile.resource_id == resource_id)) or ""


def fetched_at(digests: Collection[str]) -> list[datetime]:
    """When these contents came to the platform, the first first."""
    query = sa.select(Content.fetched_at).where(Content.sha256.in_(digests))
    return list(model.Session.scalars(query.order_by(Content.fetched_at)))


def versions_of(package_id: str) -> list[str]:
    """Digests of what the dataset's resources deliver now; an empty text where there is no content."""
    query = (
        sa.select(sa.func.coalesce(ResourceFile.sha256, ""))
        .select_from(model.Resource)
        .outerjoin(ResourceFile, ResourceFile.resource_id == model.Resource.id)
        .where(model.Resource.package_id == package_id, model.Resource.state == "active")
    )
    return sorted(set(model.Session.scalars(query))) or [""]


def delivered_by(resource_id: str) -> tuple[StoredFile, str] | None:
    """The content a resource delivers and its file name, or None. Raises FileMissing when the disk has lost it."""
    query = (
        sa.select(Content.sha256, Content.size, Content.media_type, ResourceFile.filename)
        .join(ResourceFile, ResourceFile.sha256 == Content.sha256)
        .where(ResourceFile.resource_id == resource_id)
    )
    row = model.Session.execute(query).first()
    if row is None:
        return None
    path = path_of(row.sha256)
    if not path.is_file():
        raise FileMissing(row.sha256)
    return StoredFile(row.sha256, row.size, row.media_type, path), row.filename


def sweep(now: float | None = None) -> int:
    """Remove temporary files that a crash left behind; the number removed."""
    before = (now or time.time()) - STALE_SECONDS
    stale = [path for path in (folder() / "incoming").glob("*") if path.stat().st_mtime < before]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def max_size() -> int:
    """The largest file a person may upload, in bytes (`ckan.max_resource_size`, megabytes)."""
    return int(tk.config["ckan.max_resource_size"]) * 1024 * 1024


class ResourceUploader:
    """CKAN's uploader of resources on the file store (IUploader): an upload from a form or the API ends here."""

    def __init__(self, resource: dict[str, Any]) -> None:
        upload = resource.pop("upload", None)
        self.clear = resource.pop("clear_upload", None)
        self.mimetype: str | None = None
        self.stored: StoredFile | None = None
        self.filename = ""
        if upload is None or not getattr(upload, "filename", ""):
            return
        self.filename = addresses.safe_filename(upload.filename)
        try:
            self.stored = store(upload.stream, max_size())
        except FileTooLarge as error:
            raise tk.ValidationError({"upload": [str(error)]}) from error
        self.mimetype = self.stored.media_type
        self.filesize = self.stored.size
        resource.update(url=self.filename, url_type=vault.FILE, mimetype=self.mimetype, size=self.filesize)
        resource["last_modified"] = _now()

    def upload(self, resource_id: str, _max_size: int = 0) -> None:
        """Attach what was stored, once the resource has its id and before the commit."""
        if self.stored:
            attach(resource_id, self.stored.sha256, self.filename)

    def get_path(self, resource_id: str) -> str:
        """Where the content lies that a resource delivers."""
        found = delivered_by(resource_id)
        return str(found[0].path) if found else ""


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat()
