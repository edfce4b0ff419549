"""A proposal is a description that our own loader takes, and that reads the source as the proposal says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from contracts.making import FakeAnswer, FakeTransport, workbook
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.exceptions import SourceError
from harvesters.fetch import Fetcher, Request
from harvesters.preview import main
from harvesters.propose import propose
from harvesters.reading import read
from harvesters.source import source_from_yaml

THINGS = [
    "公共厕所",
    "医疗机构",
    "停车场泊位",
    "社会组织",
    "旅游景区",
    "零售药店",
    "公交线路",
    "水库水情",
    "空气质量",
    "食品抽检",
]
ROWS = [
    {"目录名称": f"{thing}信息", "牵头单位": "云溪市水务局" if n % 2 else "云溪市教育局", "openKind": str(n % 2 + 1), "更新频度": "每月",
     "摘要说明": f"{thing}的名称、位置、电话和开放时间等情况，供公众查询使用。", "目录编号": f"YX-{n:05}", "zzz": "一二" * (n % 3)}
    for n, thing in enumerate(THINGS)
]  # fmt: skip


def served(answers: Any) -> Any:
    return lambda source: Fetcher(source, FakeTransport(answers), lambda *_: ["93.184.216.34"])


def body(value: Any, media_type: str = "application/json") -> FakeAnswer:
    data = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return FakeAnswer(data, headers={"Content-Type": media_type})


def written(folder: Path, text: str) -> Any:
    (folder / "proposal.yaml").write_text(text, "utf-8")
    return source_from_yaml(folder / "proposal.yaml")


def test_a_file_of_an_unknown_dialect(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(workbook({"目录": [list(ROWS[0]), *(list(r.values()) for r in ROWS)]}))
    found = propose(str(tmp_path / "a.xlsx"))
    fields = {g.heading: g.field for g in found.guesses}
    assert fields | {"zzz": None} == fields
    assert {fields[h] for h in ("目录名称", "牵头单位", "更新频度", "摘要说明")} == {
        "title",
        "provider",
        "update_cycle",
        "notes",
    }
    assert all(0 <= g.sure <= 1 for g in found.guesses)
    assert next(g.sure for g in found.guesses if g.heading == "目录名称") > 0.8
    source = written(tmp_path, found.yaml)
    assert source.profile == "portal"
    again = read(source)
    assert again.shown_fields() == fields
    assert len(again.distinct) == len(ROWS)


def test_codes_without_a_meaning_are_listed_and_never_guessed(tmp_path: Path) -> None:
    rows = [{**row, "开放类型": row["openKind"], "更新频度": "逢双周三"} for row in ROWS]
    (tmp_path / "a.json").write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
    found = propose(str(tmp_path / "a.json"))
    assert {(c.field, c.value, c.count) for c in found.unknown_codes} >= {("open_type", "1", 5), ("open_type", "2", 5)}
    assert '#     "1":' in found.yaml
    assert written(tmp_path, found.yaml).code_maps == {}
    assert all(not o.entry.open_type for o in read(written(tmp_path, found.yaml)).outcomes)


def test_an_api_with_pages(tmp_path: Path) -> None:
    def answer(request: Request) -> FakeAnswer:
        query = parse_qs(urlsplit(request.url).query)
        page, size = int(query["pageNum"][0]), int(query["pageSize"][0])
        rows = ROWS[(page - 1) * size : page * size]
        return body(
            {"code": 200, "data": {"page": json.dumps({"list": rows, "totalCount": len(ROWS)}, ensure_ascii=False)}}
        )

    found = propose("https://data.example.gov.cn/api/list?city=1&pageNum=1&pageSize=4", served(answer))
    assert found.records == len(ROWS)
    source = written(tmp_path, found.yaml)
    assert (source.protocol, source.list.records, source.paging.total) == (
        "rest_json",
        "data.page.list",
        "data.page.totalCount",
    )
    assert (source.paging.page, source.paging.size, source.paging.page_size) == ("pageNum", "pageSize", 4)
    assert source.list.url == "https://data.example.gov.cn/api/list?city=1"


def test_a_ckan_behind_its_front_page(tmp_path: Path) -> None:
    dataset = {"id": "1", "name": "a", "title": "水库水情信息", "notes": "水位", "resources": []}

    def answer(request: Request) -> FakeAnswer:
        if "/api/3/action/package_search" in request.url:
            return body({"success": True, "result": {"count": 1, "results": [dataset]}})
        return body(b"<html>", "text/html")

    for url in ("https://ckan.example.gov.cn", "https://ckan.example.gov.cn/api/3/action/package_search?rows=5"):
        source = written(tmp_path, propose(url, served(answer)).yaml)
        assert (source.protocol, source.url) == ("ckan", "https://ckan.example.gov.cn")


def test_a_web_page_is_none(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="内容类型"):
        propose("https://www.example.gov.cn/", served(lambda _: body(b"<html>", "text/html")))


@settings(max_examples=40)
@given(st.lists(st.text(min_size=1, max_size=12), min_size=2, max_size=5, unique=True), st.text(max_size=20))
def test_any_heading_makes_a_description_that_can_be_read(
    tmp_path_factory: Any, headings: list[str], value: str
) -> None:
    folder = tmp_path_factory.mktemp("wild")
    rows = [{**row, **dict.fromkeys(headings, value)} for row in ROWS]
    try:
        text = json.dumps(rows)
        (folder / "a.json").write_text(text, "utf-8")
        found = propose(str(folder / "a.json"))
    except SourceError:
        return
    assert written(folder, found.yaml).path == "a.json"


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.json").write_text(json.dumps(ROWS, ensure_ascii=False), "utf-8")
    file, output = str(tmp_path / "a.json"), tmp_path / "new.yaml"
    assert main(["propose", file, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["fields"]["目录名称"]["field"] == "title"
    assert "zzz" in shown["unknown_headings"]
    assert main(["propose", file, "--output", str(output)]) == 0
    assert output.read_text("utf-8") == shown["yaml"]
    capsys.readouterr()
    assert main(["propose", file, "--output", str(output), "--json"]) == 2
    assert "已存在" in json.loads(capsys.readouterr().out)["message"]
    assert main(["propose", str(tmp_path / "none.xlsx"), "--json"]) == 2
    assert main(["propose", "file:///etc/passwd", "--json"]) == 2
    assert "只能访问 http" in capsys.readouterr().out
