"""Which files of a folder are taken. PURE: the folder itself is a `Directory`.

Links are never followed. A file that is still being written is left for the next run: it has a name that uploading
programs give (`.part`), changed a moment ago, or changed while it was read.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from harvesters.exceptions import SourceRefused
from harvesters.source import CATALOGUE_ENDINGS, Limits

Kind = Literal["file", "folder", "link", "other"]
UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".download", ".uploading", ".!ut")
PASSED_OVER = (".", "~$", "~")  # beginnings of names: hidden files, office programs' locks
FORGOTTEN = 24 * 3600.0  # seconds after which an unfinished file is nobody's any more
NAME = 255  # bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """What a folder holds under a name; `changed` in seconds since 1970."""

    name: str
    kind: Kind
    size: int = 0
    changed: float = 0.0


class Directory(Protocol):
    """A folder tree. Paths are relative, with `/`. Raises SourceError."""

    def entries(self, path: str) -> Iterator[Entry]:
        """What lies directly in a folder, in no order; may go on for ever."""
        ...

    def look(self, path: str) -> Entry:
        """One file as it is now."""
        ...

    def content(self, path: str, size: int) -> bytes:
        """A file's bytes, `size` of them at most and one more."""
        ...


@dataclass(frozen=True, slots=True)
class File:
    """A file to read."""

    path: str
    size: int
    changed: float


@dataclass(slots=True)
class Found:
    """`files` in the order of their paths; `refused` paths with the reason (Chinese); `unfinished` paths."""

    files: list[File] = field(default_factory=list[File])
    refused: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    unfinished: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files: patterns of names (none: catalogue files), and how long one must have rested, in seconds."""

    names: Sequence[str] = ()
    settle: float = 60.0

    def takes(self, name: str) -> bool:
        """Is this the name of a file to read?"""
        lower = name.lower()
        if self.names:
            return any(fnmatch.fnmatchcase(lower, pattern.lower()) for pattern in self.names)
        return lower.removesuffix(".gz").endswith(CATALOGUE_ENDINGS)


def walk(where: str, directory: Directory, wanted: Wanted, limits: Limits, clock: Callable[[], float]) -> Found:
    """Look at the whole tree. Raises SourceRefused when there is more of it than the limits allow."""
    found = Found()
    met = 0
    waiting = [("", 0)]
    while waiting:
        folder, depth = waiting.pop()
        if depth > limits.depth:
            raise SourceRefused(
                where, f"文件夹超过 {limits.depth} 层。", f"Folders are nested deeper than {limits.depth}."
            )
        for entry in directory.entries(folder):
            met += 1
            if met > limits.files:
                why = f"超过 {limits.files} 个文件。请清理历史文件，或调大 limits.files。"
                raise SourceRefused(where, why, f"More than {limits.files} files.")
            if entry.name in {".", ".."}:
                continue
            path = f"{folder}/{entry.name}" if folder else entry.name
            if fault := name_fault(entry.name):
                found.refused.append((shown(path), fault))
            elif entry.kind == "folder":
                if not entry.name.startswith("."):
                    waiting.append((path, depth + 1))
            else:
                _sort_in(found, path, entry, wanted, clock())
    found.files.sort(key=lambda file: file.path)
    total = sum(file.size for file in found.files)
    if total > limits.total:
        megabytes = limits.total // 1024 // 1024
        raise SourceRefused(where, f"文件合计超过 {megabytes} MB。请清理历史文件。", f"More than {megabytes} MB.")
    return found


def _sort_in(found: Found, path: str, entry: Entry, wanted: Wanted, now: float) -> None:
    lower = entry.name.lower()
    whole = next((lower.removesuffix(ending) for ending in UNFINISHED if lower.endswith(ending)), "")
    if whole:
        if wanted.takes(whole) and now - entry.changed < FORGOTTEN:
            found.unfinished.append(path)
    elif entry.name.startswith(PASSED_OVER) or not wanted.takes(entry.name):
        return
    elif entry.kind == "link":
        found.refused.append((path, "是链接，不是文件。归集不跟随链接，请放入文件本身。"))
    elif entry.kind == "other":
        found.refused.append((path, "不是普通文件。"))
    elif abs(now - entry.changed) < wanted.settle:
        found.unfinished.append(path)
    else:
        found.files.append(File(path, entry.size, entry.changed))


def name_fault(name: str) -> str:
    """Why a name is none that we would ask for (Chinese), or ""."""
    if not name or "/" in name or "\\" in name or len(name.encode("utf-8", "surrogatepass")) > NAME:
        return "文件名无效。请改名。"
    if any(c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff" or c in "\u2028\u2029" for c in name):
        return "文件名里有控制字符或无法识别的文字。请改名。"
    return ""


def shown(path: str) -> str:
    """A path for a report, whatever bytes its name was made of."""
    return "".join(c if c.isprintable() else "�" for c in path)[:200]
