"""The extractors over local fakes: the contract, and what each protocol has of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from contracts.extractor_contract import PARTS, ExtractorContract
from contracts.making import FakeAnswer, FakeTransport, fetcher, workbook

from harvesters.exceptions import SourceError, SourceRefused, SourceUnreachable, UnreadableRecord
from harvesters.extract import records_from
from harvesters.fetch import Fetcher, Request
from harvesters.record import Record
from harvesters.source import DetailCall, Limits, ListCall, Paging, Source

API = "https://data.example.gov.cn/api/list"


def body(value: Any) -> FakeAnswer:
    return FakeAnswer(json.dumps(value, ensure_ascii=False).encode())


def troubles(source: Source) -> list[tuple[str, Source, Fetcher]]:
    """What any web source may send."""
    html = FakeAnswer(b"<html>login</html>", headers={"Content-Type": "text/html; charset=utf-8"})
    short = FakeAnswer(b'{"a": 1', headers={"Content-Type": "application/json", "Content-Length": "900"})
    endless = FakeAnswer([b"x" * 65536] * 40)
    return [
        ("内容类型", source, fetcher(source, lambda _: html)),
        ("应有 900 字节", source, fetcher(source, lambda _: short)),
        ("传输中断", source, fetcher(source, lambda _: FakeAnswer(b"[{", breaks=OSError("reset")))),
        ("HTTP 500", source, fetcher(source, lambda _: FakeAnswer(status=500))),
        ("HTTP 403", source, fetcher(source, lambda _: FakeAnswer(status=403))),
        ("连接失败", source, fetcher(source, lambda _: ConnectionRefusedError())),
        ("超时", source, fetcher(source, lambda _: TimeoutError())),
        ("JSON 不完整", source, fetcher(source, lambda _: FakeAnswer(b'{"data": [{"title": "a'))),
        ("不是有效的 JSON", source, fetcher(source, lambda _: FakeAnswer(b"{'data': []}, and more text"))),
        ("编码", source, fetcher(source, lambda _: FakeAnswer(b'{"data": "\xff\xfe\xfa"}'))),
        ("嵌套太深", source, fetcher(source, lambda _: FakeAnswer(b"[" * 200_000))),
        ("超过大小上限", *_limited(source, Limits(bytes=2 << 20), endless)),
        ("内部网络", source, fetcher(source, lambda _: html, addresses=["10.0.0.8"])),
        ("内部网络", source, fetcher(source, lambda _: html, addresses=["93.184.216.34", "127.0.0.1"])),
        ("循环", source, fetcher(source, lambda r: FakeAnswer(status=302, headers={"Location": r.url + "/x"}))),
    ]


def _limited(source: Source, limits: Limits, answer: FakeAnswer) -> tuple[Source, Fetcher]:
    limited = replace(source, limits=limits)
    return limited, fetcher(limited, lambda _: answer)


class TestCatalogueFileXlsx(ExtractorContract):
    def serve(self, parts: Sequence[Any], folder: Path) -> tuple[Source, Fetcher]:
        (folder / "a.xlsx").write_bytes(workbook({"目录": [list(PARTS[0]), *(list(p.values()) for p in parts)]}))
        source = Source("s", folder=folder, path="a.xlsx")
        return source, Fetcher(source)

    def broken(self, folder: Path) -> list[tuple[str, Source, Fetcher]]:
        (folder / "half.xlsx").write_bytes(workbook({"目录": [["a", "b"]]})[:1500])
        outside = Source("s", folder=folder, path="../../etc/passwd")
        missing = Source("s", folder=folder, path="none.xlsx")
        half = Source("s", folder=folder, path="half.xlsx")
        return [("文件夹之内", outside, Fetcher(outside)), ("没有这个文件", missing, Fetcher(missing)),
                ("不完整", half, Fetcher(half))]  # fmt: skip


class TestCatalogueFileJson(ExtractorContract):
    def serve(self, parts: Sequence[Any], folder: Path) -> tuple[Source, Fetcher]:
        source = Source("s", url="https://data.example.gov.cn/catalogue.json")
        return source, fetcher(source, lambda _: body({"code": 200, "data": {"rows": list(parts), "total": len(parts)}}))

    def broken(self, folder: Path) -> list[tuple[str, Source, Fetcher]]:
        return troubles(Source("s", url="https://data.example.gov.cn/catalogue.json"))


class TestRestJson(ExtractorContract):
    def serve(self, parts: Sequence[Any], folder: Path) -> tuple[Source, Fetcher]:
        source = Source("s", "rest_json", list=ListCall(API, records="data.rows"), paging=Paging("page", page_size=2))

        def answer(request: Request) -> FakeAnswer:
            page = int(parse_qs(urlsplit(request.url).query)["pageNum"][0])
            return body({"data": {"rows": list(parts)[(page - 1) * 2 : page * 2]}})

        return source, fetcher(source, answer)

    def broken(self, folder: Path) -> list[tuple[str, Source, Fetcher]]:
        source = Source("s", "rest_json", list=ListCall(API, records="data"), paging=Paging("page"))
        loop = fetcher(source, lambda _: body({"data": PARTS}))
        changing = iter(range(10**9))
        endless = replace(source, limits=Limits(pages=7))
        return [
            *troubles(source),
            ("分页在循环", source, loop),
            ("超过 7 页", endless, fetcher(endless, lambda _: body({"data": [{"title": next(changing)}]}))),
            ("没有记录列表", source, fetcher(source, lambda _: body({"message": "please log in"}))),
            ("不是列表", source, fetcher(source, lambda _: body({"data": {"a": 1}}))),
        ]


class TestCkan(ExtractorContract):
    def serve(self, parts: Sequence[Any], folder: Path) -> tuple[Source, Fetcher]:
        source = Source("s", "ckan", url="https://ckan.example.gov.cn")
        datasets = [
            {"id": f"id-{n}", "name": f"d{n}", "title": p["title"], "notes": p["notes"], "resources": [],
             "organization": {"title": p["orgName"]}} for n, p in enumerate(parts)
        ]  # fmt: skip

        def answer(request: Request) -> FakeAnswer:
            start = int(parse_qs(urlsplit(request.url).query)["start"][0])
            result = {"count": len(datasets), "results": datasets[start : start + 2]}
            return body({"success": True, "result": result})

        return source, fetcher(source, answer)

    def broken(self, folder: Path) -> list[tuple[str, Source, Fetcher]]:
        source = Source("s", "ckan", url="https://ckan.example.gov.cn")
        same = {"success": True, "result": {"count": 900, "results": [{"id": "a", "name": "a", "title": "t"}]}}
        return [
            *troubles(source),
            ("package_search", source, fetcher(source, lambda _: body({"success": False}))),
            ("循环", source, fetcher(source, lambda _: body(same))),
        ]


def only(source: Source, answers: Any) -> list[Any]:
    return list(records_from(source, fetcher(source, answers)))


class TestRestJsonsOwn:
    def test_json_inside_a_string_is_opened(self) -> None:
        source = Source("s", "rest_json", list=ListCall(API, records="dataList.list"))
        [first, *_] = only(source, lambda _: body({"dataList": json.dumps({"list": PARTS})}))
        assert first.raw["title"] == "公共厕所信息0"

    def test_detail_completes_the_list_and_the_id_is_the_identity(self) -> None:
        source = Source(
            "s", "rest_json", list=ListCall(API, "POST", body={"openType": ""}, records="data.content", id="resId"),
            detail=DetailCall("https://data.example.gov.cn/api/{id}", record="data"), paging=Paging("page", total="data.total"),
        )  # fmt: skip

        def answer(request: Request) -> FakeAnswer:
            if request.method == "POST":
                assert json.loads(request.body or b"") == {"openType": "", "pageNum": 1, "pageSize": 100}
                return body({"data": {"content": [{"resId": "a/1", "resTitle": "甲"}], "total": 1}})
            assert request.url.endswith("/api/a%2F1")
            return body({"data": {"resTitle": "甲", "officeName": "示例市水利局"}})

        [record] = only(source, answer)
        assert (record.remote_id, record.raw["officeName"]) == ("a/1", "示例市水利局")

    def test_cursor_offset_and_form_bodies(self) -> None:
        cursor = Source("s", "rest_json", list=ListCall(API, records="rows"), paging=Paging("cursor", page="after", next="next"))
        pages = {"": ["甲", "n2"], "n2": ["乙", None]}

        def by_cursor(request: Request) -> FakeAnswer:
            title, following = pages[parse_qs(urlsplit(request.url).query).get("after", [""])[0]]
            return body({"rows": [{"title": title}], "next": following})

        assert [r.raw["title"] for r in only(cursor, by_cursor)] == ["甲", "乙"]
        offset = Source(
            "s", "rest_json", list=ListCall(API, "POST", body={"q": "a b"}, body_form=True, records="rows"),
            paging=Paging("offset", page="start", size="length", page_size=1, start=0, stop="short"),
        )  # fmt: skip

        def by_offset(request: Request) -> FakeAnswer:
            form = parse_qs((request.body or b"").decode())
            start = int(form["start"][0])
            return body({"rows": [{"title": "甲"}, {"title": "乙"}][start : start + 1]})

        assert [r.raw["title"] for r in only(offset, by_offset)] == ["甲", "乙"]

    def test_a_record_that_is_none_is_refused_and_the_rest_goes_on(self) -> None:
        source = Source("s", "rest_json", list=ListCall(API, records="rows", id="id"))
        found = only(source, lambda _: body({"rows": [{"id": 1, "title": "甲"}, "x", {"title": "无编号"}, {"id": 2, "title": "乙"}]}))
        assert [type(r) for r in found] == [Record, UnreadableRecord, UnreadableRecord, Record]

    def test_keys_come_from_the_environment_and_are_never_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        source = Source("s", "rest_json", list=ListCall(API + "?token=x", headers={"Authorization": "Bearer ${API_KEY}"}))
        with pytest.raises(SourceRefused, match="API_KEY"):
            only(source, lambda _: body([]))
        monkeypatch.setenv("API_KEY", "s3cret")
        transport = FakeTransport(lambda _: body({"none": 1}))
        with pytest.raises(SourceRefused) as caught:
            list(records_from(source, Fetcher(source, transport, lambda *_: ["93.184.216.34"])))
        assert transport.asked[0].headers["Authorization"] == "Bearer s3cret"
        assert "s3cret" not in str(caught.value)
        assert "token" not in str(caught.value)


class TestKeysInAddresses:
    @pytest.mark.parametrize("answer", [FakeAnswer(status=500), FakeAnswer(status=403), TimeoutError(), FakeAnswer(status=302), FakeAnswer(b"x")])
    def test_no_error_shows_the_query(self, answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("API_KEY", "s3cret")
        source = Source("s", "rest_json", list=ListCall(API, query={"token": "${API_KEY}"}))
        with pytest.raises(SourceError) as caught:
            only(source, lambda _: answer)
        assert "s3cret" not in f"{caught.value} {caught.value.message_en} {caught.value.facts} {caught.value.where}"


class TestWhatAnAnswerMayHold:
    """A megabyte of `{},` becomes fifty in memory: it is counted before it is read."""

    @pytest.mark.parametrize("source", [Source("s", "rest_json", list=ListCall(API)), Source("s", "ckan", url=API)])
    def test_values_and_bytes_of_an_apis_answer(self, source: Source) -> None:
        many = FakeAnswer(b'{"data": [{}' + b", {}" * 90 + b"]}")
        with pytest.raises(SourceRefused, match="超过 50 个值"):
            only(replace(source, limits=Limits(values=50)), lambda _: many)
        with pytest.raises(SourceRefused, match="超过大小上限"):
            only(replace(source, limits=Limits(answer=100)), lambda _: many)


class TestFetchersOwn:
    def test_keys_do_not_follow_a_redirect_to_another_host(self) -> None:
        source = Source("s")
        transport = FakeTransport({
            "https://a.example.gov.cn/": FakeAnswer(status=302, headers={"Location": "https://b.example.gov.cn/"}),
            "https://b.example.gov.cn/": body([]),
        })  # fmt: skip
        guarded = Fetcher(source, transport, lambda *_: ["93.184.216.34"])
        guarded.get(Request("https://a.example.gov.cn/", headers={"Authorization": "x", "Accept": "a/b"}), frozenset({"application/json"}))
        assert dict(transport.asked[1].headers) == {"Accept": "a/b"}

    @pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a.example/", "gopher://x", "http://", "http://u:p@a.example/", "http://[::1"])
    def test_other_schemes_and_addresses_are_refused(self, url: str) -> None:
        with pytest.raises(SourceRefused):
            fetcher(Source("s"), {}).get(Request(url), frozenset())

    @pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "fd12::1", "100.64.0.1", "::ffff:10.0.0.1"])
    def test_private_addresses_only_when_the_source_states_it(self, address: str) -> None:
        request, types = Request("http://inside.example/"), frozenset({"application/json"})
        with pytest.raises(SourceRefused, match="内部网络"):
            fetcher(Source("s"), lambda _: body([]), [address]).get(request, types)
        assert fetcher(Source("s", allow_private=True), lambda _: body([]), [address]).get(request, types).content == b"[]"

    def test_a_slow_answer_is_cut_off(self) -> None:
        ticks = iter(range(0, 100_000, 20))
        slow = Fetcher(Source("s"), FakeTransport(lambda _: FakeAnswer([b"x"] * 10)), lambda *_: ["93.184.216.34"], lambda: next(ticks))
        with pytest.raises(SourceUnreachable, match="60 秒") as caught:
            slow.get(Request("http://a.example/"), frozenset({"application/json"}))
        assert caught.value.transient


class TestCkansOwn:
    def test_its_own_levels_are_kept_and_nothing_opens_by_guess(self, tmp_path: Path) -> None:
        from harvesters.reading import read

        source = Source("s", "ckan", profile="portal", url="https://ckan.example.gov.cn")
        common = {"notes": "说明文字一二三四五六七八九十", "organization": {"title": "示例市水利局"}, "isopen": True, "private": False}
        datasets = [
            {"id": "1", "name": "a", "title": "甲信息", "open_type": "conditional", "update_cycle": "4", **common},
            {"id": "2", "name": "b", "title": "乙信息", **common,
             "resources": [{"id": "r", "url": "https://x.example/a.csv", "format": "CSV", "name": "数据"}]},
        ]  # fmt: skip
        answer = body({"success": True, "result": {"count": 2, "results": datasets}})
        reading = read(source, fetcher(source, lambda _: answer))
        first, second = reading.entries
        assert (first.open_type, first.update_cycle, second.open_type) == ("conditional", "4", "")
        assert (second.formats, second.resources[0].url, second.provider.name) == (("csv",), "https://x.example/a.csv", "示例市水利局")
        assert [r.remote_id for r in reading.distinct] == ["1", "2"]
