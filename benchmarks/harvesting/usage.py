"""What processes use: memory at its highest and processor time, of a process and everything below it (/proc)."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
EVERY = 0.1  # seconds between two looks


class Peak:
    """The most memory that a process and its children had, each at its own highest (VmHWM), summed. Bytes → MB."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._highest: dict[int, int] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._look()

    @property
    def megabytes(self) -> float:
        """The peak, in units of 2**20 bytes."""
        return round(sum(self._highest.values()) / 1024, 1)

    def _watch(self) -> None:
        while not self._done.wait(EVERY):
            self._look()

    def _look(self) -> None:
        for pid in family([self._pid]):
            with contextlib.suppress(OSError, StopIteration, ValueError):
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                highest = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
                self._highest[pid] = max(self._highest.get(pid, 0), highest)


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor seconds (user and system) of the processes, what is below them, and their children that have ended."""
    ticks = 0
    for pid in family(pids):
        with contextlib.suppress(OSError, IndexError, ValueError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / TICK


def family(pids: Iterable[int]) -> Iterator[int]:
    """The processes and all below them."""
    for pid in pids:
        yield pid
        below: list[int] = []
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                below += map(int, (task / "children").read_text().split())
        yield from family(below)
