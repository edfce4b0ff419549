"""Workbooks that departments upload, and those they get back: kept by content below the storage path, for some days.

    <storage>/govcn-uploads/<source>/<sha256>/<file name>

A file belongs to the source that it was uploaded for; its digest alone opens nothing. A content is written to a
temporary name, flushed and renamed. Writing it again keeps it longer; the oldest make room for what is beyond
`ckanext.govcn.harvest.upload_files`, and `sweep` removes what is older than `ckanext.govcn.harvest.upload_days`.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import ckan.plugins.toolkit as tk

from ckanext.govcn.access.addresses import safe_filename
from ckanext.govcn.access.exceptions import FileTooLarge

TYPES = (".xlsx", ".xls", ".et", ".csv")
"""What `harvesters.workbook` reads and gives back."""
CHUNK = 1 << 20
DAY = 24 * 3600
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SOURCE = re.compile(r"[\w-]{1,100}")


@dataclass(frozen=True, slots=True)
class Upload:
    """One kept file."""

    sha256: str
    filename: str
    path: Path


def largest() -> int:
    """The size of an upload in bytes."""
    return int(tk.config["ckanext.govcn.harvest.upload_size"])


def store(source: str, filename: str, stream: BinaryIO) -> Upload:
    """Keep a file for a source. Raises FileTooLarge; nothing is kept then."""
    limit, size, digest = largest(), 0, hashlib.sha256()
    descriptor, temporary = tempfile.mkstemp(dir=_folder())
    try:
        with os.fdopen(descriptor, "wb") as output:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise FileTooLarge(limit)
                digest.update(chunk)
                output.write(chunk)
            output.flush()
            os.fsync(output.fileno())
        place = _place(source, digest.hexdigest())
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = place / safe_filename(filename)
        os.replace(temporary, path)
        os.utime(place)
    finally:
        Path(temporary).unlink(missing_ok=True)
    _make_room(path)
    return Upload(digest.hexdigest(), path.name, path)


def find(source: str, sha256: str, filename: str) -> Upload | None:
    """The kept file of this content and name, or None: never kept for this source, or no longer."""
    if not (_DIGEST.fullmatch(sha256) and _SOURCE.fullmatch(source)):
        return None
    path = _place(source, sha256) / safe_filename(filename)
    return Upload(sha256, path.name, path) if path.is_file() else None


def remove(upload: Upload) -> None:
    """Keep the content no longer, under none of its names."""
    shutil.rmtree(upload.path.parent, ignore_errors=True)


def sweep(now: float | None = None) -> int:
    """Remove what was kept long enough, and temporary files of writes that died; the number removed."""
    before = (now or time.time()) - int(tk.config["ckanext.govcn.harvest.upload_days"]) * DAY
    old = [path for path in _folder().glob("*/*") if _age(path) < before]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
    stale = [path for path in _folder().glob("*") if path.is_file() and _age(path) < before]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(old) + len(stale)


def _make_room(newest: Path) -> None:
    """One content may lie under several names: files are counted."""
    others = sorted((path for path in newest.parents[1].glob("*/*") if path != newest), key=_age, reverse=True)
    for path in others[int(tk.config["ckanext.govcn.harvest.upload_files"]) - 1 :]:
        path.unlink(missing_ok=True)
        with suppress(OSError):  # it has other names
            path.parent.rmdir()


def _age(path: Path) -> float:
    """When it was last written; 0 for what another process removed in this moment."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _folder() -> Path:
    """Where the files lie; only the platform's user may read them."""
    path = Path(tk.config["ckan.storage_path"]) / "govcn-uploads"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _place(source: str, sha256: str) -> Path:
    return _folder() / source / sha256
