"""Files of applications: attachments and stamped scans (盖章件), with their SHA-256. ADAPTER.

    <storage>/govcn-applications/<application>/<file>

Below CKAN's storage path and below no public one: the only way to the bytes is the route of the application, for
whoever sees it. Nothing here is in the index, in activities or in notices. A line of the table stays when the bytes go,
with its digest; the bytes go first from the table, then from the disk, and `sweep` finds what a crash left.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.govcn.access.addresses import safe_filename
from ckanext.govcn.access.exceptions import FileMissing, FileTooLarge
from ckanext.govcn.application.filing import ATTACHMENT
from ckanext.govcn.application.machine import table
from ckanext.govcn.application.model import Application, ApplicationFile
from ckanext.govcn.paper.recognise import Kind, recognise

SIZE = "ckanext.govcn.application.file_size"
ATTACHMENTS, SCANS = "ckanext.govcn.application.attachments", "ckanext.govcn.application.scans"
STALE_SECONDS = 24 * 3600


def folder() -> Path:
    """Where the files are; only the platform's user may read it."""
    path = Path(tk.config["ckan.storage_path"]) / "govcn-applications"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(file: ApplicationFile) -> Path:
    """Where the bytes are. Raises FileMissing when the disk has lost them."""
    path = folder() / file.application_id / file.id
    if not path.is_file():
        raise FileMissing(file.sha256)
    return path


def most(paper: str) -> int:
    """How many attachments, or scans, an application may have."""
    return int(tk.config[ATTACHMENTS if paper == ATTACHMENT else SCANS])


def room_for(application: Application, paper: str) -> int:
    """How many more it may have. The application is locked, so files that come together are counted one by one."""
    kept = [file for file in listed(application.id) if file.removed_at is None]
    return most(paper) - sum((file.paper == ATTACHMENT) == (paper == ATTACHMENT) for file in kept)


def read(stream: BinaryIO) -> tuple[bytes, Kind]:
    """The content and what it is. Raises FileTooLarge, FileRefused."""
    limit = int(tk.config[SIZE])
    content = stream.read(limit + 1)
    if len(content) > limit:
        raise FileTooLarge(limit)
    return content, recognise(content)


def keep(file: ApplicationFile, filename: str, content: bytes, kind: Kind) -> None:
    """Keep a new file, in the caller's transaction: undone, it leaves bytes that `sweep` removes, and never a line
    without them. Its name gets the extension of what it is."""
    given = safe_filename(filename, "file")
    stem = given.rpartition(".")[0] or given
    file.id, file.at = str(uuid.uuid4()), datetime.now(UTC)
    file.filename = safe_filename(f"{stem}.{kind.extension}", "file")
    file.media_type, file.size, file.sha256 = kind.media_type, len(content), hashlib.sha256(content).hexdigest()
    _write(folder() / file.application_id, file.id, content)
    model.Session.add(file)
    model.Session.flush()


def _write(place: Path, name: str, content: bytes) -> None:
    place.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(place / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        output.write(content)
        output.flush()
        os.fsync(output.fileno())


def listed(application_id: str) -> Sequence[ApplicationFile]:
    """All files of the application, removed ones as well, the first first."""
    query = sa.select(ApplicationFile).where(ApplicationFile.application_id == application_id)
    return model.Session.scalars(query.order_by(ApplicationFile.at, ApplicationFile.id)).all()


def find(application_id: str, file_id: str) -> ApplicationFile | None:
    """A file that is still there."""
    file = model.Session.get(ApplicationFile, file_id)
    return file if file is not None and file.application_id == application_id and file.removed_at is None else None


def remove(files: Sequence[ApplicationFile]) -> None:
    """The files are gone, in the caller's transaction; call `erase` once it is committed."""
    for file in files:
        file.removed_at = file.removed_at or datetime.now(UTC)


def erase(files: Sequence[ApplicationFile]) -> None:
    """Take the bytes of removed files off the disk."""
    for file in files:
        (folder() / file.application_id / file.id).unlink(missing_ok=True)


def thin(days: int, now: datetime | None = None) -> int:
    """Remove files of applications that ended more than so many days ago, and what a crash left; how many of the
    former."""
    before = (now or datetime.now(UTC)) - timedelta(days=days)
    finals = [state.name for state in table().states.values() if state.final]
    ended = sa.select(Application.id).where(Application.state.in_(finals), Application.changed_at < before)
    query = sa.select(ApplicationFile).where(ApplicationFile.application_id.in_(ended))
    old = model.Session.scalars(query.where(ApplicationFile.removed_at.is_(None))).all()
    remove(old)
    model.Session.commit()
    erase(old)
    sweep()
    return len(old)


def sweep(now: float | None = None) -> int:
    """Remove bytes that no line of the table has, once they are a day old; how many."""
    before, gone = (now or time.time()) - STALE_SECONDS, 0
    for place in folder().iterdir():
        query = sa.select(ApplicationFile.id).where(ApplicationFile.application_id == place.name)
        kept = set(model.Session.scalars(query.where(ApplicationFile.removed_at.is_(None))))
        for path in place.iterdir():
            if path.name not in kept and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
                gone += 1
        if not any(place.iterdir()) and place.stat().st_mtime < before:
            shutil.rmtree(place, ignore_errors=True)
    return gone
