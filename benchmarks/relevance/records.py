"""Catalogue lists of any dialect → documents to index, one per row, none refused or merged.

Headings are recognised as the harvesters recognise them; what is not recognised stays searchable as `other`, so that
a dialect never seen before loses nothing.
"""

from __future__ import annotations

import functools
import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ckanext.govcn.catalog import codes
from ckanext.govcn.search.lexicon import short_name
from ckanext.govcn.search.pinyin import syllables

from harvesters.normalize.recognise import recognise
from harvesters.record import Place, Record

_TEXT_FIELDS = (
    "title",
    "notes",
    "provider",
    "provider_unit",
    "provider_region",
    "theme",
    "industry",
    "tags",
    "formats",
)
_SPLIT = re.compile(r"[,，、;；|\s]+")
_NOTHING = frozenset({"", "null", "none", "暂无", "无", "[]", "{}", "-", "—"})
# Never words a person searches for: addresses, counters, dates.
_NOT_TEXT = frozenset(
    [
        "url",
        "download_url",
        "pub_date",
        "data_updated",
        "record_count",
        "storage_size",
        "contact_phone",
        "contact_email",
        "contact_name",
        "update_cycle",
        "open_type",
        "open_flag",
        "open_condition",
        "share_type",
        "ignored",
        "remote_id",
    ]
)


@dataclass(frozen=True, slots=True)
class Document:
    """One row. `id` is file name, hyphen, position in five digits."""

    id: str
    title: str
    notes: str = ""
    provider: tuple[str, ...] = ()
    theme: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    date: str = ""
    url: str = ""
    other: str = ""
    regions: tuple[str, ...] = ()


def files_in(folder: Path) -> list[Path]:
    """The JSON lists of a folder, plain or gzipped, in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.name.endswith((".json", ".json.gz")))


def documents_in(folder: Path) -> Iterator[Document]:
    """All rows of all lists. Raises ValueError for a file that is no JSON list."""
    for path in files_in(folder):
        yield from documents_of(path)


def documents_of(path: Path) -> list[Document]:
    """All rows of one list."""
    name = path.name.removesuffix(".gz").removesuffix(".json")
    content = path.read_bytes()
    rows = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    if not isinstance(rows, list):
        raise ValueError(f"{path}: 不是 JSON 列表 / not a JSON list")
    return list(read_rows(name, rows))


def read_rows(name: str, rows: Sequence[Any]) -> Iterator[Document]:
    """The documents of one portal's rows; a row that is no object is indexed by its text."""
    raws = [row if isinstance(row, dict) else {"title": row} for row in rows]
    headings = recognise([Record(name, Place(name, row=number), raw) for number, raw in enumerate(raws, 1)]).fields
    regions = regions_named(name)
    for position, raw in enumerate(raws):
        yield replace(document_of(f"{name}-{position:05d}", raw, headings), regions=regions)


@functools.cache
def regions_named(name: str) -> tuple[str, ...]:
    """Codes of the province and the city a list is named after in pinyin (zhejiang_hangzhou); () when it is none.

    A source's configuration says which place its entries are of; for a list without one its name has to.
    """
    parts = [part for part in re.split(r"[_-]", name.casefold()) if part]
    table = codes.table("region")
    spoken = {code: "".join(syllables(short_name(table.label(code)))) for code in table.codes if code.endswith("00")}
    provinces = [
        code for code, sound in spoken.items() if code.endswith("0000") and sound == parts[0].replace("aa", "a")
    ]
    if parts[0] == "shaanxi":  # 陕西 writes itself so to be told from 山西
        provinces = ["610000"]
    cities = [
        code
        for code, sound in spoken.items()
        if not code.endswith("0000") and sound == parts[-1] and any(code[:2] == province[:2] for province in provinces)
    ]
    return tuple(cities[:1] or provinces[:1])


def document_of(identifier: str, raw: Mapping[str, Any], headings: Mapping[str, str | None]) -> Document:
    """One row by the headings of its file."""
    read: dict[str, list[str]] = {}
    other: list[str] = []
    for heading, value in raw.items():
        field_name = headings.get(heading)
        texts = list(_texts(value))
        if field_name in _NOT_TEXT:
            if field_name in ("data_updated", "pub_date", "url"):
                read.setdefault(str(field_name), []).extend(texts)
        elif field_name in _TEXT_FIELDS or field_name in ("source_code", "items.name"):
            read.setdefault(str(field_name), []).extend(texts)
        else:
            other.extend(text for text in texts if not text.startswith("http"))
    title = " ".join(read.get("title", [])) or (other[0] if other else "")
    return Document(
        id=identifier,
        title=title,
        notes=" ".join(read.get("notes", [])),
        provider=tuple(read.get("provider", []) + read.get("provider_region", []) + read.get("provider_unit", [])),
        theme=tuple(_parts(read.get("theme", []) + read.get("industry", []))),
        tags=tuple(_parts(read.get("tags", []))),
        items=tuple(_parts(read.get("items.name", []))),
        codes=tuple(read.get("source_code", [])),
        date=next(iter(read.get("data_updated", []) + read.get("pub_date", [])), ""),
        url=next(iter(read.get("url", [])), ""),
        other=" ".join(other)[:5_000],
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)
    elif value is not None and not isinstance(value, bool):
        text = str(value).strip()
        if text.casefold() not in _NOTHING:
            yield text


def _parts(texts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(part for text in texts for part in _SPLIT.split(text) if part and len(part) <= 60))
