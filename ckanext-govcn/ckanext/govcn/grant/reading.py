"""Reading a stored content through for somebody: one at a time for a name, and once where it is refused. ADAPTER.

A content that is refused late costs as much as one that is delivered, and nothing is counted for it. So the refusal is
remembered beside the rows, and whoever comes while one is at work is told to come again: threads are few.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from ckan.plugins import toolkit as tk

from ckanext.govcn.access import files
from ckanext.govcn.grant.exceptions import ColumnsRefused, RowsBusy

LARGEST = "ckanext.govcn.grant.columns_megabytes"
FORM = "1"  # of what is kept, and of what is refused; another one is another name
WAIT_SECONDS, LOOK_SECONDS = 1.0, 0.1
REFUSED, PART = ".refused", ".part"
MEGABYTE = 1024 * 1024


def folder() -> Path:
    """Where rows and refusals are kept."""
    path = files.folder() / "rows"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def place_of(sha256: str, kind: str, fields: Collection[str]) -> Path:
    """Where what is known of the columns `fields` (empty: all) of a content is kept, without the ending."""
    said = json.dumps([FORM, sha256, kind, sorted(fields)], ensure_ascii=False)
    return folder() / hashlib.sha256(said.encode()).hexdigest()


def largest() -> int:
    """The most bytes of a content that is read."""
    return int(tk.config[LARGEST]) * MEGABYTE


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """One reader for a name (and those that begin like it). Raises RowsBusy for whoever waits too long, ColumnsRefused
    where that is remembered, and remembers one that is raised inside."""
    raise_known(place)
    with _locked(place):
        raise_known(place)  # another request found it meanwhile
        try:
            yield
        except ColumnsRefused as refused:
            _remember(place, refused)
            raise


def raise_known(place: Path) -> None:
    """Raises ColumnsRefused where that was found before, under the limit of today."""
    try:
        known = json.loads(place.with_suffix(REFUSED).read_bytes())
        refused = ColumnsRefused(known["why"], known["reason"], known["reason_en"])
        as_now = known["largest"] == largest()
    except (OSError, ValueError, TypeError, KeyError):
        return
    if as_now:
        raise refused


def _remember(place: Path, refused: ColumnsRefused) -> None:
    known = {"why": refused.why, "reason": refused.reason, "reason_en": refused.reason_en, "largest": largest()}
    with tempfile.NamedTemporaryFile(dir=place.parent, suffix=PART, delete=False) as part:
        try:
            part.write(json.dumps(known, ensure_ascii=False).encode())
            part.flush()
            os.replace(part.name, place.with_suffix(REFUSED))
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    until = time.monotonic() + WAIT_SECONDS
    with (place.parent / f"{place.name[:2]}.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise RowsBusy from None
                time.sleep(LOOK_SECONDS)
        yield
