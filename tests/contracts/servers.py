"""Small servers on this machine's loopback for tests: one that says any bytes at all, and what it has seen."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType

Saying = Callable[[str, socket.socket], None]


class RawServer:
    """Calls `say(request head, connection)` for each connection; `heads` keeps what was asked."""

    def __init__(self, say: Saying) -> None:
        self._say = say
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.heads: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> RawServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(20)
            head = b""
            while b"\r\n\r\n" not in head and (more := connection.recv(65536)):
                head += more
            self.heads.append(head.decode("latin-1"))
            self._say(self.heads[-1], connection)


def answering(body: bytes, status: str = "200 OK", **headers: str) -> Saying:
    """A whole, correct answer; header names with _ for -."""
    given = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return lambda _head, connection: connection.sendall(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)
