"""Which addresses may be contacted, and the operator's file of named networks."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from contracts.making import FakeAnswer, FakeTransport
from hypothesis import given
from hypothesis import strategies as st

from harvesters.exceptions import SourceError, SourceInvalid, SourceRefused
from harvesters.fetch import Fetcher, Request
from harvesters.networks import Door, kind_of, load_networks, target_of
from harvesters.source import ListCall, Source
from harvesters.wire import Pace


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("93.184.216.34", "public"), ("2606:2800:220:1::1", "public"), ("::ffff:93.184.216.34", "public"),
        ("64:ff9b::5db8:d822", "public"),
        ("10.1.2.3", "inside"), ("127.0.0.1", "inside"), ("::1", "inside"), ("fd12::1", "inside"), ("100.64.0.1", "inside"),
        ("::ffff:10.0.0.1", "inside"), ("64:ff9b::a00:1", "inside"), ("2001:db8::1", "inside"), ("198.18.0.1", "inside"),
        ("0.0.0.0", "never"), ("169.254.169.254", "never"), ("fe80::1%eth0", "never"), ("::", "never"), ("::a00:1", "never"),  # noqa: S104
        ("2002:a00:1::", "never"), ("2001:0:1::1", "never"), ("ff02::1", "never"), ("224.0.0.1", "never"), ("255.255.255.255", "never"),
        ("100.100.100.200", "never"), ("::ffff:a9fe:a9fe", "never"), ("::ffff:0:7f00:1", "never"), ("not an address", "never"),
    ],
)  # fmt: skip
def test_kinds_of_addresses(address: str, kind: str) -> None:
    assert kind_of(address) == kind


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_the_same_in_ipv6_clothes(ip: ipaddress.IPv4Address) -> None:
    assert kind_of(f"::ffff:{ip}") == kind_of(str(ip)) == kind_of(f"64:ff9b::{ip}")
    assert kind_of(f"2002:{int(ip) >> 16:x}:{int(ip) & 0xFFFF:x}::1") == "never"
    assert (kind_of(str(ip)) == "public") <= ip.is_global


@given(st.ip_addresses(v=6))
def test_nothing_is_public_that_the_registry_does_not_call_global(ip: ipaddress.IPv6Address) -> None:
    assert kind_of(str(ip)) != "public" or ip.is_global or kind_of(str(ip.ipv4_mapped)) == "public"


@given(st.text(max_size=60))
def test_any_text_is_a_target_or_refused(text: str) -> None:
    for url in (text, f"http://{text}/", f"http://{text}:80/x?y#z"):
        try:
            target = target_of(url)
        except SourceRefused:
            continue
        assert target.scheme in {"http", "https"}
        assert target.host
        assert 0 < target.port < 65536


def test_not_even_a_source_of_the_inside_reaches_metadata() -> None:
    for address in ("169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "100.100.100.200"):  # noqa: S104
        assert Door(inside=True).refusal(address)
        assert Door((ipaddress.ip_network(f"{address}/{'128' if ':' in address else '32'}"),)).refusal(address)


def test_networks_have_names(tmp_path: Path) -> None:
    assert load_networks(tmp_path).named == {}
    (tmp_path / "networks.yaml").write_text(
        'networks:\n  统计: [10.20.0.0/16, "fd00:20::/32"]\n  本机: 127.0.0.0/8\nalways: [本机]\n', "utf-8"
    )
    networks = load_networks(tmp_path)
    door = Door(networks.of(["统计"]))
    assert [door.refusal(a) is None for a in ("10.20.1.1", "fd00:20::1", "127.0.0.1", "10.21.0.1")] == [
        True,
        True,
        True,
        False,
    ]
    assert Door(networks.of([])).refusal("10.20.1.1")
    with pytest.raises(SourceRefused, match="没有这个网络（已有：统计、本机）"):
        networks.of(["税务"])


@pytest.mark.parametrize(
    "text",
    [
        "networks: {a: [10.0.0.1/8]}",
        "networks: {a: [0.0.0.0/0]}",
        "always: [b]",
        "proxy: socks5://x",
        "nets: {}",
        "[]x: {",
        "- a",
    ],
)
def test_a_wrong_file_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "networks.yaml").write_text(text, "utf-8")
    with pytest.raises(SourceInvalid):
        load_networks(tmp_path)


def test_no_record_can_name_a_file_of_this_machine(tmp_path: Path) -> None:
    """A resource's address `file:///x` is no recorded answer, and a source's own description never is one."""
    (tmp_path / "s.yaml").write_text("list: {headers: {key: s3cret}}", "utf-8")
    (tmp_path / "a.json").write_text("[]", "utf-8")
    remote = Source("s", "rest_json", folder=tmp_path, list=ListCall("https://data.example.gov.cn/"), files="copy")
    recorded = Source("s", "rest_json", folder=tmp_path, list=ListCall("file:a.json"))
    for source, url in (
        (remote, "file:///a.json"),
        (remote, "file:///s.yaml"),
        (recorded, "file:///s.yaml"),
        (recorded, "file:s.YAML"),
    ):
        with pytest.raises(SourceRefused):
            Fetcher(source, FakeTransport({})).get(Request(url), {"application/json"})
    assert Fetcher(recorded).get(Request("file:a.json"), {"application/json"}).content == b"[]"


_wild = st.one_of(
    st.text(max_size=40), st.sampled_from(["http://[x", "//[", "http://[::1", "?", "#", "http://a:b:c/", "\\\\x"])
)


@given(st.sampled_from([200, 204, 301, 302, 304, 307, 308, 400, 429, 500, 503, 999]), _wild, _wild, _wild)
def test_no_answer_breaks_the_fetcher(status: int, location: str, retry: str, length: str) -> None:
    """Whatever the head says: content, or an error of ours."""
    head = {"Location": location, "Retry-After": retry, "Content-Length": length, "Content-Type": "application/json"}
    transport = FakeTransport(lambda _: FakeAnswer(b"[]", status, head))
    fetcher = Fetcher(Source("s"), transport, lambda *_: ["93.184.216.34"], sleep=lambda _: None)
    try:
        said = fetcher.get(Request("https://data.example.gov.cn/a"), {"application/json"}).content.decode()
    except SourceError as error:
        said = f"{error.message} {error.message_en}"
    assert said == "[]" or "data.example.gov.cn" in said or location in said


def test_one_host_is_asked_at_its_pace_by_all_sources() -> None:
    now, waited = [100.0], list[float]()

    def sleep(seconds: float) -> None:
        waited.append(round(seconds, 3))
        now[0] += seconds

    pace = Pace(lambda: now[0], sleep)
    for host in ("a", "a", "b", "a"):
        pace.wait(host, 2)
    pace.wait("a", 0)
    assert waited == [0.5, 0.5]
