"""Counts gathered in memory and handed on in batches. PURE.

A request costs one dictionary update; the database sees one statement per batch. Nothing about a person is kept:
no address, no user, no session, only a day and what was looked at.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

Key = tuple[str, str, str, str]
"""(day as CCYY-MM-DD, package id, resource id or "", "views" or "downloads")"""

_BOT = re.compile(
    r"bot|crawl|spider|slurp|scan|monitor|curl|wget|python-|httpx|go-http|java/|okhttp|headless|feed|preview", re.I
)


def is_bot(user_agent: str | None) -> bool:
    """A rough guess from the User-Agent header: no header, or one that names a program."""
    return not user_agent or bool(_BOT.search(user_agent))


class Batch:
    """Adds up counts and calls `write(counts)` when `size` is reached or `seconds` have passed since the first one.

    A failed write puts the counts back, up to ten times `size` keys, so a short outage of the database loses nothing
    and a long one cannot fill the memory.
    """

    def __init__(
        self,
        write: Callable[[Mapping[Key, int]], None],
        size: int = 500,
        seconds: float = 30,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[Key] = Counter()
        self._since: float | None = None

    def add(self, key: Key) -> bool:
        """Count once; True when the batch is due."""
        with self._lock:
            if key in self._counts or len(self._counts) < 10 * self._size:
                self._counts[key] += 1
            if self._since is None:
                self._since = self._clock()
            return len(self._counts) >= self._size or self._clock() - self._since >= self._seconds

    def flush(self) -> int:
        """Hand on what was gathered; the number of keys. Raises what `write` raised, after putting the counts back."""
        with self._lock:
            counts, self._counts, self._since = self._counts, Counter(), None
        if not counts:
            return 0
        try:
            self._write(counts)
        except Exception:
            with self._lock:
                for key, number in counts.items():
                    if key in self._counts or len(self._counts) < 10 * self._size:
                        self._counts[key] += number
                self._since = self._since or self._clock()
            raise
        return len(counts)
