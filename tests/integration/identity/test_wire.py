"""Requests to a provider, within limits: size, time, redirects, the environment."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from ckanext.govcn.identity.cas import Cas
from ckanext.govcn.identity.exceptions import AnswerInvalid, ProviderUnreachable
from ckanext.govcn.identity.identity import Choice, Reading
from ckanext.govcn.identity.wire import HttpWire

READING = Reading(("user",), ("name",), Choice(default="person"), Choice())
SECRET = "made-up-ticket"


@pytest.fixture
def server() -> Iterator[Callable[..., str]]:
    """Says these bytes, each piece after a pause, whatever is asked; gives its address."""
    open_sockets: list[socket.socket] = []

    def serve(*pieces: bytes, pause: float = 0.0) -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        open_sockets.append(listening)

        def run() -> None:
            try:
                connection, _ = listening.accept()
                with connection:
                    _read_request(connection)
                    for piece in pieces:
                        connection.sendall(piece)
                        time.sleep(pause)
            except OSError:
                return

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}/x?ticket={SECRET}"

    yield serve
    for each in open_sockets:
        each.close()


def _read_request(connection: socket.socket) -> None:
    with connection.makefile("rb") as stream:
        length = 0
        while (line := stream.readline()).strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        stream.read(length)


def wire(**more: object) -> HttpWire:
    settings = {"seconds": 5.0, "most_bytes": 1000, "allow_http": True} | more
    return HttpWire(Cas(name="p", title="示例", title_en="Example", answer=READING, server="http://x.test", **settings))


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"


def test_what_is_answered(server: Callable[..., str]) -> None:
    assert wire().get(server(HEAD, b"a" * 1000)) == b"a" * 1000
    assert wire().post(server(HEAD, b"b"), {"a": "b"}) == b"b"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert wire().get(server(chunked)) == b"abcde"


@pytest.mark.parametrize(
    ("pieces", "pause", "error"),
    [
        ((HEAD, b"a" * 1001), 0, ProviderUnreachable),
        ((HEAD, *[b"a" * 10] * 200), 0, ProviderUnreachable),
        ((HEAD, *[b"a"] * 40), 0.2, ProviderUnreachable),  # each piece in time, all of them too late
        ((HEAD[:20],), 3, ProviderUnreachable),
        ((b"nonsense\r\n\r\n",), 0, ProviderUnreachable),
        ((b"",), 0, ProviderUnreachable),
        ((b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n",), 0, ProviderUnreachable),
        ((b"HTTP/1.1 500 No\r\n\r\n",), 0, ProviderUnreachable),
        ((b"HTTP/1.1 204 None\r\n\r\n",), 0, ProviderUnreachable),
        ((b"HTTP/1.1 400 No\r\n\r\n",), 0, AnswerInvalid),
    ],
)
def test_what_is_not_taken(
    server: Callable[..., str], pieces: tuple[bytes, ...], pause: float, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        wire(seconds=1.0).get(server(*pieces, pause=pause))
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_nothing_is_unpacked(server: Callable[..., str]) -> None:
    packed = gzip.compress(b"a" * 1_000_000)
    head = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    with pytest.raises(ProviderUnreachable):
        wire(most_bytes=len(packed) - 1).get(server(head, packed))
    assert wire(most_bytes=2000).get(server(head, packed)) == packed


def test_only_the_way_that_is_configured(server: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert wire().get(server(HEAD, b"x")) == b"x"
    with pytest.raises(ProviderUnreachable):
        wire(allow_http=False).get(server(HEAD, b"x"))
    with pytest.raises(ProviderUnreachable):
        wire().get("file:///etc/passwd")
