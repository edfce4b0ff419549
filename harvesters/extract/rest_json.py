"""A JSON API described by YAML alone: list, paging, detail. The shapes seen are in standards.md §3.3."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from harvesters import credentials
from harvesters.exceptions import RecordError, SourceRefused, UnreadableRecord, UnreadableSource
from harvesters.extract import jsons, unpack
from harvesters.fetch import JSON_TYPES, Fetcher, Request
from harvesters.normalize import readers
from harvesters.record import Place, Record, canonical_hash
from harvesters.source import DetailCall, ListCall, Source


def records_from(source: Source, fetcher: Fetcher) -> Iterator[Record | RecordError]:
    """The records of all pages, each completed by its detail when the source has one."""
    number = 0
    for parts in _pages(source, fetcher):
        for part in parts:
            number += 1
            if number > source.limits.rows:
                raise SourceRefused(source.list.url, f"超过 {source.limits.rows} 条。请缩小范围。")
            yield _record(source, fetcher, part, number)


def _record(source: Source, fetcher: Fetcher, part: Any, number: int) -> Record | RecordError:
    place = Place(_shown(source.list.url), "", number)
    remote_id = readers.text_of(jsons.dig(part, source.list.id)) if source.list.id else ""
    if source.list.id and not remote_id:
        return UnreadableRecord(place, why=f"没有编号（{source.list.id}）")
    if source.detail is not None:
        detail = _asked(source, fetcher, source.detail, {"id": remote_id})
        found = jsons.dig(detail, source.detail.record)
        if not isinstance(found, dict):
            return UnreadableRecord(place, why="明细接口没有返回记录")
        listed = cast("dict[str, Any]", part) if isinstance(part, dict) else {}
        part = {**listed, **cast("dict[str, Any]", found)}
    record = jsons.record_of(part, source.name, place, source.limits)
    return replace(record, remote_id=remote_id) if isinstance(record, Record) and remote_id else record


def _pages(source: Source, fetcher: Fetcher) -> Iterator[list[Any]]:
    paging, call = source.paging, source.list
    seen: set[str] = set()
    cursor, received = "", 0
    for turn in range(source.limits.pages):
        answer = _asked(source, fetcher, call, {}, _page(source, turn, received, cursor))
        found = jsons.dig(answer, call.records) if call.records else jsons.find_list(answer)
        if found is not None and not isinstance(found, list):
            raise UnreadableSource(_shown(call.url), f"{call.records} 不是列表。请核对 list.records。")
        parts = cast("list[Any]", found or [])
        if not parts:
            if turn == 0 and found is None:
                raise UnreadableSource(_shown(call.url), "返回结果里没有记录列表。请核对 list.records 和参数。")
            return
        _no_loop(seen, canonical_hash(parts), call.url)
        yield parts
        received += len(parts)
        if paging.kind == "none" or (paging.stop == "short" and len(parts) < paging.page_size):
            return
        total = readers.whole_number(jsons.dig(answer, paging.total)) if paging.total else None
        if total is not None and received >= total:
            return
        if paging.kind == "cursor":
            cursor = readers.text_of(jsons.dig(answer, paging.next))
            if not cursor:
                return
    raise SourceRefused(_shown(call.url), f"超过 {source.limits.pages} 页仍未结束。请核对分页设置。")


def _no_loop(seen: set[str], page: str, url: str) -> None:
    if page in seen:
        raise SourceRefused(_shown(url), "后一页与前面的页完全相同，分页在循环。请核对 paging 的参数名。")
    seen.add(page)


def _page(source: Source, turn: int, received: int, cursor: str) -> dict[str, Any]:
    paging = source.paging
    if paging.kind == "none":
        return {}
    size = {paging.size: paging.page_size} if paging.size else {}
    if paging.kind == "page":
        return {**size, paging.page: paging.start + turn}
    if paging.kind == "offset":
        return {**size, paging.page: paging.start + received if paging.start > 1 else received}
    return {**size, **({paging.page: cursor} if cursor else {})}


def _asked(
    source: Source,
    fetcher: Fetcher,
    call: ListCall | DetailCall,
    facts: Mapping[str, str],
    page: Mapping[str, Any] | None = None,
) -> Any:
    request = replace(request_of(call, facts, page or {}), most=source.limits.answer)
    fetched = fetcher.get(request, JSON_TYPES)
    text, _ = unpack.decoded(unpack.unpacked(fetched.content, _shown(call.url), source.limits), _shown(call.url))
    return jsons.parsed(text.lstrip("\ufeff"), _shown(call.url), source.limits.values)


def request_of(call: ListCall | DetailCall, facts: Mapping[str, str], page: Mapping[str, Any]) -> Request:
    """The request of a call: `{id}` filled in, paging in the query (GET) or the body (POST), secrets from outside."""
    url = call.url
    for name, value in facts.items():
        url = url.replace("{" + name + "}", quote(value, safe=""))
    # our keys first, then what the source said: an id of "${NAME}" must not draw a credential of ours into a request
    query = {k: _filled(credentials.filled(v), facts) for k, v in call.query.items()}
    headers = {k: credentials.filled(v) for k, v in call.headers.items()}
    if call.method == "GET":
        return Request(_with_query(url, {**query, **page}), "GET", headers)
    body = _filled_in(_secret_in(call.body), facts)
    body = _with_page(cast("dict[str, Any]", body) if isinstance(body, dict) else {}, page)
    if call.body_form:
        headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return Request(_with_query(url, query), "POST", headers, urlencode(body).encode())
    headers = {"Content-Type": "application/json", **headers}
    return Request(_with_query(url, query), "POST", headers, json.dumps(body, ensure_ascii=False).encode())


def _with_page(body: Mapping[str, Any], page: Mapping[str, Any]) -> dict[str, Any]:
    """The body with the paging parameters; `variables.input.offset` goes inside (GraphQL)."""
    filled = dict(body)
    for name, value in page.items():
        first, _, rest = name.partition(".")
        inner = filled.get(first)
        if rest and isinstance(inner, dict):
            filled[first] = _with_page(cast("dict[str, Any]", inner), {rest: value})
        else:
            filled[name] = value
    return filled


def _with_query(url: str, extra: Mapping[str, Any]) -> str:
    if not extra:
        return url
    parts = urlsplit(url)
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in extra]
    return urlunsplit(parts._replace(query=urlencode([*query, *extra.items()])))


def _filled(text: str, facts: Mapping[str, str]) -> str:
    for name, value in facts.items():
        text = text.replace("{" + name + "}", value)
    return text


def _filled_in(value: Any, facts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _filled(value, facts)
    if isinstance(value, dict):
        return {k: _filled_in(v, facts) for k, v in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_filled_in(v, facts) for v in cast("list[Any]", value)]
    return value


def _secret_in(value: Any) -> Any:
    if isinstance(value, str):
        return credentials.filled(value)
    if isinstance(value, dict):
        return {k: _secret_in(v) for k, v in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_secret_in(v) for v in cast("list[Any]", value)]
    return value


def _shown(url: str) -> str:
    """The address without its query: keys may stand there."""
    return url.partition("?")[0]
