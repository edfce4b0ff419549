"""The rows of stored contents, ready to be read page by page. ADAPTER.

What a grant gives of a content (all of it, or its columns) is written out once, as lines, when it is first asked for;
later pages read from there. It is a cache: named by the content and the columns, whole or not there, and removed when
others need the room, the longest unused first. Who may read it is not decided here.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from ckan.plugins import toolkit as tk

from ckanext.govcn.access import files
from ckanext.govcn.grant import columns, pages, reading
from ckanext.govcn.grant.exceptions import RowsBusy
from ckanext.govcn.grant.pages import Asked, Lines, Page

ROOM = "ckanext.govcn.grant.rows_megabytes"
LARGEST_PAGE = 4 * 1024 * 1024  # characters
LINES = ".lines"
_COUNTED = (LINES, reading.REFUSED, reading.PART)
STALE_SECONDS = 3600  # without a byte more: whoever wrote it is dead


def page(stored: files.StoredFile, filename: str, fields: Collection[str], wanted: Asked) -> tuple[Lines, Page]:
    """Rows of a stored content, whose format its file name says; `fields` empty: all columns.

    Raises ColumnsRefused where the file cannot be read in one way only, RowsBusy while another request reads it.
    """
    kind = filename.rpartition(".")[2].lower()
    place = reading.place_of(stored.sha256, kind, fields)
    with _opened(place, stored, kind, fields) as (stream, lines):
        return lines, pages.page(stream, lines, wanted, LARGEST_PAGE)


def each(stored: files.StoredFile, filename: str) -> Iterator[list[Any]]:
    """All rows of a stored content, as csv or json gives their cells: for the platform itself.

    Raises as `page` does.
    """
    kind = filename.rpartition(".")[2].lower()
    place = reading.place_of(stored.sha256, kind, ())
    with _opened(place, stored, kind, ()) as (stream, _lines):
        for line in stream:
            row = json.loads(line)
            yield list(row.values() if isinstance(row, dict) else row)


@contextmanager
def _opened(
    place: Path, stored: files.StoredFile, kind: str, fields: Collection[str]
) -> Iterator[tuple[BinaryIO, Lines]]:
    found = _ready(place)
    if found is None:
        with reading.alone(place):
            found = _ready(place)  # another request wrote it meanwhile
            if found is None:
                _write(place, stored, kind, fields)
                found = _ready(place)
    if found is None:
        raise RowsBusy
    stream, lines = found
    with stream:
        yield stream, lines


def _ready(place: Path) -> tuple[BinaryIO, Lines] | None:
    """The lines and what is known of them; None when they are not there, or not whole."""
    try:
        lines = Lines.from_json(json.loads(place.with_suffix(".index").read_bytes()))
        stream = place.with_suffix(LINES).open("rb")
    except (OSError, ValueError, TypeError, KeyError):
        return None
    if os.fstat(stream.fileno()).st_size != lines.size:
        stream.close()
        return None
    os.utime(stream.fileno())
    return stream, lines


def _write(place: Path, stored: files.StoredFile, kind: str, fields: Collection[str]) -> None:
    with tempfile.NamedTemporaryFile(dir=place.parent, suffix=reading.PART, delete=False) as part:
        try:
            output = cast("BinaryIO", part)
            with stored.path.open("rb") as source:
                written = columns.lines(source, output, kind, fields or None, reading.largest())
            lines = pages.survey(output, written.header)
            part.flush()
            os.fsync(part.fileno())
            os.replace(part.name, place.with_suffix(LINES))
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
    index = place.with_suffix(".index.part")
    index.write_text(json.dumps(lines.to_json(), ensure_ascii=False), "utf-8")
    index.replace(place.with_suffix(".index"))
    _make_room(place)


def _make_room(newest: Path) -> None:
    """Remove what dead writers left, then the longest unused until the rest fits; what is being read stays readable.

    Others do so at the same moment: a file may be gone at any time.
    """
    found = [each for ending in _COUNTED for path in newest.parent.glob(f"*{ending}") if (each := _about(path))]
    total, before = sum(about.st_size for about, _ in found), time.time() - STALE_SECONDS
    room = int(tk.config[ROOM]) * reading.MEGABYTE
    for about, path in sorted(found, key=lambda each: each[0].st_mtime):
        part = path.suffix == reading.PART
        if about.st_mtime < before if part else total > room and path.stem != newest.name:
            path.unlink(missing_ok=True)
            if path.suffix == LINES:
                path.with_suffix(".index").unlink(missing_ok=True)
            total -= about.st_size


def _about(path: Path) -> tuple[os.stat_result, Path] | None:
    try:
        return path.stat(), path
    except FileNotFoundError:
        return None
