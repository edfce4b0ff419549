"""The folder for temporary files on a disk of its own, so small that it can be filled."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

SIZE = 16 * 2**20
LIMIT = 4096  # bytes a file may have where no disk can be made


class Scratch:
    """`kind` says how it is filled: `tmpfs`, or `file size limit` where nothing can be mounted."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        self._filling = folder / "filling"

    def fill(self, process: int) -> None:
        """No more room, for everybody (tmpfs), or for this process (file size limit)."""
        if self.kind != "tmpfs":
            resource.prlimit(process, resource.RLIMIT_FSIZE, (LIMIT, LIMIT))
            return
        with self._filling.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def clear(self) -> None:
        """Room again; the limit was the process's own and ended with it."""
        self._filling.unlink(missing_ok=True)


@contextmanager
def scratch() -> Generator[Scratch]:
    """The folder for everything that is started inside (TMPDIR)."""
    with tempfile.TemporaryDirectory(prefix="govcn-drill-", dir="/var/tmp") as outer:  # noqa: S108
        Path(outer).chmod(0o711)
        folder = Path(outer) / "scratch"
        folder.mkdir()
        mounted = os.geteuid() == 0 and _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder))
        folder.chmod(0o1777)
        before = os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = str(folder)
        try:
            yield Scratch(folder, "tmpfs" if mounted else "file size limit")
        finally:
            with suppress(KeyError):
                del os.environ["TMPDIR"]
            if before is not None:
                os.environ["TMPDIR"] = before
            if mounted:
                _run("umount", "--lazy", str(folder))


def _run(*command: str) -> bool:
    with suppress(FileNotFoundError):
        return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0
    return False
