"""An answer that is costly and the same for everybody, kept for some time in each process. PURE."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The answer of `make`, made again when it is older than `seconds`; one request makes it, others wait for it. An
    error is not kept."""

    def __init__(self, make: Callable[[], T], seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._make, self._seconds, self._clock = make, seconds, clock
        self._lock = threading.Lock()
        self._answer: tuple[float, T] | None = None

    def __call__(self) -> T:
        """The answer, which callers must not change."""
        with self._lock:
            if self._answer is None or self._clock() - self._answer[0] >= self._seconds:
                self._answer = self._clock(), self._make()
            return self._answer[1]

    def forget(self) -> None:
        """Make it again the next time."""
        with self._lock:
            self._answer = None
