"""A folder of catalogue files, on this machine or on an SFTP server: each file is read as a catalogue file is.

One file that cannot be read is reported and the others go on; what is missing then is nothing that vanished.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterator

from harvesters.configured import config_folder
from harvesters.directories import sftp, walk
from harvesters.directories.local import LocalDirectory, load_folders
from harvesters.directories.walk import File, Found, Wanted
from harvesters.exceptions import RecordError, SourceInvalid, SourceRefused, UnreadableRecord
from harvesters.extract import catalogue_file
from harvesters.fetch import Fetcher
from harvesters.record import Place, Record
from harvesters.source import Directory, Source
from harvesters.trail import FILE, Stamp

WRITING = "仍在写入，本次不读取，下次再读。"


def records_from(source: Source, fetcher: Fetcher) -> Iterator[Record | RecordError]:
    """The records of every file, in the order of the files' paths."""
    described = _described(source)
    where = name_of(source)
    with _opened(source, described, where, fetcher) as directory:
        found = _found(source, described, where, directory)
        for path, why in found.refused:
            yield UnreadableRecord(Place(path), why=why)
        for path in found.unfinished:
            fetcher.trail.leave_out(path, WRITING)
        if not found.files and not found.unfinished:
            why = "没有目录文件。请核对 directory 的路径和 names。"
            raise SourceRefused(where, why, "There is no catalogue file.")
        for file in found.files:
            yield from _records_of(file, source, directory, fetcher)


def files_now(source: Source, fetcher: Fetcher) -> list[Stamp] | None:
    """Stamps of the files as they are now; nothing is read. None when one of them is still being written."""
    described = _described(source)
    where = name_of(source)
    with _opened(source, described, where, fetcher) as directory:
        found = _found(source, described, where, directory)
        return None if found.unfinished or found.refused else [_stamp(file) for file in found.files]


def name_of(source: Source) -> str:
    """How reports name the folder: never a path of the machine, never the account."""
    described = _described(source)
    place = f"sftp://{described.host}" if source.protocol == "sftp" else described.root
    return f"{place}/{described.path.strip('/')}".rstrip("/")


def _records_of(
    file: File, source: Source, directory: walk.Directory, fetcher: Fetcher
) -> Iterator[Record | RecordError]:
    """One file. It is known again by its stamp only when all of it was read."""
    try:
        if file.size > source.limits.bytes:
            size = f"{source.limits.bytes // 1024 // 1024} MB"
            raise SourceRefused(file.path, f"超过大小上限 {size}。请分批提供。", f"Larger than the limit of {size}.")
        content = directory.content(file.path, file.size)
        now = directory.look(file.path)
        if len(content) != file.size or (now.size, now.changed) != (file.size, file.changed):
            fetcher.trail.leave_out(file.path, WRITING)
            return
        yield from catalogue_file.records_of(content, file.path, source)
    except SourceRefused as error:
        fetcher.trail.leave_out(file.path, error.why)
        yield UnreadableRecord(Place(file.path), why=error.why)
    else:
        fetcher.trail.stamp(_stamp(file))


def _stamp(file: File) -> Stamp:
    return Stamp(FILE, file.path, f"{file.size} {file.changed}")


def _found(source: Source, described: Directory, where: str, directory: walk.Directory) -> Found:
    return walk.walk(where, directory, Wanted(described.names, described.settle), source.limits, time.time)


@contextlib.contextmanager
def _opened(source: Source, described: Directory, where: str, fetcher: Fetcher) -> Generator[walk.Directory]:
    if source.protocol == "sftp":
        with sftp.opened(where, described, fetcher, source.limits) as directory:
            yield directory
        return
    roots = load_folders(config_folder())
    if described.root not in roots:
        known = "、".join(roots) or "无"
        raise SourceRefused(
            described.root,
            f"config/folders.yaml 里没有这个文件夹（已有：{known}）。请由运维人员登记后再用。",
            f"config/folders.yaml does not name this folder (known: {known}). The operator has to enter it.",
        )
    yield LocalDirectory(where, roots[described.root], described.path)


def _described(source: Source) -> Directory:
    if source.directory is None:
        raise SourceInvalid(source.name, [])
    return source.directory
