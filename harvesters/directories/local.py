"""A folder on this machine, below a root that the operator has named in `config/folders.yaml`.

    folders:
      目录交换区: /srv/exchange

Every folder on the way is opened from the one above it without following links, so that nothing that is exchanged
meanwhile leads out.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, cast

import yaml

from harvesters.directories.walk import Entry, Kind
from harvesters.exceptions import Fault, SourceInvalid, SourceRefused, SourceUnreachable

FILE = "folders.yaml"


def load_folders(config: Path) -> dict[str, Path]:
    """The operator's roots by name; without the file there is none. Raises SourceInvalid."""
    path = config / FILE
    if not path.is_file():
        return {}
    try:
        given: Any = yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise SourceInvalid(FILE, [Fault(1, "文件", "不是有效的 YAML（UTF-8）。")]) from error
    top = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    folders: Any = top.get("folders") or {}
    if set(top) - {"folders"} or not isinstance(folders, dict):
        raise SourceInvalid(FILE, [Fault(1, "文件", "只能有 folders 一个键：名称 → 文件夹。")])
    named = {str(name): Path(str(root)) for name, root in cast("dict[Any, Any]", folders).items()}
    if faults := [Fault(1, name, "要写绝对路径。") for name, root in named.items() if not root.is_absolute()]:
        raise SourceInvalid(FILE, faults)
    return named


class LocalDirectory:
    """A `walk.Directory` at `path` below `root`."""

    def __init__(self, where: str, root: Path, path: str) -> None:
        self._where = where
        self._root = root
        self._steps = [step for step in path.split("/") if step]
        if ".." in self._steps or "." in self._steps:
            raise SourceRefused(where, "path 里不能有“..”。", "The path must not hold '..'.")

    def entries(self, path: str) -> Iterator[Entry]:
        with self._opened(path) as folder, os.scandir(folder) as found:
            for each in found:
                yield _entry(each.name, each.stat(follow_symlinks=False))

    def look(self, path: str) -> Entry:
        above, _, name = path.rpartition("/")
        with self._opened(above) as folder:
            return _entry(name, os.stat(name, dir_fd=folder, follow_symlinks=False))

    def content(self, path: str, size: int) -> bytes:
        above, _, name = path.rpartition("/")
        with self._opened(above) as folder:
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            with os.fdopen(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise SourceRefused(path, "不是普通文件。", "This is no plain file.")
                return file.read(size + 1)

    @contextlib.contextmanager
    def _opened(self, path: str) -> Generator[int]:
        """A folder, opened step by step from the root."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        try:
            handle = os.open(self._root, flags)
            try:
                for step in [*self._steps, *filter(None, path.split("/"))]:
                    below = os.open(step, flags | os.O_NOFOLLOW, dir_fd=handle)
                    os.close(handle)
                    handle = below
                yield handle
            finally:
                os.close(handle)
        except OSError as error:
            shown = "/".join([*self._steps, path]).rstrip("/") or "."
            if isinstance(error, (FileNotFoundError, NotADirectoryError)) or error.errno == 40:  # ELOOP: a link
                why = f"{shown} 不存在，或是链接。请核对 path，放入文件夹本身。"
                raise SourceRefused(self._where, why, "It does not exist, or is a link.") from error
            why = f"{shown} 无法读取，请核对运行平台的账号是否有读取权限"
            raise SourceUnreachable(self._where, why, "it cannot be read; check the permissions") from error


def _entry(name: str, found: os.stat_result) -> Entry:
    kind: Kind = "other"
    for is_kind, named in ((stat.S_ISREG, "file"), (stat.S_ISDIR, "folder"), (stat.S_ISLNK, "link")):
        if is_kind(found.st_mode):
            kind = cast("Kind", named)
    return Entry(name, kind, found.st_size, max(found.st_mtime, found.st_ctime))
