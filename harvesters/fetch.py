"""The one way out to a source's address, with a limit on everything that comes back.

Addresses: http and https only, public ones only. What lies inside is for the operator to name (`config/networks.yaml`,
`allow_networks: [name]`) or to state for a whole source (`allow_private: true`). An address is judged before each hop,
redirects included, and once more as the one that the socket really connects to (`wire`).
Files: only below the folder of the source's YAML. Every error says whether a retry can help.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

import requests

from harvesters import credentials
from harvesters.configured import config_folder
from harvesters.exceptions import SourceRefused, SourceUnreachable
from harvesters.networks import Door, Networks, host_of, load_networks, target_of
from harvesters.source import RECORDED, Limits, Source
from harvesters.trail import ADDRESS, Stamp, Trail
from harvesters.wire import PACE, PUBLIC_RATE, Line, Resolver, Wire, too_large

REDIRECTS = frozenset({301, 302, 303, 307, 308})
BUSY = frozenset({429, 503})
PATIENCE = 30.0  # seconds that we wait where a source says when to come back; longer ends the run
WAITS = 3
DESCRIPTIONS = frozenset({".yaml", ".yml"})  # may hold keys: never an answer
JSON_TYPES = frozenset(
    {"application/json", "text/json", "application/ld+json", "application/x-ndjson", "text/plain", ""}
)
FILE_TYPES = JSON_TYPES | {
    "application/octet-stream",
    "binary/octet-stream",
    "application/force-download",
    "application/download",
    "application/x-download",
    "application/x-msdownload",
    "application/x-zip-compressed",
    "application/gzip",
    "application/x-gzip",
    "application/zip",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "text/csv",
    "application/csv",
    "text/tab-separated-values",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One call as it goes out; `body` is sent as it is. `most`: bytes of its answer, if less than the source's."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    most: int | None = None


class Answer(Protocol):
    """What a transport hands back: the head at once, the body in pieces."""

    status: int
    headers: Mapping[str, str]

    def chunks(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class Transport(Protocol):
    """Sends one request without following redirects. Raises OSError or requests' errors when there is no answer."""

    def send(self, request: Request, seconds: float) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Validators:
    """What an answer said of its version (RFC 9110 §8.8), for asking "only if changed" the next time."""

    etag: str = ""
    last_modified: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the conditional request."""
        given = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A complete body: final address, bytes after unpacking, media type in lower case without parameters.

    `unmodified`: the source says that what the conditions of the request stand for is still so; there is no content.
    """

    url: str
    content: bytes
    media_type: str = ""
    charset: str = ""
    validators: Validators = Validators()
    unmodified: bool = False


def addresses_of(host: str, port: int) -> list[str]:
    """All addresses of a host name; raises OSError when it has none."""
    return sorted({str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})


