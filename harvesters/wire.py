"""The wire to a source: HTTP whose every connection asks the door, and whose every byte is counted.

The door judges the very address that the socket is about to connect to, so that no name can mean one thing when it
is asked and another when it is used. `Meter` stands below HTTP: headers, chunk sizes and what is packed count, too,
and one deadline holds from the first byte to the last.
"""

from __future__ import annotations

import functools
import http.client
import os
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import requests
import requests.adapters
import urllib3
import urllib3.exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context

from harvesters.exceptions import SourceError, SourceRefused, SourceUnreachable

if TYPE_CHECKING:
    from harvesters.fetch import Answer, Request
    from harvesters.networks import Door
    from harvesters.source import Limits

USER_AGENT = "govcn-harvest/1 (+public data catalogue)"
CHUNK = 64 * 1024
SLACK = 1024 * 1024  # bytes that may come without being content: head, chunk sizes, what lies in buffers
PUBLIC_RATE = 10.0  # requests a second to one public host when the source states none; inside networks: no limit

Resolver = Callable[[str, int], list[str]]


class Meter:
    """What one request may still take: time (one deadline for all of it) and bytes. Remembers why it stopped."""

    def __init__(self, where: str, seconds: float, limits: Limits) -> None:
        self.where = where
        self._ends = time.monotonic() + seconds
        self._limits = limits
        self._received = 0
        self._content = 0
        self.stopped: SourceError | None = None

    def pause(self) -> float:
        """Seconds that the next read may last."""
        left = self._ends - time.monotonic()
        if left <= 0:
            why = f"超过 {self._limits.seconds:g} 秒仍未取完"
            raise self._stop(SourceUnreachable(self.where, why, f"not complete after {self._limits.seconds:g} seconds"))
        return min(left, self._limits.silence)

    def received(self, count: int) -> None:
        """Bytes came over the wire."""
        self._received += count
        if self._received > self._limits.bytes + SLACK:
            raise self._stop(too_large(self.where, self._limits.bytes))
        if self._received - 2 * self._content > SLACK:
            why = "响应头或分块标记过大，不是正常的应答。"
            raise self._stop(SourceRefused(self.where, why, "The answer's head or its chunk marks are too large."))

    def content(self, count: int) -> None:
        """Of what came, so much is content."""
        self._content += count

    def _stop(self, error: SourceError) -> OSError:
        """HTTP libraries translate errors on their way up; the real one is kept here."""
        self.stopped = error
        return OSError(str(error))


def too_large(where: str, limit: int) -> SourceRefused:
    """The refusal of what exceeds a size limit."""
    size = f"{limit // 1024 // 1024} MB"
    return SourceRefused(where, f"超过大小上限 {size}。请分批提供。", f"Larger than the limit of {size}.")


