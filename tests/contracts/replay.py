"""A portal on this machine's loopback that answers made-up records in a real portal's shape, with pages and faults."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Record = Mapping[str, str]
THINGS = (
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
)
BODIES = ("云溪市水务局", "云溪市教育局", "云溪市民政局")


def made_up(count: int) -> list[dict[str, str]]:
    """Records in our words; a dialect dresses them in a portal's."""
    return [
        {
            "id": f"{n:04d}/a",
            "title": f"{THINGS[n % 10]}信息（第{n}批）",
            "notes": f"{THINGS[n % 10]}的名称、位置、电话和开放时间，供公众查询使用。",
            "provider": BODIES[n % 3],
            "level": ("无条件开放", "有条件开放")[n % 2],
            "cycle": ("每日", "每月", "每年")[n % 3],
            "updated": f"2026-0{1 + n % 9}-1{n % 9}",
        }
        for n in range(count)
    ]


@dataclass(frozen=True)
class Call:
    """One request as a dialect sees it: JSON or form body as a dict."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any]


Dialect = Callable[[Call, Sequence[Record]], Any]
"""The answer's JSON value, a str for a web page, or None for 404."""


def shanghai(call: Call, records: Sequence[Record]) -> Any:
    if call.path == "/zq/api/data_set/search/" and call.method == "POST":
        page, size = call.body["pageNum"], call.body["pageSize"]
        part = records[(page - 1) * size : page * size]
        content = [{"datasetId": r["id"], "datasetName": r["title"]} for r in part]
        return {"code": "000000", "data": {"content": content, "totalPageNum": -(-len(records) // size)}}
    for r in records:
        if call.path == f"/zq/api/data_set/{r['id'].replace('/', '%2F')}/" and call.method == "GET":
            return {"data": {
                "dataset_id": r["id"], "dataset_name": r["title"], "open_list_abstract": r["notes"], "org_name": r["provider"],
                "open_type": r["level"], "open_rate": r["cycle"], "update_date": r["updated"] + "T00:00:00",
                "docType": [{"name": "a", "file_type": ["csv"]}]}}  # fmt: skip
    return None


def guangdong(call: Call, records: Sequence[Record]) -> Any:
    if call.path == "/data/dataSet/findPage" and call.method == "POST":
        page, size = int(call.body["pageNo"]), int(call.body["pageSize"])
        part = [{"resId": r["id"], "resTitle": r["title"]} for r in records[(page - 1) * size : page * size]]
        return {"dataList": json.dumps({"list": part, "total": len(records), "pageNum": page}, ensure_ascii=False)}
    if call.path == "/data/dataSet/selectDataCatalogByResId" and call.method == "POST":
        found = next((r for r in records if r["id"] == call.body["resId"]), None)
        return found and {"data": {
            "resId": found["id"], "resTitle": found["title"], "resAbstract": found["notes"], "officeName": found["provider"],
            "openMode": found["level"], "updateCycle": found["cycle"], "dataUpdateTime": found["updated"], "sourceSuffix": "csv,xml"}}  # fmt: skip
    return None


def chongqing(call: Call, records: Sequence[Record]) -> Any:
    if call.path != "/rop-frontier/graphql" or "resourcesCatalogueList" not in call.body.get("query", ""):
        return None
    asked = call.body["variables"]["input"]
    start, size = asked["offset"], asked["limit"]
    levels = {"无条件开放": "UNCONDITIONAL", "有条件开放": "CONDITIONAL"}
    cycles = {"每日": "EVERY_DAY", "每月": "EVERY_MONTH", "每年": "EVERY_YEAR"}
    part = [
        {"id": r["id"], "resourceName": r["title"], "resourceDesc": r["notes"], "organizationName": r["provider"],
         "openAttr": levels[r["level"]], "renewCycle": cycles[r["cycle"]], "updateDate": r["updated"], "fileTypes": ["CSV"]}
        for r in records[start : start + size]
    ]  # fmt: skip
    return {"data": {"result": {"total": len(records), "offset": start, "limit": size, "data": part}}}


def oportal(call: Call, records: Sequence[Record]) -> Any:
    """Web pages: a str is sent as text/html."""
    if call.path == "/portal/catalog/index":
        page = int(call.query["page"])
        blocks = "".join(
            f"""<li class=bd><div class="cata-title"><a href="/portal/catalog/{_flat(r)}" title=x>{r["title"]}</a></div>
            <div class="file-type"><ul><li class="CSV on">CSV<li class="api">接口</ul></div>"""
            for r in records[(page - 1) * 10 : page * 10]
        )
        return f"""<!DOCTYPE html><html><head><title>目录</title><script>if (a < b) {{ "</div>" }}</script></head><body>
        <a href="/portal/catalog/index?page=2">下一页</a><!-- <div class="cata-title"> --><ul>{blocks}</ul></body>"""
    for r in records:
        if call.path == f"/portal/catalog/{_flat(r)}":
            return f"""<html><title>{r["title"]}</title><body><ul class="d-title pull-left"><li><h4>{r["title"]}</h4></ul>
            <ul class="list-inline"><li>来源部门：<span class="text-primary">{r["provider"]}</span></li>
            <li>开放类型：<span class="text-primary">{r["level"]}</span><li>更新时间：<span>{r["updated"]}</span>
            <li>浏览次数：<span>{len(r["title"])}</span></ul>
            <li name="basicinfo"><table><tr><td>更新频率<td>{r["cycle"]}<td>标签</td><td>&nbsp;生活&amp;服务</td></tr>
            <tr><td>描述</td><td colspan=3>{r["notes"]}</td></tr></table></li></body></html>"""
        if call.path == f"/portal/catalog/{_flat(r)}/getData" and call.method == "POST":
            return {
                "recordsTotal": 9,
                "items": [{"column_name_en": "MC", "name_cn": "名称"}, {"column_name_en": "DZ", "name_cn": "地址"}],
            }
    return None


def _flat(record: Record) -> str:
    return record["id"].replace("/", "-")


@dataclass
class Replay:
    """Serves `records` in a dialect. `faults`: number of the request (from 1) → what happens instead of an answer.

    Faults: `slow` (half a second late), `drop` (no answer), `half` (half an answer), `busy` (429, Retry-After 0),
    `error` (500), `login` (a web page with 200).
    """

    dialect: Dialect
    records: Sequence[Record]
    faults: Mapping[int, str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def __enter__(self) -> Replay:
        replay = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                replay._answer(self)

            do_POST = do_GET  # noqa: N815  (http.server's name)

            def log_message(self, format: str, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        call = _call(handler)
        self.calls.append(call)
        fault = self.faults.get(len(self.calls), "")
        if fault == "drop":
            return
        if fault == "slow":
            time.sleep(0.5)
        value = self.dialect(call, self.records)
        status = {"busy": 429, "error": 500}.get(fault, 200 if value is not None else 404)
        page = isinstance(value, str) or fault == "login"
        text = "<html><title>请登录</title></html>" if fault == "login" else value
        body = (text if page else json.dumps(value, ensure_ascii=False)).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "text/html; charset=utf-8" if page else "application/json")
        handler.send_header("Content-Length", str(len(body)))
        if fault == "busy":
            handler.send_header("Retry-After", "0")
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2] if fault == "half" else body)


def _call(handler: BaseHTTPRequestHandler) -> Call:
    parts = urlsplit(handler.path)
    text = handler.rfile.read(int(handler.headers.get("Content-Length") or 0)).decode()
    form = "form-urlencoded" in (handler.headers.get("Content-Type") or "")
    body = dict(parse_qsl(text)) if form else json.loads(text or "{}")
    return Call(handler.command, parts.path, dict(parse_qsl(parts.query)), body)