class Fetcher:
    """Fetches for one source. `transport`, `resolve`, `clock` and `sleep` are seams: tests hand in small real ones."""

    def __init__(  # noqa: PLR0913, PLR0917  (the source, and one seam each to the world outside)
        self,
        source: Source,
        transport: Transport | None = None,
        resolve: Resolver = addresses_of,
        clock: Callable[[], float] = time.monotonic,
        networks: Networks | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source = source
        self._limits: Limits = source.limits
        self._transport = transport
        self._resolve = resolve
        self._clock = clock
        self._sleep = sleep
        self._networks = networks
        self._opened: Door | None = None
        self._newer: tuple[str, Fetched] | None = None
        self.trail = Trail()

    @property
    def _door(self) -> Door:
        """Made when the first address is asked for: a source of files needs no networks."""
        if self._opened is None:
            self._networks = self._networks or load_networks(config_folder())
            self._opened = Door(self._networks.of(self._source.allow_networks), self._source.allow_private)
        return self._opened

    @property
    def _wire(self) -> Transport:
        if self._transport is None:
            door, proxy = self._door, self._networks.proxy if self._networks else ""
            self._transport = Wire(Line(door, self._resolve, proxy), self._limits, proxy)
        return self._transport

    def file(self, name: str) -> bytes:
        """The bytes of a file below the source's folder."""
        folder = self._source.folder.resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise SourceRefused(name, "只能读取来源配置所在文件夹之内的文件。请把文件放到该文件夹里。")
        if not path.is_file():
            raise SourceRefused(name, f"在 {folder.name} 文件夹里没有这个文件。请核对 path。")
        self._size(name, path.stat().st_size)
        self.trail.unstamped()
        return path.read_bytes()

    def connected(self, host: str, port: int) -> socket.socket:
        """A connection to a server that does not speak HTTP, at an address that the same rules admit."""
        where = f"{host}:{port}"
        line = Line(self._door, self._resolve)
        rate = PUBLIC_RATE if self._limits.rate is None else self._limits.rate
        PACE.wait(where, rate)
        try:
            return line.connect(host_of(host, where), port, self._limits.connect)
        except (OSError, UnicodeError) as error:
            if line.refused:
                raise line.refused from None
            late = isinstance(error, TimeoutError)
            why, why_en = ("超时", "no answer in time") if late else ("连接失败", "no connection")
            raise SourceUnreachable(where, why, why_en) from error

    def get(self, request: Request, types: Container[str]) -> Fetched:
        """Fetch one address within all limits. `types`: media types to accept.

        A source that says when to come back (429 or 503 with Retry-After) is waited for, if it is not long.
        """
        if request.url.startswith(RECORDED):
            return self._recorded(request.url)
        fetched = self._kept(request, types) or self._patiently(request, types)
        if fetched.url == request.url and fetched.validators.headers and self._askable(request):
            self.trail.stamp(Stamp(ADDRESS, request.url, json.dumps(astuple(fetched.validators))))
        else:
            self.trail.unstamped()
        return fetched

    def unmodified(self, stamp: Stamp) -> bool:
        """Ask an address only for what is newer than its stamp. A newer answer is kept for who gets it next."""
        known = Validators(*json.loads(stamp.value))
        fetched = self._patiently(self._again(stamp.what), FILE_TYPES, known)
        self._newer = None if fetched.unmodified else (stamp.what, fetched)
        return fetched.unmodified

    def _again(self, url: str) -> Request:
        """The request that a stamp's address stands for: a GET with the headers of the source's list."""
        return Request(url, headers={k: credentials.filled(v) for k, v in self._source.list.headers.items()})

    def _askable(self, request: Request) -> bool:
        """Can its address alone stand for a request, without a credential in it that would have to be kept?"""
        calls = [call for call in (self._source.list, self._source.detail) if call is not None]
        keyed = any("${" in text for call in calls for text in call.query.values())
        return not keyed and replace(request, most=None) == self._again(request.url)

    def _kept(self, request: Request, types: Container[str]) -> Fetched | None:
        """The answer that `unmodified` has got already, if this is what is asked for."""
        newer, self._newer = self._newer, None
        if newer is None or newer[0] != request.url or not self._askable(request) or newer[1].media_type not in types:
            return None
        self._size(request.url, len(newer[1].content), request.most)
        return newer[1]

    def _patiently(self, request: Request, types: Container[str], known: Validators | None = None) -> Fetched:
        for waits in range(WAITS + 1):
            try:
                return self._followed(request, types, known.headers if known else {})
            except SourceUnreachable as error:
                if waits == WAITS or error.retry_after is None or error.retry_after > PATIENCE:
                    raise
                self._sleep(error.retry_after)
        raise AssertionError

    def _followed(self, request: Request, types: Container[str], conditions: Mapping[str, str]) -> Fetched:
        """The conditions are those of the address itself: where it leads to, another version is meant."""
        started = self._clock()
        for _ in range(self._limits.redirects + 1):
            self._judge(request.url)
            answer = self._send(replace(request, headers={**request.headers, **conditions}), started)
            try:
                if answer.status in REDIRECTS:
                    request, conditions = self._redirected(request, answer), {}
                    continue
                if answer.status == 304 and conditions:
                    return Fetched(request.url, b"", unmodified=True)
                return self._body(request, answer, types, started)
            finally:
                answer.close()
        count = self._limits.redirects
        why = f"转向超过 {count} 次，可能是循环。请核对地址。"
        raise SourceRefused(request.url, why, f"More than {count} redirects, maybe a loop. Check the address.")

    def _recorded(self, url: str) -> Fetched:
        """A recorded answer: parameters take the place of their names in the path. Only a recorded source has any."""
        if not self._source.list.url.startswith(RECORDED):
            raise SourceRefused(url, "只能访问 http 或 https 地址。", "Only http and https addresses are fetched.")
        parts = urlsplit(url)
        path = unquote(parts.path).lstrip("/")
        for name, value in parse_qsl(parts.query):
            path = path.replace("{" + name + "}", value)
        if PurePosixPath(path).suffix.lower() in DESCRIPTIONS:
            raise SourceRefused(url, "来源配置文件不能作为数据读取。", "A source's description is no data.")
        return Fetched(url, self.file(path), "application/json")

    def _judge(self, url: str) -> None:
        """Raise unless the address may be asked."""
        target = target_of(url)
        try:
            addresses = self._resolve(target.host, target.port)
        except (OSError, UnicodeError) as error:
            raise SourceUnreachable(url, "域名无法解析", "its name cannot be resolved") from error
        refusals = [why for address in addresses if (why := self._door.refusal(address))]
        if refusals or not addresses:
            why = refusals[0] if refusals else "域名没有地址。"
            raise SourceRefused(url, why, "It leads to an address inside a network that nobody allowed.")

    def _send(self, request: Request, started: float) -> Answer:
        left = self._left(request.url, started)
        try:
            return self._wire.send(request, left)
        except requests.exceptions.SSLError as error:
            why = "对方的 TLS 证书未通过校验。请联系对方单位，不要关闭校验。"
            raise SourceRefused(
                request.url, why, "Its TLS certificate is not valid. Ask the source to mend it."
            ) from error
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader, ValueError) as error:
            raise SourceRefused(request.url, "网址或请求头无效。", "The address or a header is not valid.") from error
        except (requests.exceptions.RequestException, OSError) as error:
            late = isinstance(error, (requests.exceptions.Timeout, TimeoutError))
            why, why_en = ("超时", "no answer in time") if late else ("连接失败", "no connection")
            raise SourceUnreachable(request.url, why, why_en) from error

    def _redirected(self, request: Request, answer: Answer) -> Request:
        target = _header(answer, "location")
        if not target:
            raise SourceRefused(request.url, "对方要求转向，但没有给出地址。", "It redirects without an address.")
        try:
            url = urljoin(request.url, target)
        except ValueError as error:
            raise SourceRefused(request.url, "对方要求转向的地址无效。", "It redirects to no valid address.") from error
        target_of(url)
        same = urlsplit(url)[:2] == urlsplit(request.url)[:2]
        headers = request.headers if same else {k: v for k, v in request.headers.items() if k.lower() == "accept"}
        if answer.status in {307, 308} and same:
            return replace(request, url=url, headers=headers)
        return Request(url, "GET", headers, most=request.most)

    def _body(self, request: Request, answer: Answer, types: Container[str], started: float) -> Fetched:
        if answer.status in BUSY or answer.status >= 500:
            raise SourceUnreachable(
                request.url, f"对方返回 HTTP {answer.status}", f"HTTP {answer.status}", _retry_after(answer)
            )
        if answer.status != 200:
            why = f"对方返回 HTTP {answer.status}。请核对地址、参数和权限。"
            raise SourceRefused(request.url, why, f"HTTP {answer.status}. Check address, parameters and permissions.")
        media_type, _, parameters = _header(answer, "content-type").lower().partition(";")
        media_type = media_type.strip()
        if media_type not in types:
            why = f"内容类型是“{media_type[:60]}”，不是目录数据（常见于登录页或出错页）。"
            raise SourceRefused(request.url, why, f"Its type is {media_type[:60]}, which is no catalogue.")
        declared = _header(answer, "content-length")
        declared = declared if declared.isdecimal() and len(declared) < 20 else ""
        if declared:
            self._size(request.url, int(declared), request.most)
        content = self._read(request, answer, started)
        if declared and not _header(answer, "content-encoding") and len(content) != int(declared):
            why = f"只收到 {len(content)} 字节，应有 {declared} 字节，传输中断"
            raise SourceUnreachable(request.url, why, f"only {len(content)} of {declared} bytes came")
        charset = parameters.partition("charset=")[2].split(";")[0].strip(" \"'")
        return Fetched(request.url, content, media_type, charset, _validators(answer))

    def _read(self, request: Request, answer: Answer, started: float) -> bytes:
        url = request.url
        buffer = BytesIO()  # hands its bytes over without copying them
        try:
            for chunk in answer.chunks():
                buffer.write(chunk)
                self._size(url, buffer.tell(), request.most)
                self._left(url, started)
        except TimeoutError as error:
            raise SourceUnreachable(url, "超时，内容不完整", "it stopped sending") from error
        except (requests.exceptions.RequestException, OSError) as error:
            raise SourceUnreachable(url, "传输中断，内容不完整", "it broke off") from error
        return buffer.getvalue()

    def _left(self, url: str, started: float) -> float:
        left = self._limits.seconds - (self._clock() - started)
        if left <= 0:
            seconds = f"{self._limits.seconds:g}"
            raise SourceUnreachable(url, f"超过 {seconds} 秒仍未取完", f"not complete after {seconds} seconds")
        return left

    def _size(self, where: str, size: int, most: int | None = None) -> None:
        limit = self._limits.bytes if most is None else min(most, self._limits.bytes)
        if size > limit:
            raise too_large(where, limit)


