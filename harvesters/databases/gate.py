"""The way to a database server. Drivers open their connections themselves, many of them in C, and know no limits.

So a driver is led to a port of this machine's loopback that takes one connection only, and what comes through it is
passed on to the one address that the network rules have admitted. Bytes and time are counted there: a server that
never stops sending, sends nothing, or sends one row of a gigabyte is left, whatever the driver would do.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from types import TracebackType

from harvesters.exceptions import SourceError, SourceUnreachable
from harvesters.source import Limits
from harvesters.wire import too_large

CHUNK = 64 * 1024
TICK = 0.5  # seconds after which a wait is looked at again


class Gate:
    """A loopback port that leads to `server`. `allow` says what the next call of the driver may take."""

    def __init__(self, where: str, server: socket.socket, limits: Limits) -> None:
        self.where = where
        self._server = server
        self.limits = limits
        self._received = 0  # since the last `allow`
        self._total = 0
        self._ends: float | None = None
        self._open = True
        self.stopped: SourceError | None = None
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        self.host = "127.0.0.1"
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Gate:
        self._thread = threading.Thread(target=self._pass_on, name="database gate", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shut()
        self._thread.join(5)
        self._server.close()

    def shut(self) -> None:
        """Let nothing through any more."""
        self._open = False
        self._listener.close()
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)

    def allow(self, seconds: float) -> None:
        """From now on so many seconds, and one answer's bytes, until the driver has what it asked for."""
        self._received = 0
        self._ends = time.monotonic() + seconds

    def rest(self) -> None:
        """Nothing is being waited for."""
        self._ends = None

    def _pass_on(self) -> None:
        with contextlib.suppress(OSError), self._accepted() as driver:
            peers = {driver: self._server, self._server: driver}
            while self._open and self._in_time():
                ready, _, _ = select.select(list(peers), [], [], TICK)
                for one in ready:
                    data = one.recv(CHUNK)
                    if not data or (one is self._server and not self._admitted(len(data))):
                        return
                    self._send(peers[one], data)

    def _accepted(self) -> socket.socket:
        """The driver's connection; nobody else's is taken afterwards."""
        self._listener.settimeout(self.limits.connect)
        with self._listener:
            connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for each in (connection, self._server):
            each.settimeout(TICK)  # `send` gives back what did not fit instead of waiting for room
        return connection

    def _send(self, peer: socket.socket, data: bytes) -> None:
        """All of it, as soon as the peer takes it: a driver that is slow slows the server down, not us."""
        rest = memoryview(data)
        while rest and self._open and self._in_time():
            _, ready, _ = select.select([], [peer], [], TICK)
            if ready:
                rest = rest[peer.send(rest) :]

    def _in_time(self) -> bool:
        if self._ends is not None and time.monotonic() > self._ends:
            self.stopped = SourceUnreachable(
                self.where, "数据库没有在时限内答复", "the database did not answer within the time limit"
            )
        return self.stopped is None

    def _admitted(self, count: int) -> bool:
        self._received += count
        self._total += count
        if self._received > self.limits.answer:
            self.stopped = too_large(self.where, self.limits.answer)
        elif self._total > self.limits.bytes:
            self.stopped = too_large(self.where, self.limits.bytes)
        return self.stopped is None
