"""The description of a source: read, checked, every fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvesters.exceptions import SourceInvalid, SourceRefused
from harvesters.source import Source, load_source, source_from_yaml

FULL = """\
name: water
title: 示例市水利局
protocol: rest_json
profile: portal
region: 990100
providers: map
provider_map: {县水利局: 示例县水利局}
release: {kind: already_public, basis: "https://data.example.gov.cn/"}
files: copy
key: [catalogId]
fields: {orgName: provider, remark: null}
code_maps:
  open_type: {01: 有条件开放, 02: 无条件开放}
allow_private: true
limits: {seconds: 5, pages: 20}
list:
  url: https://data.example.gov.cn/list
  method: POST
  headers: {X-Key: "${API_KEY}"}
  body: {openType: "", nested: {a: [1, 2]}}
  records: data.rows
  id: catalogId
detail: {url: "https://data.example.gov.cn/one/{id}", record: data}
paging: {kind: page, page: pageNum, size: pageSize, page_size: 50, start: 0, total: data.total}
"""


def read(tmp_path: Path, text: str, name: str = "water.yaml") -> Source:
    (tmp_path / name).write_text(text, "utf-8")
    return source_from_yaml(tmp_path / name)


def faults(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    with pytest.raises(SourceInvalid) as caught:
        read(tmp_path, text)
    assert caught.value.message
    assert all(fault.message for fault in caught.value.faults)
    return [(fault.line, fault.key) for fault in caught.value.faults]


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    source = read(tmp_path, FULL)
    assert (source.name, source.region, source.key) == ("water", "990100", ("catalogId",))
    assert source.code_maps == {"open_type": {"01": "有条件开放", "02": "无条件开放"}}
    assert source.fields == {"orgName": "provider", "remark": None}
    assert source.list.body == {"openType": "", "nested": {"a": [1, 2]}}
    assert (source.paging.start, source.paging.page_size, source.limits.seconds) == (0, 50, 5)
    assert source.release is not None
    assert source.release.kind == "already_public"


def test_every_fault_has_its_line(tmp_path: Path) -> None:
    text = FULL.replace("profile: portal", "profile: openn").replace("key: [catalogId]", "kee: [catalogId]")
    text = text.replace("pages: 20", "pages: many").replace("region: 990100", "region: 99")
    assert faults(tmp_path, text) == [(4, "profile"), (5, "region"), (10, "kee"), (15, "pages")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("path: a.xlsx\npath: b.xlsx\n", [(2, "path")]),
        ("", [(1, "文件"), (1, "path")]),
        ("- a\n- b\n", [(1, "文件"), (1, "path")]),
        ("path: [unclosed\n", [(2, "文件")]),
        ("path: a.xlsx\nrelease: {kind: reviewed, number: 1}\n", [(2, "approver"), (2, "date")]),
        ("path: a.xlsx\nrelease:\n  kind: already_public\n", [(3, "basis")]),
        ("path: a.xlsx\nfields: {标题: tittle}\n", [(2, "标题")]),
        ("protocol: ckan\n", [(1, "url")]),
        ("protocol: rest_json\nlist: {url: http://a.example/}\npaging: {kind: cursor}\n", [(3, "next")]),
        ("path: a.xlsx\nallow_private: yes please\n", [(2, "allow_private")]),
        ("path: &a a.xlsx\ntitle: *a\n", [(2, "*")]),
        ("path: a.xlsx\nname: upload-x\n", [(2, "name")]),
    ],
)
def test_single_faults(tmp_path: Path, text: str, found: list[tuple[int, str]]) -> None:
    assert sorted(faults(tmp_path, text)) == sorted(found)


def test_a_description_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("title: 示例市".encode("gb18030"))
    with pytest.raises(SourceInvalid, match="UTF-8"):
        source_from_yaml(tmp_path / "a.yaml")


def test_a_source_is_named_by_name_by_file_or_by_catalogue(tmp_path: Path) -> None:
    read(tmp_path, "path: a.xlsx\n")
    (tmp_path / "某市.json.gz").write_bytes(b"")
    assert load_source("water", tmp_path).path == "a.xlsx"
    assert load_source(str(tmp_path / "water.yaml")).name == "water"
    bare = load_source(str(tmp_path / "某市.json.gz"))
    assert (bare.name, bare.profile, bare.folder) == ("某市", "portal", tmp_path.resolve())
    with pytest.raises(SourceRefused, match="water"):
        load_source("wasser", tmp_path)