def _validators(answer: Answer) -> Validators:
    etag, modified = _header(answer, "etag"), _header(answer, "last-modified")
    etag = etag if len(etag) <= 500 else ""
    return Validators(etag, modified if etag or _rested(modified, _header(answer, "date")) else "")


def _rested(modified: str, date: str) -> bool:
    """Does Last-Modified name the version? Within its second there may be another one (RFC 9110 §8.8.2.2)."""
    changed, said = _date(modified), _date(date) or datetime.now(UTC)
    return changed is not None and (said - changed).total_seconds() >= 1


def _retry_after(answer: Answer) -> float | None:
    """Seconds until the source wants to be asked again (RFC 9110 §10.2.3): a number, or a date."""
    given = _header(answer, "retry-after").strip()
    if given.isdecimal() and len(given) < 10:
        return float(given)
    when = _date(given)
    return None if when is None else max(0.0, (when - datetime.now(UTC)).total_seconds())


def _date(given: str) -> datetime | None:
    """A date of HTTP; None for anything else."""
    try:
        when = parsedate_to_datetime(given)
    except (ValueError, TypeError, OverflowError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _header(answer: Answer, name: str) -> str:
    return next((v for k, v in answer.headers.items() if k.lower() == name), "")


def fetcher_for(source: Source) -> Fetcher:
    """The fetcher a run uses when it is not handed one."""
    return Fetcher(source)


def local_name(source: Source) -> str:
    """The file's name as reports show it: never a path of the machine."""
    return Path(source.path).name or source.url
