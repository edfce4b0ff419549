"""Template helpers of the desk. They only read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.govcn.dataset.language import say
from ckanext.govcn.harvest import rules

_TABS = {
    "sources": (("归集来源", "Sources"), ("govcn_harvest.sources", "govcn_harvest.source")),
    "runs": (
        ("归集任务", "Runs"),
        ("govcn_harvest.runs", "govcn_harvest.run", "govcn_harvest.plan", "govcn_harvest.undo"),
    ),
    "upload": (
        ("上传工作簿", "Upload a workbook"),
        ("govcn_harvest.departments", "govcn_harvest.upload"),
    ),
    "jobs": (("作业", "Jobs"), ("govcn_harvest.jobs", "govcn_harvest.job")),
}
_WORDS: dict[str, dict[Any, tuple[str, str]]] = {
    "protocol": {
        "catalogue_file": ("目录文件", "Catalogue file"),
        "rest_json": ("JSON 接口", "JSON API"),
        "ckan": ("CKAN 平台", "CKAN portal"),
        "oportal": ("开放平台网页", "Portal's web pages"),
    },
    "providers": {
        "fixed": ("只归集本部门的目录", "The department's own entries only"),
        "map": ("按对照表归属部门", "Departments by a list"),
        "create": ("按提供方归属部门", "Departments by provider"),
    },
    "files": {"link": ("保留链接", "Linked"), "copy": ("存入平台", "Copied")},
    "apply": {"auto": ("自动执行", "By itself"), "review": ("逐次审阅", "After a review")},
    "release": {True: ("已注明发布依据", "Stated"), False: ("未注明，入库后待审核", "Not stated; reviewed here")},
}
_LABELS = {
    "protocol": ("接入方式", "Protocol"),
    "provider": ("提供方", "Provider"),
    "providers": ("部门归属", "Departments"),
    "region": ("行政区划", "Region"),
    "files": ("数据文件", "Data files"),
    "apply": ("变更执行", "Changes"),
    "release": ("发布依据", "Release"),
}


_FIELDS = {
    "provider": ("提供方", "Provider"),
    "resources": ("挂接资源", "Resources"),
    "tags": ("关键字", "Keywords"),
    "url": ("数据地址", "Address"),
    "owner_org": ("所属部门", "Department"),
    "release": ("发布依据", "Release"),
    "secrecy": ("涉密标识", "Secrecy mark"),
}


def govcn_harvest_field(name: str) -> str:
    """What a field of an entry or a part of a dataset is called."""
    own = _FIELDS.get(name)
    return say(*own) if own else str(tk.h.govcn_field_label(name))


def govcn_harvest_takes_uploads(source: str) -> bool:
    """Does the source take what is uploaded, instead of being asked?"""
    return rules.takes_uploads(source)


def govcn_harvest_tabs() -> list[dict[str, Any]]:
    """The desk's own navigation."""
    here = tk.request.endpoint or ""
    return [
        {"label": say(*words), "url": tk.h.url_for(endpoints[0]), "active": here in endpoints}
        for words, endpoints in _TABS.values()
    ]


def govcn_harvest_settings(source: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, value) of a source's settings as last read, in words."""
    settings = source.get("settings") or {}
    told: list[tuple[str, str]] = []
    for key, label in _LABELS.items():
        value = settings.get(key)
        if value in (None, ""):
            continue
        known = _WORDS.get(key, {}).get(value)
        text = say(*known) if known else tk.h.govcn_code_label("region", value) if key == "region" else str(value)
        told.append((say(*label), text))
    if source.get("schedule"):
        told.append((say("定时", "Schedule"), str(source["schedule"])))
    return told


def govcn_harvest_plain(value: Any) -> str:
    """A received or kept value as one line of text."""
    if isinstance(value, list):
        return "、".join(govcn_harvest_plain(each) for each in value)
    if isinstance(value, Mapping):
        return "，".join(f"{key} {govcn_harvest_plain(each)}" for key, each in value.items() if each not in (None, ""))
    return "" if value is None else str(value)
