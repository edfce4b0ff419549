"""The records of one reading in a file that has no name: gone through as often as wanted, never all in memory.

A source is read once, but what its headings mean, what its key is and which titles stand there twice is known only when
all of it was seen. The file is this process's alone and goes with it, however it ends. Rows that must not be here (E26)
are dropped before.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
import tempfile
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, cast

import orjson

from harvesters.exceptions import ScratchFull
from harvesters.record import Place, Record, Value, canonical

_HEAD = struct.Struct("<IIHI?32s")  # place, row, length of id, length of content, has items or defaults, sha256
CHUNK = 1024 * 1024
_LONG = re.compile(rb"\d{19}")  # an integer that orjson might read as a float


class Stored(Record):
    """A record out of the file: its content is read when somebody asks for it, its hash is there at once."""

    _content: bytes
    _whole: bool

    @cached_property
    def _parts(self) -> tuple[Any, ...]:
        value = _parsed(self._content)
        return tuple(value) if self._whole else (value, [], {})

    @cached_property
    def raw(self) -> Mapping[str, Value]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return cast("Mapping[str, Value]", self._parts[0])

    @cached_property
    def items(self) -> tuple[Mapping[str, Value], ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return tuple(self._parts[1])

    @cached_property
    def defaults(self) -> Mapping[str, str]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return cast("Mapping[str, str]", self._parts[2])

    def with_id(self, remote_id: str) -> Record:
        if remote_id == self.remote_id:
            return self
        other = object.__new__(Stored)
        other.__dict__.update(self.__dict__, remote_id=remote_id)
        return other


class Spool:
    """Records in the order they came. `headings`: all that were met, in the order of their first record.

    Raises ScratchFull where no file can be made.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._places: dict[Place, int] = {}
        self._count = 0
        self._end = 0
        self._waiting = bytearray()
        try:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (it lives as long as the spool)
        except OSError as error:
            raise ScratchFull(_folder()) from error
        self.headings: dict[str, None] = {}

    def __len__(self) -> int:
        return self._count

    def append(self, record: Record) -> None:
        """Keep a record. Raises RecursionError for one that is nested too deep, ScratchFull when the disk is full."""
        content = canonical(record.whole, ordered=False)
        identity = record.remote_id.encode("utf-8", "surrogatepass")
        place = self._places.setdefault(Place(record.place.file, record.place.sheet), len(self._places))
        whole = bool(record.items or record.defaults)
        digest = hashlib.sha256(record.canonical).digest()
        self._waiting += _HEAD.pack(place, record.place.row, len(identity), len(content), whole, digest)
        self._waiting += identity
        self._waiting += content
        self._count += 1
        if self.headings.keys() != record.raw.keys():
            self.headings.update(dict.fromkeys(record.raw))
        if len(self._waiting) >= CHUNK:
            self._write()

    def _write(self) -> None:
        rest = memoryview(bytes(self._waiting))
        try:
            while rest:
                written = os.pwrite(self._file.fileno(), rest, self._end)
                self._end += written
                rest = rest[written:]
        except OSError as error:
            raise ScratchFull(_folder()) from error
        self._waiting.clear()

    def __iter__(self) -> Iterator[Record]:
        self._write()
        places: list[Place] = list(self._places)
        buffer, start, at = b"", 0, 0
        for _ in range(self._count):
            if len(buffer) - at < _HEAD.size:
                start, buffer, at = start + at, self._read(start + at, _HEAD.size), 0
            head = cast("tuple[int, int, int, int, bool, bytes]", _HEAD.unpack_from(buffer, at))
            place, row, id_length, length, whole, digest = head
            needed = _HEAD.size + id_length + length
            if len(buffer) - at < needed:
                start, buffer, at = start + at, self._read(start + at, needed), 0
            middle = at + _HEAD.size + id_length
            record = object.__new__(Stored)
            record.__dict__.update(
                source=self._source,
                place=Place(places[place].file, places[place].sheet, row),
                remote_id=buffer[at + _HEAD.size : middle].decode("utf-8", "surrogatepass"),
                secret=False,
                hash=digest.hex(),
                _content=buffer[middle : middle + length],
                _whole=whole,
            )
            yield record
            at += needed

    def _read(self, start: int, needed: int) -> bytes:
        return os.pread(self._file.fileno(), max(CHUNK, needed), start)


def _folder() -> str:
    """Where temporary files go; where nothing can be written anywhere, where they should go."""
    try:
        return tempfile.gettempdir()
    except OSError:
        return os.environ.get("TMPDIR", "/tmp")  # noqa: S108 (named, not used)


def _parsed(content: bytes) -> Any:
    try:
        if not _LONG.search(content):
            return orjson.loads(content)
    except orjson.JSONDecodeError:  # what `canonical` had to leave to the other writer
        pass
    return json.loads(content.decode("utf-8", "surrogatepass"))
