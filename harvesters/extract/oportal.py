"""The "oportal" family of portals (山东, 四川, 辽宁, 广西, 宁夏 and their cities): lists and records are web pages.

GET  {url}/catalog/index?page=N            div.cata-title a[href*=/catalog/], ul/div.file-type li
GET  {url}/catalog/{id}                    .d-title h4, ul.list-inline li 标签：值, tables 标签 | 值
POST {url}/catalog/{id}/getData            {"items": [{"column_name_en", "name_cn"}], …}: the 数据项
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit

from harvesters.exceptions import RecordError, SourceRefused, UnreadableRecord, UnreadableSource
from harvesters.extract import jsons, unpack
from harvesters.extract.markup import Node, parsed
from harvesters.fetch import JSON_TYPES, Fetcher, Request
from harvesters.normalize import headings
from harvesters.record import Place, Record, Value
from harvesters.source import Source

PAGES = frozenset({"text/html", "application/xhtml+xml"})
PAGE_BYTES = 4 * 1024 * 1024
LABEL = 30  # characters
_LABELLED = re.compile(r"([^：:]{1,30})[：:](.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Listed:
    id: str
    url: str
    formats: tuple[str, ...]


def records_from(source: Source, fetcher: Fetcher) -> Iterator[Record | RecordError]:
    """Every record of every list page, completed by its own page."""
    seen: set[str] = set()
    for listed in _listed(source, fetcher):
        if listed.id in seen:
            continue
        seen.add(listed.id)
        if len(seen) > source.limits.rows:
            raise SourceRefused(source.url, f"超过 {source.limits.rows} 条。请缩小范围。", "Too many records.")
        yield _record(source, fetcher, listed, len(seen))


def _listed(source: Source, fetcher: Fetcher) -> Iterator[_Listed]:
    title, before = "", [""]
    for number in range(1, source.limits.pages + 1):
        query = urlencode({**source.list.query, "page": number})
        url = f"{source.url.rstrip('/')}/catalog/index?{query}"
        page = _page(fetcher, url)
        shown = page.first("title")
        if number == 1:
            title = shown.text if shown else ""
        elif (shown.text if shown else "") != title:
            why = f"第 {number} 页不是列表（常见于登录页或出错页）。"
            raise UnreadableSource(source.url, why, f"Page {number} is no list, maybe a login or an error.")
        found = list(_links(source, page, url))
        if not found:
            if number == 1:
                why = "页面里没有目录列表。请核对 url 是否为平台地址（例如 https://…/oportal）。"
                raise UnreadableSource(source.url, why, "There is no list of entries on the page.")
            return
        ids = [each.id for each in found]
        if ids == before:
            raise SourceRefused(source.url, "后一页与前面的页完全相同，分页在循环。", "Its pages repeat.")
        before = ids
        yield from found
    raise SourceRefused(source.url, f"超过 {source.limits.pages} 页仍未结束。", "Its pages do not end.")


def _links(source: Source, page: Node, at: str) -> Iterator[_Listed]:
    """Entries of a list page: their ids, their own pages (below the portal's address only), their formats."""
    base = urlsplit(source.url.rstrip("/") + "/catalog/")
    for block in page.all():
        for heading in block.children("cata-title"):
            for link in heading.all("a"):
                target = _target(at, link.attributes.get("href", ""))
                step = target.path.removeprefix(base.path)
                if target[:2] == base[:2] and step != target.path and re.fullmatch(r"[\w.-]{1,200}", step):
                    yield _Listed(step, target._replace(query="", fragment="").geturl(), _formats(block))
                    break


def _target(at: str, given: str) -> SplitResult:
    try:
        return urlsplit(urljoin(at, given))
    except ValueError:  # no address; it leads nowhere
        return urlsplit("")


def _formats(block: Node) -> tuple[str, ...]:
    """The classes of the marks beside an entry's heading: csv, xls, api."""
    marks = (mark for kinds in block.children("file-type") for mark in kinds.all("li"))
    return tuple(dict.fromkeys(name.lower() for mark in marks for name in mark.attributes.get("class", "").split()[:1]))


def _page(fetcher: Fetcher, url: str) -> Node:
    fetched = fetcher.get(Request(url, most=PAGE_BYTES), PAGES)
    text, _ = unpack.decoded(fetched.content, url, fetched.charset)
    return parsed(text)


def _record(source: Source, fetcher: Fetcher, listed: _Listed, number: int) -> Record | RecordError:
    place = Place(source.url, "", number)
    page = _page(fetcher, listed.url)
    head = page.first(named="d-title")
    title = head.first("h4") if head else None
    if title is None or not title.text:
        return UnreadableRecord(place, why="明细页里没有标题")
    raw: dict[str, Value] = {"标题": title.text, "详情页网址": listed.url}
    if listed.formats:
        raw["资源格式"] = list(listed.formats)
    for label, value in _labelled(page):
        if len(value) > source.limits.cell or len(raw) >= source.limits.columns:
            return UnreadableRecord(place, why="字段太多或有值太长")
        if "ignored" not in headings.names(label):  # visits and downloads would change a record every night
            raw.setdefault(label, value)
    return Record(source.name, place, raw, items=_items(source, fetcher, listed), remote_id=listed.id)


def _labelled(page: Node) -> Iterator[tuple[str, str]]:
    """标签：值 in lists, then 标签 | 值 | 标签 | 值 in tables."""
    for line in page.all(named="list-inline"):
        for part in line.all("li"):
            if (found := _LABELLED.fullmatch(part.text)) and found[2].strip():
                yield found[1].strip(), found[2].strip()
    for block in page.all("li"):
        if block.attributes.get("name") != "basicinfo":
            continue
        for row in block.all("tr"):
            cells = [cell.text for cell in row.inside if isinstance(cell, Node) and cell.tag in {"td", "th"}]
            for label, value in zip(cells[::2], cells[1::2], strict=False):
                if label and value and len(label) <= LABEL:
                    yield label.rstrip("：:"), value


def _items(source: Source, fetcher: Fetcher, listed: _Listed) -> tuple[dict[str, str], ...]:
    """The 数据项 of a record; a portal that keeps them behind a login (403, 404, a web page) gives none."""
    body = urlencode({"draw": 1, "start": 0, "length": 1}).encode()
    request = Request(f"{listed.url}/getData", "POST", {"Content-Type": "application/x-www-form-urlencoded"}, body)
    try:
        fetched = fetcher.get(replace(request, most=source.limits.answer), JSON_TYPES)
        text, _ = unpack.decoded(fetched.content, listed.url)
        found = jsons.dig(jsons.parsed(text, listed.url, source.limits.values), "items")
    except UnreadableSource:
        raise
    except SourceRefused:
        return ()
    items: list[dict[str, str]] = []
    for part in cast("list[Any]", found if isinstance(found, list) else [])[: source.limits.columns]:
        if isinstance(part, dict) and cast("dict[str, Any]", part).get("name_cn"):
            item = cast("dict[str, Any]", part)
            pair = {"字段中文名称": item["name_cn"], "字段英文名称": item.get("column_name_en") or ""}
            items.append({name: str(value)[: source.limits.cell] for name, value in pair.items()})
    return tuple(items)
