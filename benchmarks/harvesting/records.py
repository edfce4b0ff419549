"""Catalogue records as another CKAN portal would offer them: real ones where there are any, made-up ones elsewhere.

One JSON object a line, in the shape of `package_search`. What differs from copy to copy of a record stands as a mark
in it (`MARKS`), so that a portal of any size can be served from one list.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.relevance.records import Document, documents_in

ID, RESOURCE, NUMBER, MODIFIED, EDITION, TAG = "@ID@", "@RESOURCE@", "@NUMBER@", "@MODIFIED@", "@EDITION@", "@TAG@"
CREATED = "2026-01-05T08:00:00.123456"  # with fractions: a stock harvester compares such dates as texts
SEED = 20261124
MADE_UP = 5_000
_TAG = re.compile(r"[\w.-][\w .-]{0,98}[\w.-]")  # what stock CKAN takes as a tag: both sides get the same ones
_LINK = re.compile(r"https?://[^\s\"'<>]{3,1000}")


def lines(folder: Path) -> tuple[list[bytes], str]:
    """The records, and where they are from: `real` or `made_up`."""
    documents = list(documents_in(folder)) if folder.is_dir() else []
    found = [document for document in documents if document.title.strip()]
    if found:
        return [_line(_real(document)) for document in found], "real"
    return [_line(each) for each in _made_up()], "made_up"


def _line(dataset: dict[str, Any]) -> bytes:
    return json.dumps(dataset, ensure_ascii=False).encode()


def _real(document: Document) -> dict[str, Any]:
    more = {
        "所属领域": "、".join(document.theme),
        "更新日期": document.date,
        "其他说明": document.other[:1_000],
    }
    texts = {"title": document.title, "notes": document.notes, "provider": " ".join(document.provider)[:60]}
    return _dataset(texts, document.tags, more, document.url)


def _made_up() -> Iterator[dict[str, Any]]:
    chosen = random.Random(SEED)
    for number in range(MADE_UP):
        topic, place = chosen.choice(TOPICS), chosen.choice(PLACES)
        more = {"所属领域": chosen.choice(THEMES), "更新周期": chosen.choice(CYCLES), "更新日期": "2026-01-05"}
        texts = {
            "title": f"{place}{topic}信息（{number:05d}）",
            "notes": f"{place}范围内{topic}的名称、地址、联系方式和服务时间，由主管部门按周期更新。",
            "provider": f"示例市{chosen.choice(DEPARTMENTS)}",
        }
        yield _dataset(texts, (topic, place), more, f"https://data.example.gov.cn/detail?id={number}")


TOPICS = ("停车场", "公共厕所", "医疗机构", "中小学", "养老机构", "博物馆", "公交线路", "充电桩", "旅游景区", "药店")
PLACES = ("示东区", "示西区", "高新区", "示例新城", "滨江街道", "古城街道")
DEPARTMENTS = ("统计局", "交通运输局", "卫生健康委员会", "教育局", "民政局", "文化和旅游局")
THEMES = ("交通运输", "医疗卫生", "教育文化", "社会民生", "城建住房")
CYCLES = ("每日", "每周", "每月", "每季度", "每年")


def _dataset(texts: dict[str, str], tags: Sequence[str], more: dict[str, str], url: str) -> dict[str, Any]:
    """A dataset as CKAN shows it: title, notes and provider, and what its portal says besides."""
    title = texts["title"]
    kept = list(dict.fromkeys(tag for tag in tags if _TAG.fullmatch(tag)))[:20]
    link = url if _LINK.fullmatch(url) else ""
    resource = {
        "id": RESOURCE, "url": link, "name": title[:100], "description": "", "format": "HTML", "state": "active",
        "created": CREATED, "metadata_modified": CREATED, "position": 0,
    }  # fmt: skip
    return {
        "id": ID, "name": f"record-{NUMBER}", "title": title, "notes": f"{texts['notes']}{EDITION}", "type": "dataset",
        "state": "active", "private": False, "isopen": False, "license_id": "notspecified", "version": None,
        "author": None, "author_email": None, "maintainer": None, "maintainer_email": None, "url": link,
        "metadata_created": CREATED, "metadata_modified": MODIFIED,
        "owner_org": "organization", "groups": [],
        "organization": {
            "id": "organization", "name": "organization", "title": texts["provider"], "type": "organization",
            "description": "", "image_url": "", "created": CREATED, "is_organization": True,
            "approval_status": "approved", "state": "active",
        },
        "tags": [{"name": tag, "display_name": tag, "state": "active", "vocabulary_id": None} for tag in [*kept, TAG]],
        "resources": [resource] if link else [],
        "extras": [{"key": key, "value": value} for key, value in more.items() if value],
        "relationships_as_subject": [], "relationships_as_object": [],
    }  # fmt: skip
