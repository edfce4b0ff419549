"""Which account runs the services, and how a process is started under it.

An ordinary user runs everything as himself. PostgreSQL refuses root, so under root every service runs as the account
`govcn` if the machine has one and as `nobody` otherwise; it may still *read* a project that lies in a folder closed to
others (capability dac_read_search), because root put it there.
"""

from __future__ import annotations

import os
import pwd
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


def unprivileged(command: list[str]) -> list[str]:
    """The command as the services' account runs it; unchanged for an ordinary user."""
    if os.geteuid() != 0:
        return command
    owner = service_owner()
    capability = "+dac_read_search"
    return [
        "setpriv", "--reuid", str(owner.uid), "--regid", str(owner.gid), "--clear-groups",
        "--inh-caps", capability, "--ambient-caps", capability, "--", *command,
    ]  # fmt: skip


def bound_to_parent(command: list[str], signal_name: str) -> list[str]:
    """The command, ended with the signal when its supervisor dies however hard."""
    return ["setpriv", "--pdeathsig", signal_name, "--", *command]
