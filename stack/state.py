"""What the supervisor tells the other commands: one JSON file, written whole, and a lock that dies with it."""

from __future__ import annotations

import fcntl
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from stack.project import DataFolder


@dataclass
class ServiceState:
    """One line of `./govcn status`."""

    name: str
    state: str  # starting, ready, restarting, stopped
    pid: int | None = None
    restarts: int = 0


@dataclass
class State:
    """The supervisor's view; `phase` is starting, migrating, ready, failed or stopped."""

    phase: str
    pid: int
    started: str
    ini: str
    url: str | None = None
    error: dict[str, str] | None = None
    services: list[ServiceState] = field(default_factory=list[ServiceState])

    def write(self, path: Path) -> None:
        """Replace the file in one step, so that a reader never sees half of it."""
        unfinished = path.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")
        unfinished.replace(path)


def read(data: DataFolder) -> State | None:
    """The last state written, whether or not its supervisor still lives."""
    try:
        known = json.loads(data.state.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    services = [ServiceState(**service) for service in known.pop("services")]
    return State(**known, services=services)


def running(data: DataFolder) -> bool:
    """Whether a supervisor holds the folder's lock."""
    try:
        with data.lock.open("r") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except BlockingIOError:
        return True
    return False
