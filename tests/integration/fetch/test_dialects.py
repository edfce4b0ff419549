"""Portals of three shapes, replayed on the loopback, read by their YAML alone; and a fourth that a test adds."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from contracts import replay
from contracts.replay import Call, Dialect, Record, Replay, made_up

from harvesters.exceptions import SourceError, SourceUnreachable
from harvesters.fetch import Fetcher
from harvesters.networks import Networks
from harvesters.propose import propose
from harvesters.reading import Reading, read
from harvesters.source import Source, source_from_yaml

EXAMPLES = Path(__file__).resolve().parents[3] / "config" / "examples"
LOOPBACK = Networks({"本机": (ipaddress.ip_network("127.0.0.0/8"),)}, always=("本机",))
NAMES = ("shanghai", "guangdong", "chongqing")
RECORDS = made_up(47)


def described(text: str, url: str, folder: Path) -> Source:
    """A description with its portal's address exchanged for the replay's, and small pages."""
    text = re.sub(r"https://[\w.]+\.gov\.cn", url, text).replace(
        "limits: {rate: 2}", "limits: {seconds: 5, silence: 2}"
    )
    (folder / "portal.yaml").write_text(re.sub(r"page_size: \d+", "page_size: 10", text), "utf-8")
    return source_from_yaml(folder / "portal.yaml")


def harvested(dialect: Dialect, text: str, folder: Path, **faults: str) -> Reading:
    with Replay(dialect, RECORDS, {int(n[1:]): fault for n, fault in faults.items()}) as portal:
        source = described(text, portal.url, folder)
        return read(source, Fetcher(source, networks=LOOPBACK))


def example(name: str) -> tuple[Dialect, str]:
    return getattr(replay, name), (EXAMPLES / f"{name}.yaml").read_text("utf-8")


def as_entries(reading: Reading) -> list[tuple[Any, ...]]:
    return [
        (o.remote_id, o.entry.title, o.entry.notes, o.entry.provider.name, o.entry.open_type, o.entry.update_cycle,
         str(o.entry.data_updated)[:10]) for o in reading.outcomes
    ]  # fmt: skip


LEVELS = {"无条件开放": "unconditional", "有条件开放": "conditional"}
CYCLES = {"每日": "2", "每月": "4", "每年": "7"}
EXPECTED = [
    (r["id"], r["title"], r["notes"], r["provider"], LEVELS[r["level"]], CYCLES[r["cycle"]], r["updated"])
    for r in RECORDS
]


@pytest.mark.parametrize("name", NAMES)
def test_every_portal_gives_the_same_entries(name: str, tmp_path: Path) -> None:
    assert as_entries(harvested(*example(name), tmp_path)) == EXPECTED


@pytest.mark.parametrize("name", NAMES)
def test_slow_and_busy_portals_are_borne(name: str, tmp_path: Path) -> None:
    assert as_entries(harvested(*example(name), tmp_path, n2="slow", n3="busy")) == EXPECTED


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("fault", "transient"), [("drop", True), ("half", True), ("error", True), ("login", False)])
def test_a_fault_on_any_page_ends_the_run_and_nothing_is_half_read(
    name: str, fault: str, transient: bool, tmp_path: Path
) -> None:
    with pytest.raises(SourceError) as caught:
        harvested(*example(name), tmp_path, n3=fault)
    assert caught.value.transient is transient
    assert isinstance(caught.value, SourceUnreachable) is transient


NEW = """
name: xinshi
protocol: rest_json
profile: portal
providers: create
list:
  url: https://data.xinshi.gov.cn/open/v3/res
  query: {scope: all}
  records: resultData.items
  id: guid
paging: {kind: cursor, page: after, size: n, page_size: 9, next: resultData.more.token}
fields: {mc: title, jj: notes, bm: provider, kf: open_type, zq: update_cycle, gx: data_updated}
code_maps:
  open_type: {"A1": 无条件开放, "A2": 有条件开放}
"""


def _xinshi(call: Call, records: Sequence[Record]) -> Any:
    """A dialect that no other test and no example has: cursors, codes, a head of another shape."""
    if call.path != "/open/v3/res" or call.query["scope"] != "all":
        return None
    start, size = int(call.query.get("after", "0")), int(call.query["n"])
    items = [
        {"guid": r["id"], "mc": r["title"], "jj": r["notes"], "bm": r["provider"], "kf": "A1" if r["level"][0] == "无" else "A2",
         "zq": r["cycle"], "gx": r["updated"]} for r in records[start : start + size]
    ]  # fmt: skip
    more = {"token": str(start + size)} if start + size < len(records) else {}
    return {"resultData": {"items": items, "more": more}}


def test_a_new_dialect_is_one_yaml_file(tmp_path: Path) -> None:
    assert as_entries(harvested(_xinshi, NEW, tmp_path)) == EXPECTED


PORTAL = (EXAMPLES / "shandong.yaml").read_text("utf-8")


def test_a_family_of_web_pages(tmp_path: Path) -> None:
    reading = harvested(replay.oportal, PORTAL, tmp_path, n2="slow", n4="busy")
    assert as_entries(reading) == [(each[0].replace("/", "-"), *each[1:]) for each in EXPECTED]
    entry = next(iter(reading.outcomes)).entry
    assert [(item.name, item.name_en) for item in entry.items] == [("名称", "MC"), ("地址", "DZ")]
    assert entry.formats == ("csv", "api") or set(entry.formats) >= {"csv"}
    assert entry.tags == ("生活&服务",)
    assert entry.url.endswith("/portal/catalog/0000-a")
    assert not any("浏览" in heading for heading in next(iter(reading.received)).raw)


@pytest.mark.parametrize(("fault", "transient"), [("drop", True), ("half", True), ("error", True), ("login", False)])
@pytest.mark.parametrize("request_number", [1, 22])  # the first and the second list page
def test_a_family_of_web_pages_with_faults(request_number: int, fault: str, transient: bool, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        harvested(replay.oportal, PORTAL, tmp_path, **{f"n{request_number}": fault})
    assert caught.value.transient is transient


def test_a_portal_that_nobody_described_is_proposed(tmp_path: Path) -> None:
    def plain(call: Call, records: Sequence[Record]) -> Any:
        page, size = int(call.query["page"]), int(call.query["size"])
        rows = [
            {"名称": r["title"], "数源单位": r["provider"], "开放属性": r["level"]}
            for r in records[(page - 1) * size : page * size]
        ]
        return {"data": {"rows": rows, "total": len(records)}}

    with Replay(plain, RECORDS) as portal:
        found = propose(f"{portal.url}/list?page=1&size=20", lambda source: Fetcher(source, networks=LOOPBACK))
        source = described(found.yaml, portal.url, tmp_path)
        entries = list(read(source, Fetcher(source, networks=LOOPBACK)).outcomes)
    assert found.records == len(entries) == len(RECORDS)
    assert [e.entry.title for e in entries] == [r["title"] for r in RECORDS]
