"""Which account runs the services, and how a process is started under it.

An ordinary user runs everything as himself. PostgreSQL refuses root, so under root every service runs as the account
`govcn` if the machine has one and as `nobody` otherwise. What root asks for by hand (`./govcn harvest run FILE`) may
still *read* every file (capability dac_read_search); the lasting services may do so only where project or Python lie in
a folder closed to others, such as /root.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Owner:
    """The account that runs the services."""

    uid: int
    gid: int

    def take(self, path: Path) -> None:
        """Give the file or folder to this account (only root can, and only root needs to)."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)


def service_owner() -> Owner:
    """The current account, or under root an unprivileged one."""
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid())
    for name in ("govcn", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(account.pw_uid, account.pw_gid)
    return Owner(65534, 65534)


@contextmanager
def lent(path: Path) -> Generator[None]:
    """Let the services' account write this one file meanwhile. Only root has to lend; nothing is left of a failure."""
    if os.geteuid() != 0 or not path.parent.is_dir() or path.is_symlink() or (path.exists() and not path.is_file()):
        yield
        return
    path.touch()
    before = path.stat()
    service_owner().take(path)
    try:
        yield
    finally:
        os.chown(path, before.st_uid, before.st_gid)
        if path.stat().st_size == 0:
            path.unlink()


def unprivileged(command: list[str], *, reaching: Sequence[Path] | None = None) -> list[str]:
    """The command as the services' account runs it; unchanged for an ordinary user.

    It may read every file, or with `reaching` only if one of these paths could not be reached otherwise.
    """
    if os.geteuid() != 0:
        return command
    owner = service_owner()
    reads_all = reaching is None or not all(open_to_others(path) for path in reaching)
    capability = "+dac_read_search" if reads_all else "-all"
    return [
        "setpriv", "--reuid", str(owner.uid), "--regid", str(owner.gid), "--clear-groups",
        "--inh-caps", capability, "--ambient-caps", capability, "--", *command,
    ]  # fmt: skip


def open_to_others(path: Path) -> bool:
    """Whether any account can pass through the folders above the path, to the file behind it."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def bound_to_parent(command: list[str], signal_name: str) -> list[str]:
    """The command, ended with the signal when its supervisor dies however hard."""
    return ["setpriv", "--pdeathsig", signal_name, "--", *command]
