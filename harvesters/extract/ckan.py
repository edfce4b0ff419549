"""Another CKAN: package_search in a stable order. Its own levels are kept when it is one of ours, never guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import urlencode

from harvesters.exceptions import RecordError, SourceRefused, UnreadableRecord, UnreadableSource
from harvesters.extract import jsons, unpack
from harvesters.fetch import JSON_TYPES, Fetcher, Request
from harvesters.record import Place, Record, Value, canonical
from harvesters.source import Source

ROWS = 100
OURS = (
    "title_en", "theme", "industry", "region_codes", "temporal_start", "temporal_end", "update_cycle", "pub_date",
    "data_updated", "record_count", "data_source", "source_system", "related_codes", "categories", "source_code",
    "security_level", "provider_unit", "format_class", "formats", "share_type", "share_condition", "share_scope",
    "share_use", "share_basis", "share_method_class", "share_method", "open_type", "open_label", "access_mode",
    "open_condition", "open_method", "open_requirements", "open_safeguards", "open_basis",
    "upper_consent", "items",
)  # fmt: skip
"""Fields of a govcn portal's dataset that are the entry's own; elsewhere they are read as labels like any other."""


FIXED: Mapping[str, str | None] = {
    name: name
    for name in ("title", "notes", "provider", "tags", "url", "pub_date", "data_updated", "contact_name",
                 "contact_email", "resources", *OURS)
}  # fmt: skip
"""Headings that this extractor itself gives their meaning; extras of other portals are recognised like any heading."""


def records_from(source: Source, fetcher: Fetcher) -> Iterator[Record | RecordError]:
    """All datasets, ordered by when they were made and their id: pages do not shift while they are read."""
    start, seen = 0, set[str]()
    for _ in range(source.limits.pages):
        count, results = _page(source, fetcher, start)
        if not results:
            return
        fresh = 0
        for part in results:
            start += 1
            record = record_of(part, source, start)
            if isinstance(record, Record):
                if record.remote_id in seen:
                    continue
                seen.add(record.remote_id)
            fresh += 1
            yield record
        if not fresh:
            raise SourceRefused(source.url, "后一页与前面的页完全相同，分页在循环。")
        if start >= count:
            return
    raise SourceRefused(source.url, f"超过 {source.limits.pages} 页仍未结束。")


def _page(source: Source, fetcher: Fetcher, start: int) -> tuple[int, list[Any]]:
    query = {"rows": ROWS, "start": start, "sort": "metadata_created asc, id asc"}
    if source.query:
        query["fq"] = source.query
    url = f"{source.url.rstrip('/')}/api/3/action/package_search?{urlencode(query)}"
    fetched = fetcher.get(Request(url, most=source.limits.answer), JSON_TYPES)
    text, _ = unpack.decoded(fetched.content, source.url)
    answer = jsons.parsed(text, source.url, source.limits.values)
    results, count = jsons.dig(answer, "result.results"), jsons.dig(answer, "result.count")
    if jsons.dig(answer, "success") is not True or not isinstance(results, list) or not isinstance(count, int):
        raise UnreadableSource(source.url, "不是 CKAN 的 package_search 结果。请核对 url 是否为平台首页地址。")
    return count, cast("list[Any]", results)


def record_of(part: Any, source: Source, number: int) -> Record | RecordError:
    """One dataset's dict as a record; extras become headings of their own."""
    place = Place(source.url, "", number)
    if not isinstance(part, dict) or not cast("dict[str, Any]", part).get("id"):
        return UnreadableRecord(place, why="不是 CKAN 数据集")
    dataset = cast("dict[str, Any]", part)
    organization = cast("dict[str, Any]", dataset.get("organization") or {})
    raw: dict[str, Value] = {
        "title": dataset.get("title") or dataset.get("name"),
        "notes": dataset.get("notes"),
        "provider": organization.get("title") or organization.get("name"),
        "tags": [tag.get("display_name") or tag.get("name") for tag in _objects(dataset.get("tags"))],
        "url": f"{source.url.rstrip('/')}/dataset/{dataset.get('name')}",
        "pub_date": dataset.get("metadata_created"),
        "data_updated": dataset.get("metadata_modified"),
        "contact_name": dataset.get("maintainer") or dataset.get("author"),
        "contact_email": dataset.get("maintainer_email") or dataset.get("author_email"),
        "resources": [_resource(part) for part in _objects(dataset.get("resources"))],
    }
    for extra in _objects(dataset.get("extras")):
        if extra.get("key"):
            raw.setdefault(str(extra["key"])[:100], extra.get("value"))
    raw |= {name: dataset[name] for name in OURS if dataset.get(name) not in (None, "", [])}
    if not raw.get("formats"):
        named = (_resource(part)["format"] for part in _objects(dataset.get("resources")))
        raw["formats"] = list(dict.fromkeys(name for name in named if name))
    try:
        size = len(canonical(raw, ordered=False))
    except (ValueError, RecursionError):
        return UnreadableRecord(place, why="嵌套太深")
    if size > 10 * 1024 * 1024:
        return UnreadableRecord(place, why="一条数据集超过 10 MB")
    return Record(source.name, place, raw, remote_id=str(dataset["id"])[:200])


def _objects(parts: Any) -> list[dict[str, Any]]:
    listed = cast("list[Any]", parts) if isinstance(parts, list) else []
    return [cast("dict[str, Any]", part) for part in listed if isinstance(part, dict)]


def _resource(part: dict[str, Any]) -> dict[str, Value]:
    return {name: str(part.get(name) or "")[:2_000] for name in ("id", "url", "name", "format", "description", "size")}