class Pace:
    """Keeps requests to one host apart, for all sources of this process."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._free: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str, per_second: float) -> None:
        """Return when the host may be asked again; 0 means no limit."""
        if per_second <= 0:
            return
        with self._lock:
            now = self._clock()
            turn = max(now, self._free.get(host, now))
            self._free[host] = turn + 1 / per_second
            if len(self._free) > 10_000:
                self._free = {name: free for name, free in self._free.items() if free > now}
        if turn > now:
            self._sleep(turn - now)


PACE = Pace()


class Line:
    """Connections of one source: they ask `door`, and the request under way is metered."""

    def __init__(self, door: Door, resolve: Resolver, proxy: str = "") -> None:
        self._door = door
        self._resolve = resolve
        parts = urlsplit(proxy)
        self._proxy = (parts.hostname, parts.port) if proxy else None  # the operator's own, wherever it stands
        self.meter: Meter | None = None
        self.refused: SourceError | None = None
        self.inside = False  # did the last connection lead into a network that the operator named?

    def connect(self, host: str, port: int, seconds: float | None, local: Any = None) -> socket.socket:
        """A connected socket; raises OSError, and keeps the refusal when the door says no to any of the addresses."""
        addresses = self._resolve(host.strip("[]"), port)
        if (host, port) != self._proxy:
            self._admit(host, addresses)
        failure: OSError = OSError("no address")
        for address in addresses:
            try:
                return self._connected(address, port, seconds, local)
            except OSError as error:
                failure = error
        raise failure

    def _admit(self, host: str, addresses: list[str]) -> None:
        for address in addresses:
            if why := self._door.refusal(address):
                self.refused = SourceRefused(host, why, "It leads to an address inside a network that nobody allowed.")
                raise OSError(why)
        self.inside = bool(addresses) and all(self._door.names(address) for address in addresses)

    def _connected(self, address: str, port: int, seconds: float | None, local: Any) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        made = _Socket(family, socket.SOCK_STREAM)
        try:
            made.line = self
            if isinstance(seconds, (int, float)):
                made.settimeout(seconds)
            if local:
                made.bind(local)
            made.connect((address, port))
        except OSError:
            made.close()
            raise
        return made


class _Metered:
    """Mixed into sockets: each read asks the meter first and tells it afterwards."""

    line: Line | None = None

    def recv_into(self, *arguments: Any) -> int:
        meter = self.line.meter if self.line else None
        this = cast("Any", super())
        if meter is None:
            return this.recv_into(*arguments)
        cast("socket.socket", self).settimeout(meter.pause())
        count: int = this.recv_into(*arguments)
        meter.received(count)
        return count


class _Socket(_Metered, socket.socket):  # pyright: ignore[reportIncompatibleMethodOverride]
    pass


class _TlsSocket(_Metered, ssl.SSLSocket):  # pyright: ignore[reportIncompatibleMethodOverride]
    pass


class _Connection(HTTPConnection):
    def __init__(self, *arguments: Any, line: Line, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._line = line

    def _new_conn(self) -> socket.socket:
        return _opened(self, self._line)


class _TlsConnection(HTTPSConnection):
    def __init__(self, *arguments: Any, line: Line, **options: Any) -> None:
        super().__init__(*arguments, **options)  # pyright: ignore[reportUnknownMemberType]
        self._line = line

    def _new_conn(self) -> socket.socket:
        return _opened(self, self._line)

    def connect(self) -> None:
        super().connect()
        if isinstance(self.sock, _TlsSocket):
            self.sock.line = self._line


def _opened(connection: Any, line: Line) -> socket.socket:
    try:
        return line.connect(connection.host, connection.port, connection.timeout, connection.source_address)
    except TimeoutError as error:
        raise urllib3.exceptions.ConnectTimeoutError(connection, "connect timeout") from error
    except OSError as error:
        raise urllib3.exceptions.NewConnectionError(connection, str(error)) from error


class _Adapter(requests.adapters.HTTPAdapter):
    """requests with our connections, direct or through the operator's proxy."""

    def __init__(self, line: Line) -> None:
        plain = type(
            "Pool", (urllib3.HTTPConnectionPool,), {"ConnectionCls": functools.partial(_Connection, line=line)}
        )
        secure = type(
            "TlsPool", (urllib3.HTTPSConnectionPool,), {"ConnectionCls": functools.partial(_TlsConnection, line=line)}
        )
        self._pools: dict[str, Any] = {"http": plain, "https": secure}
        super().__init__(max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, ssl_context=_context(), **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager: Any = super().proxy_manager_for(proxy, ssl_context=_context(), **options)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _context() -> ssl.SSLContext:
    context = create_urllib3_context()
    context.sslsocket_class = _TlsSocket
    return context


class Wire:
    """The real transport. No proxy but the operator's; CA files from the usual variables; no credentials of anybody."""

    def __init__(self, line: Line, limits: Limits, proxy: str = "", pace: Pace = PACE) -> None:
        self._line = line
        self._limits = limits
        self._pace = pace
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.proxies = {"http": proxy, "https": proxy} if proxy else {}
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(line))
        names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
        self._verify: str | bool = next((v for n in names if (v := os.environ.get(n))), True)

    def send(self, request: Request, seconds: float) -> Answer:
        """Send one request; redirects are not followed. Raises SourceError, OSError or requests' errors."""
        self._pace.wait(urlsplit(request.url).netloc.lower(), self._rate())
        meter = self._line.meter = Meter(request.url, seconds, self._limits)
        self._line.refused = None
        try:
            response = self._session.request(
                request.method,
                request.url,
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate", **request.headers},
                data=request.body,
                timeout=(min(seconds, self._limits.connect), min(seconds, self._limits.silence)),
                allow_redirects=False,
                stream=True,
                verify=self._verify,
            )
        except (requests.exceptions.RequestException, OSError) as error:
            if stopped := self._line.refused or meter.stopped:
                raise stopped from error
            raise
        return _Streamed(response, meter, self._limits)

    def _rate(self) -> float:
        if self._limits.rate is not None:
            return self._limits.rate
        return 0 if self._line.inside else PUBLIC_RATE


class _Streamed:
    def __init__(self, response: requests.Response, meter: Meter, limits: Limits) -> None:
        self._response = response
        self._meter = meter
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        if sum(len(name) + len(value) for name, value in response.headers.items()) > limits.headers:
            response.close()
            raise SourceRefused(meter.where, "响应头过大，不是正常的应答。", "The answer's head is too large.")

    def chunks(self) -> Iterator[bytes]:
        """The content, unpacked a little at a time."""
        return unpacked(self._packed(), self.headers.get("content-encoding") or "", self._meter)

    def _packed(self) -> Iterator[bytes]:
        try:
            for chunk in self._response.raw.stream(CHUNK, decode_content=False):
                self._meter.content(len(chunk))
                yield chunk
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            if self._meter.stopped:
                raise self._meter.stopped from error
            if isinstance(error, (urllib3.exceptions.TimeoutError, TimeoutError)):
                raise TimeoutError from error
            raise ConnectionError(str(error)) from error

    def close(self) -> None:
        self._response.close()


def unpacked(packed: Iterator[bytes], encoding: str, meter: Meter) -> Iterator[bytes]:
    """Undo gzip or deflate (RFC 9110 §8.4.1), one layer; other encodings were not asked for and are refused."""
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        yield from packed
        return
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        why = f"内容编码“{encoding[:40]}”不受支持。"
        raise SourceRefused(meter.where, why, "Its content encoding is not supported.")
    stream: Any = None
    for chunk in packed:
        if stream is None:
            stream = zlib.decompressobj(wbits=_window(encoding, chunk))
        rest = chunk
        while rest and not stream.eof:
            try:
                yield stream.decompress(rest, CHUNK)
            except zlib.error as error:
                raise ConnectionError("broken compression") from error
            rest = stream.unconsumed_tail
    while stream is not None and not stream.eof:  # what is still inside
        piece: bytes = stream.decompress(stream.unconsumed_tail, CHUNK)
        if not piece:
            raise ConnectionError("compressed content ends early")
        yield piece


def _window(encoding: str, head: bytes) -> int:
    """zlib's window: gzip, zlib, or raw deflate, which some servers send for deflate."""
    if encoding != "deflate":
        return 31
    return 15 if len(head) > 1 and head[0] & 15 == 8 and (head[0] << 8 | head[1]) % 31 == 0 else -15
