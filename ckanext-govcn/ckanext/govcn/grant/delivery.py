"""What a grant of named columns delivers, as a file of its own. ADAPTER."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from io import BufferedRandom, BufferedReader, RawIOBase
from typing import BinaryIO, cast

from ckanext.govcn.access import files
from ckanext.govcn.grant import columns, reading


@dataclass(frozen=True, slots=True)
class Cut:
    """A file of the granted columns, at its beginning; it has no name, and is gone once closed. `size` in bytes."""

    stream: BinaryIO
    rows: int
    size: int
    sha256: str


def cut(stored: files.StoredFile, filename: str, fields: Collection[str]) -> Cut:
    """The columns of a stored content, whose format its file name says.

    Raises ColumnsRefused, or RowsBusy while another request reads it.
    """
    kind = filename.rpartition(".")[2].lower()
    with ExitStack() as undo, reading.alone(reading.place_of(stored.sha256, kind, fields)):
        output = cast("BufferedRandom", undo.enter_context(tempfile.TemporaryFile(dir=files.folder())))
        with stored.path.open("rb") as source:
            rows = columns.cut(source, output, kind, fields, reading.largest())
        size = output.seek(0, 2)
        output.seek(0)
        sha256 = hashlib.file_digest(output, "sha256").hexdigest()
        undo.pop_all()
        return Cut(_from_its_beginning(output), rows, size, sha256)


def check(stored: files.StoredFile, filename: str, fields: Collection[str]) -> None:
    """Raises ColumnsRefused where `cut` did; the content is not read."""
    reading.raise_known(reading.place_of(stored.sha256, filename.rpartition(".")[2].lower(), fields))


def _from_its_beginning(output: BufferedRandom) -> BufferedReader:
    """The file where its descriptor says so too: a web server may send by that."""
    raw = output.detach()
    raw.seek(0)
    return BufferedReader(cast("RawIOBase", raw))
