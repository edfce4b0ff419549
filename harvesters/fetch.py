"""The one way out to a source's address, with a limit on everything that comes back.

Addresses: http and https only, public ones only unless the source states `allow_private: true` (a JSON API inside
the government network, a test on this machine). The host is resolved and judged before each hop, redirects
included. Files: only below the folder of the source's YAML. Every error says whether a retry can help.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import time
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit
from urllib.request import getproxies

import requests
import requests.utils

from harvesters.exceptions import SourceRefused, SourceUnreachable
from harvesters.source import RECORDED, Limits, Source

SCHEMES = ("http", "https")
USER_AGENT = "govcn-harvest/1 (+public data catalogue)"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CHUNK = 64 * 1024
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
    """One call as it goes out; `body` is sent as it is."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None


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
class Fetched:
    """A complete body: final address, bytes after unpacking, media type in lower case without parameters."""

    url: str
    content: bytes
    media_type: str = ""
    charset: str = ""


Resolver = Callable[[str, int], list[str]]


def addresses_of(host: str, port: int) -> list[str]:
    """All addresses of a host name; raises OSError when it has none."""
    return sorted({str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})


class Fetcher:
    """Fetches for one source. `transport` and `resolve` are seams: tests hand in small real implementations."""

    def __init__(
        self,
        source: Source,
        transport: Transport | None = None,
        resolve: Resolver = addresses_of,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._limits: Limits = source.limits
        self._transport = transport or RequestsTransport()
        self._resolve = resolve
        self._clock = clock

    def file(self, name: str) -> bytes:
        """The bytes of a file below the source's folder."""
        folder = self._source.folder.resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise SourceRefused(name, "只能读取来源配置所在文件夹之内的文件。请把文件放到该文件夹里。")
        if not path.is_file():
            raise SourceRefused(name, f"在 {folder.name} 文件夹里没有这个文件。请核对 path。")
        self._size(name, path.stat().st_size)
        return path.read_bytes()

    def get(self, request: Request, types: Container[str]) -> Fetched:
        """Fetch one address within all limits. `types`: media types to accept."""
        if request.url.startswith(RECORDED):
            return self._recorded(request.url)
        started = self._clock()
        for _ in range(self._limits.redirects + 1):
            self._judge(request.url)
            answer = self._send(request, started)
            try:
                if answer.status in REDIRECTS:
                    request = self._redirected(request, answer)
                    continue
                return self._body(request, answer, types, started)
            finally:
                answer.close()
        raise SourceRefused(request.url, f"转向超过 {self._limits.redirects} 次，可能是循环。请核对地址。")

    def _recorded(self, url: str) -> Fetched:
        """A recorded answer: parameters take the place of their names in the path."""
        parts = urlsplit(url)
        path = unquote(parts.path).lstrip("/")
        for name, value in parse_qsl(parts.query):
            path = path.replace("{" + name + "}", value)
        return Fetched(url, self.file(path), "application/json")

    def _judge(self, url: str) -> None:
        """Raise unless the address may be asked."""
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise SourceRefused(url, "不是有效的网址。") from error
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise SourceRefused(url, "只能访问 http 或 https 地址。")
        if parts.username or parts.password:
            raise SourceRefused(url.split("//", maxsplit=1)[0] + "//…@…", "网址里不能写账号和口令，请放到 headers 里。")
        if self._source.allow_private:
            return
        try:
            addresses = self._resolve(parts.hostname, port)
        except (OSError, UnicodeError) as error:
            raise SourceUnreachable(url, "域名无法解析") from error
        if not addresses or not all(ipaddress.ip_address(a.split("%")[0]).is_global for a in addresses):
            raise SourceRefused(url, "指向内部网络地址。确属本单位内网接口的，请在来源配置中写 allow_private: true。")

    def _send(self, request: Request, started: float) -> Answer:
        left = self._left(request.url, started)
        try:
            return self._transport.send(request, left)
        except requests.exceptions.SSLError as error:
            raise SourceRefused(request.url, "对方的 TLS 证书未通过校验。请联系对方单位，不要关闭校验。") from error
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader, UnicodeError) as error:
            raise SourceRefused(request.url, "网址或请求头无效。") from error
        except (requests.exceptions.RequestException, OSError) as error:
            why = "超时" if isinstance(error, (requests.exceptions.Timeout, TimeoutError)) else "连接失败"
            raise SourceUnreachable(request.url, why) from error

    def _redirected(self, request: Request, answer: Answer) -> Request:
        target = _header(answer, "location")
        if not target:
            raise SourceRefused(request.url, "对方要求转向，但没有给出地址。")
        url = urljoin(request.url, target)
        same = urlsplit(url)[:2] == urlsplit(request.url)[:2]
        headers = request.headers if same else {k: v for k, v in request.headers.items() if k.lower() == "accept"}
        if answer.status in {307, 308} and same:
            return Request(url, request.method, headers, request.body)
        return Request(url, "GET", headers)

    def _body(self, request: Request, answer: Answer, types: Container[str], started: float) -> Fetched:
        if answer.status == 429 or answer.status >= 500:
            raise SourceUnreachable(request.url, f"对方返回 HTTP {answer.status}")
        if answer.status != 200:
            raise SourceRefused(request.url, f"对方返回 HTTP {answer.status}。请核对地址、参数和权限。")
        media_type, _, parameters = _header(answer, "content-type").lower().partition(";")
        media_type = media_type.strip()
        if media_type not in types:
            raise SourceRefused(request.url, f"内容类型是“{media_type[:60]}”，不是目录数据（常见于登录页或出错页）。")
        declared = _header(answer, "content-length")
        if declared.isdigit():
            self._size(request.url, int(declared))
        content = self._read(request.url, answer, started)
        if declared.isdigit() and not _header(answer, "content-encoding") and len(content) != int(declared):
            raise SourceUnreachable(request.url, f"只收到 {len(content)} 字节，应有 {declared} 字节，传输中断")
        charset = parameters.partition("charset=")[2].split(";")[0].strip(" \"'")
        return Fetched(request.url, content, media_type, charset)

    def _read(self, url: str, answer: Answer, started: float) -> bytes:
        buffer = bytearray()
        try:
            for chunk in answer.chunks():
                buffer += chunk
                self._size(url, len(buffer))
                self._left(url, started)
        except (requests.exceptions.RequestException, OSError) as error:
            raise SourceUnreachable(url, "传输中断，内容不完整") from error
        return bytes(buffer)

    def _left(self, url: str, started: float) -> float:
        left = self._limits.seconds - (self._clock() - started)
        if left <= 0:
            raise SourceUnreachable(url, f"超过 {self._limits.seconds:g} 秒仍未取完")
        return left

    def _size(self, where: str, size: int) -> None:
        if size > self._limits.bytes:
            raise SourceRefused(where, f"超过大小上限 {self._limits.bytes // 1024 // 1024} MB。请分批提供。")


class RequestsTransport:
    """The real transport. Proxies and CA files come from the usual environment variables, credentials never do."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
        self._verify: str | bool = next((v for n in names if (v := os.environ.get(n))), True)

    def send(self, request: Request, seconds: float) -> Answer:
        bypass = requests.utils.should_bypass_proxies(request.url, no_proxy=None)
        response = self._session.request(
            request.method,
            request.url,
            headers={"User-Agent": USER_AGENT, **request.headers},
            data=request.body,
            timeout=(min(seconds, 15), seconds),
            allow_redirects=False,
            stream=True,
            verify=self._verify,
            proxies={} if bypass else getproxies(),
        )
        return _Streamed(response)


class _Streamed:
    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    def chunks(self) -> Iterator[bytes]:
        yield from self._response.iter_content(CHUNK)

    def close(self) -> None:
        self._response.close()


def _header(answer: Answer, name: str) -> str:
    return next((v for k, v in answer.headers.items() if k.lower() == name), "")


def fetcher_for(source: Source) -> Fetcher:
    """The fetcher a run uses when it is not handed one."""
    return Fetcher(source)


def local_name(source: Source) -> str:
    """The file's name as reports show it: never a path of the machine."""
    return Path(source.path).name or source.url
