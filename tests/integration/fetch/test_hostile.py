"""The fetcher against addresses and servers that mean harm. Loopback only; a hook sees every connection made."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import subprocess
import sys
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from contracts.servers import RawServer, Saying, answering

from harvesters.exceptions import HarvestError, SourceRefused, SourceUnreachable
from harvesters.fetch import JSON_TYPES, Fetcher, Request, Validators, addresses_of
from harvesters.networks import Networks
from harvesters.source import Limits, ListCall, Source
from harvesters.trail import ADDRESS, Stamp

LOOPBACK = Networks({"本机": (ipaddress.ip_network("127.0.0.0/8"),)})
SOURCE = Source("s", allow_networks=("本机",), limits=Limits(seconds=4, connect=1, silence=1, bytes=8 << 20))
HASTY = replace(SOURCE, limits=replace(SOURCE.limits, seconds=1, silence=0.6))
MEMORY = 64 << 20  # far below the 512 MB that are asked for

_seen: list[tuple[Any, ...]] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _seen is not None and event in {"socket.connect", "socket.sendto"}:
        _seen.append(arguments[1:])


sys.addaudithook(_hook)


@pytest.fixture
def connections() -> Iterator[list[tuple[Any, ...]]]:
    """Every address that this process connects to during the test."""
    global _seen  # noqa: PLW0603
    _seen = []
    yield _seen
    _seen = None


def fetch(source: Source, url: str, resolve: Callable[[str, int], list[str]] = addresses_of, **more: Any) -> bytes:
    return Fetcher(source, resolve=resolve, networks=LOOPBACK, **more).get(Request(url), JSON_TYPES).content


LINES = """
http://127.0.0.1:{port}/
http://127.1:{port}/
http://127.0.1:{port}/
http://0177.0.0.1:{port}/
http://0177.0.0.01:{port}/
http://0x7f.0.0.1:{port}/
http://0x7f.1:{port}/
http://0x7f000001:{port}/
http://0X7F000001:{port}/
http://2130706433:{port}/
http://017700000001:{port}/
http://127.0.0.1.:{port}/
http://00127.0.0.1:{port}/
http://127.0.0.1%00.example.gov.cn:{port}/
http://%31%32%37.0.0.1:{port}/
http://127%2e0.0.1:{port}/
http://127。0。0。1:{port}/
http://127．0．0．1:{port}/
http://１２７.０.０.１:{port}/
http://①②⑦.0.0.1:{port}/
http://١٢٧.٠.٠.١:{port}/
http://ｌｏｃａｌｈｏｓｔ:{port}/
http://localhost:{port}/
http://LOCALHOST.:{port}/
http://0.0.0.0:{port}/
http://0:{port}/
http://0.1:{port}/
http://[::]:{port}/
http://[::1]:{port}/
http://[0:0:0:0:0:0:0:1]:{port}/
http://[::ffff:127.0.0.1]:{port}/
http://[::ffff:7f00:1]:{port}/
http://[::ffff:0:127.0.0.1]:{port}/
http://[::127.0.0.1]:{port}/
http://[::7f00:1]:{port}/
http://[64:ff9b::127.0.0.1]:{port}/
http://[64:ff9b::10.0.0.1]:{port}/
http://[64:ff9b::a9fe:a9fe]:{port}/
http://[64:ff9b:1::7f00:1]:{port}/
http://[2002:7f00:1::]:{port}/
http://[2002:a00:1::1]:{port}/
http://[2001:0:4136:e378:8000:63bf:80ff:fffe]:{port}/
http://[2001:db8::5efe:10.0.0.1]:{port}/
http://[2606:4700::200:5efe:10.0.0.1]:{port}/
http://[fe80::1]:{port}/
http://[fe80::1%25lo]:{port}/
http://[::1%25lo]:{port}/
http://[fd00:ec2::254]/latest/meta-data/
http://[fd12:3456::1]:{port}/
http://[fec0::1]:{port}/
http://[ff02::1]:{port}/
http://[::ffff:169.254.169.254]/latest/meta-data/
http://169.254.169.254/latest/meta-data/
http://169.254.169.254.:80/
http://2852039166/latest/meta-data/
http://0xA9FEA9FE/
http://100.100.100.200/latest/meta-data/
http://168.63.129.16/metadata
http://192.0.0.192/opc/v1/
http://10.0.0.1/
http://172.16.0.1/
http://192.168.1.1/
http://100.64.0.1/
http://198.18.0.1/
http://203.0.113.1/
http://224.0.0.1/
http://240.0.0.1/
http://255.255.255.255/
http://user:pass@127.0.0.1:{port}/
http://data.example.gov.cn@127.0.0.1:{port}/
http://127.0.0.1:{port}\\@data.example.gov.cn/
http://data.example.gov.cn\\@127.0.0.1:{port}/
http://data.example.gov.cn:80@127.0.0.1:{port}/
http://127.0.0.1 :{port}/
http://127.0.0.1\t:{port}/
http://127.0.0.1:{port}<CRLF>Host: x/
http://:{port}/
http://.127.0.0.1:{port}/
http://127..0.1:{port}/
http://127.0.0.1:99999/
http:127.0.0.1:{port}/
http:///127.0.0.1:{port}/
//127.0.0.1:{port}/
file:///etc/passwd
file://localhost/etc/passwd
FILE:///etc/passwd
ftp://127.0.0.1:{port}/
gopher://127.0.0.1:{port}/_INFO
dict://127.0.0.1:{port}/info
ldap://127.0.0.1:{port}/
jar:http://127.0.0.1:{port}/!/
data:application/json,[]
javascript:alert(1)
unix:///var/run/docker.sock
"""
HOSTILE = [line.replace("<CRLF>", "\r\n") for line in LINES.strip().split("\n")]
assert len(HOSTILE) > 60


@pytest.mark.parametrize("url", HOSTILE)
def test_no_packet_goes_to_a_forbidden_address(url: str, connections: list[Any]) -> None:
    with RawServer(answering(b"[]")) as server, pytest.raises(HarvestError) as caught:
        fetch(Source("s"), url.replace("{port}", str(server.port)))
    assert connections == []
    assert server.heads == []
    assert isinstance(caught.value, SourceRefused | SourceUnreachable)
    assert caught.value.message
    assert not any("\u4e00" <= c <= "\u9fff" for c in caught.value.facts["why_en"])


@pytest.mark.parametrize("url", [each for each in HOSTILE if "{port}" not in each and each.startswith("http")])
def test_a_redirect_to_it_is_not_followed_either(url: str, connections: list[Any]) -> None:
    with RawServer(answering(b"", "302 Found", Location=url)) as server, pytest.raises(SourceRefused):
        fetch(SOURCE, server.url)
    assert connections == [(("127.0.0.1", server.port),)]


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "file:a.json", "gopher://x/", "//169.254.169.254/", "http://[::1]/"]
)
def test_no_redirect_leaves_http_or_the_named_networks(target: str, connections: list[Any]) -> None:
    with RawServer(answering(b"", "307 Temporary Redirect", Location=target)) as server, pytest.raises(SourceRefused):
        fetch(SOURCE, server.url)
    assert len(connections) == 1


class Rebinding:
    """A name server that answers a public address when asked first, and another one afterwards."""

    def __init__(self, afterwards: str) -> None:
        self.answers = [["93.184.216.34"]]
        self.afterwards = [afterwards]

    def __call__(self, _host: str, _port: int) -> list[str]:
        return self.answers.pop() if self.answers else self.afterwards


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
)
def test_a_name_that_changes_its_meaning_wins_nothing(inside: str, connections: list[Any]) -> None:
    with RawServer(answering(b"[]")) as server, pytest.raises(SourceRefused, match="内部网络"):
        fetch(Source("s"), f"http://data.example.gov.cn:{server.port}/", Rebinding(inside))
    assert connections == []


def test_one_bad_address_among_good_ones_is_enough(connections: list[Any]) -> None:
    with pytest.raises(SourceRefused):
        fetch(Source("s"), "http://data.example.gov.cn/", lambda *_: ["93.184.216.34", "127.0.0.1"])
    assert connections == []


def test_a_named_network_is_open_and_nothing_beside_it(connections: list[Any]) -> None:
    with RawServer(answering(b"[1]")) as server:
        assert fetch(SOURCE, server.url) == b"[1]"
        assert fetch(replace(SOURCE, allow_networks=(), allow_private=True), server.url) == b"[1]"
        assert fetch(SOURCE, f"http://inside.example:{server.port}/", lambda *_: ["127.0.0.1"]) == b"[1]"
        with pytest.raises(SourceRefused):
            fetch(SOURCE, "http://10.0.0.1/")
        with pytest.raises(SourceRefused, match="没有登记|没有这个网络"):
            fetch(replace(SOURCE, allow_networks=("别的",)), server.url)
    assert {address[0] for (address,) in connections} == {"127.0.0.1"}


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, connections: list[Any]) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with RawServer(answering(b"[]")) as server:
        assert fetch(SOURCE, server.url) == b"[]"
    assert connections == [(("127.0.0.1", server.port),)]


def test_the_operators_proxy_is(connections: list[Any]) -> None:
    with RawServer(answering(b"[]")) as proxy:
        networks = Networks(proxy=proxy.url)
        found = Fetcher(
            Source("s"), resolve=lambda host, _: [host] if host == "127.0.0.1" else ["93.184.216.34"], networks=networks
        )
        assert found.get(Request("http://data.example.gov.cn/a"), JSON_TYPES).content == b"[]"
    assert proxy.heads[0].startswith("GET http://data.example.gov.cn/a ")
    assert connections == [(("127.0.0.1", proxy.port),)]


def _sending(first: bytes, forever: bytes = b"", pause: float = 0) -> Saying:
    """Say something, then another thing over and over."""

    def say(_head: str, connection: socket.socket) -> None:
        connection.sendall(first)
        while forever:
            connection.sendall(forever)
            time.sleep(pause)

    return say


def _silent(first: bytes) -> Saying:
    def say(_head: str, connection: socket.socket) -> None:
        connection.sendall(first)
        time.sleep(2)

    return say


MARKS = "分块标记过大|传输中断"  # ours, or that of an HTTP library that limits them itself
SLOW = "超时|1 秒"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
BIG = b"0" * 65536


def _packed(plain: bytes, wbits: int, times: int = 1) -> bytes:
    packer = zlib.compressobj(9, wbits=wbits)
    return b"".join(packer.compress(plain) for _ in range(times)) + packer.flush()


def _bomb(megabytes: int, wbits: int) -> bytes:
    return _packed(bytes(1 << 20), wbits, megabytes)


GZIP_BOMB = _bomb(200, 31)
TWICE = _packed(GZIP_BOMB, 31)

SERVERS: dict[str, tuple[Saying, str]] = {
    "1 byte of the head a second": (_sending(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.2), SLOW),
    "1 byte of the body a second": (_sending(OK + b"\r\n", b" ", 0.2), SLOW),
    "1 byte of a chunk's size a second": (_sending(CHUNKED, b"0", 0.2), SLOW),
    "silence after the head": (_silent(OK + b"\r\n"), SLOW),
    "silence": (_silent(b""), SLOW),
    "nothing": (lambda _head, _connection: None, "连接失败"),
    "endless body": (_sending(OK + b"\r\n", BIG), "超过大小上限 8 MB"),
    "endless chunks": (_sending(CHUNKED, b"10000\r\n" + BIG + b"\r\n"), "超过大小上限 8 MB"),
    "endless chunk size": (_sending(CHUNKED, BIG), MARKS),
    "chunk extensions": (_sending(CHUNKED, b"1;" + BIG + b"\r\n \r\n"), MARKS),
    "chunks of one byte": (_sending(CHUNKED, b"1\r\n \r\n" * 5000), f"分块标记过大|{SLOW}"),
    "one chunk of 2 GB": (_sending(CHUNKED + b"7fffffff\r\n", BIG), "超过大小上限"),
    "negative chunk": (_sending(CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n"), "传输中断|只收到"),
    "trailers without end": (_sending(CHUNKED + b"0\r\n", b"X: " + BIG[:900] + b"\r\n"), "过大"),
    "endless head": (_sending(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 999), "连接失败|过大"),
    "one header of 60 KB twice": (_sending(OK + (b"X: " + BIG[:60_000] + b"\r\n") * 2 + b"\r\n[]"), "响应头过大"),
    "endless 100 Continue": (_sending(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 999), "过大"),
    "2 GB declared": (_sending(OK + b"Content-Length: 2147483648\r\n\r\n", BIG), "超过大小上限"),
    "half of what is declared": (_sending(OK + b"Content-Length: 1000\r\n\r\n[1"), "只收到|中断"),
    "two lengths": (_sending(OK + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n[]"), "."),
    "gzip bomb": (answering(GZIP_BOMB, Content_Encoding="gzip"), "超过大小上限"),
    "deflate bomb": (answering(_bomb(200, 15), Content_Encoding="deflate"), "超过大小上限"),
    "raw deflate bomb": (answering(_bomb(200, -15), Content_Encoding="deflate"), "超过大小上限"),
    "gzip in gzip": (answering(TWICE, Content_Encoding="gzip, gzip"), "内容编码"),
    "brotli": (answering(b"xx", Content_Encoding="br"), "内容编码"),
    "half a gzip": (answering(_bomb(1, 31)[:500], Content_Encoding="gzip"), "不完整"),
    "no gzip at all": (answering(b"[1, 2, 3]", Content_Encoding="gzip"), "不完整"),
    "a web page": (answering(b"<html>", Content_Type="text/html"), "内容类型"),
    "an error page": (answering(b"oops", "500 Oops"), "HTTP 500"),
    "no HTTP": (_sending(b"220 ready\r\n"), "连接失败"),
    "garbage": (_sending(bytes(range(256)) * 40), "连接失败"),
    "304 unasked": (answering(b"", "304 Not Modified"), "HTTP 304"),
    "come back in a year": (answering(b"", "503 Busy", Retry_After="31536000"), "HTTP 503"),
}


@pytest.mark.parametrize("name", SERVERS)
def test_a_hostile_server_is_left_in_time_and_in_little_memory(name: str) -> None:
    say, why = SERVERS[name]
    with RawServer(say) as server:
        started = time.monotonic()
        tracemalloc.start()
        try:
            with pytest.raises(HarvestError, match=why) as caught:
                fetch(HASTY if SLOW in why else SOURCE, server.url)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert time.monotonic() - started < 6
    assert peak < MEMORY
    assert caught.value.transient is isinstance(caught.value, SourceUnreachable)


def test_endless_redirects_end() -> None:
    def say(head: str, connection: socket.socket) -> None:
        answering(b"", "302 Found", Location=f"/{len(head)}x")(head, connection)

    with RawServer(say) as server, pytest.raises(SourceRefused, match="转向超过 5 次"):
        fetch(SOURCE, server.url)
    assert len(server.heads) == 6


def test_a_slow_source_holds_up_no_other() -> None:
    with RawServer(SERVERS["1 byte of the body a second"][0]) as slow, RawServer(answering(b"[]")) as good:
        waiting = threading.Thread(target=lambda: pytest.raises(HarvestError, fetch, HASTY, slow.url), daemon=True)
        waiting.start()
        started = time.monotonic()
        for _ in range(20):
            assert fetch(SOURCE, good.url) == b"[]"
        assert time.monotonic() - started < 2
        waiting.join(6)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw", "identity"])
def test_honest_packing_is_undone(encoding: str) -> None:
    plain = b'{"title": "\xe6\xb0\xb4"}' * 20_000
    wbits = {"gzip": 31, "deflate": 15, "raw": -15}.get(encoding)
    body = _packed(plain, wbits) if wbits else plain
    with RawServer(answering(body, Content_Encoding=encoding.replace("raw", "deflate"))) as server:
        assert fetch(SOURCE, server.url) == plain


def test_only_what_is_newer_is_fetched() -> None:
    def say(head: str, connection: socket.socket) -> None:
        fresh = 'If-None-Match: "v1"' in head and "If-Modified-Since: Tue" in head
        body, status = (b"", "304 Not Modified") if fresh else (b"[1]", "200 OK")
        answering(body, status, ETag='"v1"', Last_Modified="Tue, 05 May 2026 08:00:00 GMT")(head, connection)

    with RawServer(say) as server:
        found = Fetcher(SOURCE, networks=LOOPBACK)
        first = found.get(Request(server.url), JSON_TYPES)
        assert first.validators == Validators('"v1"', "Tue, 05 May 2026 08:00:00 GMT")
        (stamp,) = found.trail.stamps.values()
        assert found.unmodified(stamp)
        older = replace(stamp, value='["\\"v0\\"", ""]')
        assert not found.unmodified(older)
        assert found.get(Request(server.url), JSON_TYPES).content == b"[1]"
        assert len(server.heads) == 3  # the newer answer was there already


@pytest.mark.parametrize(
    ("headers", "stamped"),
    [
        ({}, False),
        ({"ETag": 'W/"1"'}, True),
        ({"Last_Modified": "Tue, 05 May 2026 08:00:00 GMT"}, True),
        ({"Last_Modified": "Tue, 05 May 2026 08:00:00 GMT", "Date": "Tue, 05 May 2026 08:00:00 GMT"}, False),
        ({"Last_Modified": "yesterday"}, False),
    ],
)
def test_what_an_answer_can_be_known_by(headers: dict[str, str], stamped: bool) -> None:
    with RawServer(answering(b"[1]", **headers)) as server:
        found = Fetcher(SOURCE, networks=LOOPBACK)
        found.get(Request(server.url), JSON_TYPES)
    assert found.trail.stamped is stamped
    assert len(found.trail.stamps) == stamped


def test_what_a_redirect_leads_to_is_not_known_by_the_address() -> None:
    """Another file may be meant next time, and it may be older than the one before."""

    def say(head: str, connection: socket.socket) -> None:
        if "GET /now " in head:
            answering(b"", "302 Found", Location="/of-may", ETag='"v1"')(head, connection)
        else:
            asked = "If-None-Match" in head or "If-Modified-Since" in head
            answering(b"[1]", "304 Not Modified" if asked else "200 OK", ETag='"v1"')(head, connection)

    with RawServer(say) as server:
        found = Fetcher(SOURCE, networks=LOOPBACK)
        found.get(Request(f"{server.url}now"), JSON_TYPES)
        assert not found.trail.stamped
        assert not found.unmodified(Stamp(ADDRESS, f"{server.url}now", '["\\"v1\\"", ""]'))


@pytest.mark.parametrize(
    ("request_", "settings"),
    [
        (Request("{url}", "POST", body=b"{}"), {}),
        (Request("{url}", headers={"X-Key": "k"}), {}),
        (Request("{url}?key=k"), {"list": ListCall(query={"key": "${SOURCE_KEY}"})}),
    ],
)
def test_what_its_address_alone_does_not_say_is_read_again(request_: Request, settings: dict[str, Any]) -> None:
    with RawServer(answering(b"[1]", ETag='"v1"')) as server:
        found = Fetcher(replace(SOURCE, **settings), networks=LOOPBACK)
        found.get(replace(request_, url=request_.url.format(url=server.url)), JSON_TYPES)
    assert not found.trail.stamped
    assert not found.trail.stamps


def test_a_source_that_asks_for_patience_gets_it() -> None:
    waited: list[float] = []

    def say(head: str, connection: socket.socket) -> None:
        busy = len(waited) < 2
        answering(b"[]", "429 Too Many" if busy else "200 OK", **({"Retry_After": "7"} if busy else {}))(
            head, connection
        )

    with RawServer(say) as server:
        assert fetch(SOURCE, server.url, sleep=waited.append) == b"[]"
    assert waited == [7, 7]


def test_tls_is_verified_and_metered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2",
            "-subj", "/CN=inside.example", "-addext", "subjectAltName=DNS:inside.example"]  # fmt: skip
    try:
        subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl cannot make a certificate here")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    def over_tls(say: Saying) -> RawServer:
        server = RawServer(say)
        server._listener = context.wrap_socket(server._listener, server_side=True)
        return server

    with over_tls(answering(b"[]")) as server:
        url = f"https://inside.example:{server.port}/"
        with pytest.raises(SourceRefused, match="证书"):
            fetch(SOURCE, url, lambda *_: ["127.0.0.1"])
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    with over_tls(answering(b"[2]")) as server:
        assert fetch(SOURCE, f"https://inside.example:{server.port}/", lambda *_: ["127.0.0.1"]) == b"[2]"
    with over_tls(SERVERS["1 byte of the head a second"][0]) as server, pytest.raises(SourceUnreachable, match=SLOW):
        fetch(HASTY, f"https://inside.example:{server.port}/", lambda *_: ["127.0.0.1"])
    with over_tls(SERVERS["endless chunk size"][0]) as server, pytest.raises(HarvestError, match=MARKS):
        fetch(SOURCE, f"https://inside.example:{server.port}/", lambda *_: ["127.0.0.1"])
