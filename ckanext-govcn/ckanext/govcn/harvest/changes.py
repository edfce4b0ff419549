"""变更清单 as a person reads it: codes as words, lists by what was added and taken away, addresses to some. PURE.

A change is one of `govcn_harvest_change`: `fields` of field, old and new as the entry has them, `theirs` as the dataset
has it now, and `conflict` where a person and the source changed it to different values. Every text here came from a
source: it is data for a template that escapes, never markup.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ckanext.govcn.catalog import codes

TABLES = {
    "theme": "theme",
    "industry": "industry",
    "region_codes": "region",
    "update_cycle": "update_cycle",
    "data_source": "data_source",
    "categories": "classification",
    "security_level": "security_level",
    "format_class": "format_class",
    "formats": "format_type",
    "share_type": "share_type",
    "share_method_class": "share_method_class",
    "share_method": "share_method",
    "open_type": "open_type",
    "access_mode": "access_mode",
}
"""Field → the table of its codes."""
ADDRESSES = frozenset({"url", "resources"})
"""Fields that say where the data is: for those who get the data (docs/access.md)."""
FOLD = 160
"""Characters from which on a value is folded on the page."""
_ITEM_CODES = {"data_type": "data_type", "share_type": "share_type", "open_type": "open_type"}


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a list's difference: `kind` is added, removed or changed; `detail` says what changed in it."""

    kind: str
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One field of a change. Where `parts` is filled they tell the difference better than `old` and `new`.

    `theirs` is filled where a person edited the field; `conflict`: the source changed it, too, and nobody has decided.
    `hidden`: the reader does not get the values of this field, all texts are empty.
    """

    field: str
    old: str = ""
    new: str = ""
    theirs: str = ""
    edited: bool = False
    conflict: bool = False
    hidden: bool = False
    parts: tuple[Part, ...] = ()

    @property
    def long(self) -> bool:
        """Is there more of it than a row of a table should hold?"""
        return max(len(self.old), len(self.new), len(self.theirs)) > FOLD or len(self.parts) > 8


def veiled(change: Mapping[str, Any], *, addresses: bool) -> dict[str, Any]:
    """A field's change as the reader may have it. `addresses`: do they get the data, and so where it is?"""
    if addresses or change.get("field") not in ADDRESSES:
        return dict(change)
    return {"field": change.get("field"), "conflict": bool(change.get("conflict")), "hidden": True}


def shown(change: Mapping[str, Any], *, english: bool = False) -> Shown:
    """A field's change, already `veiled`, for the page."""
    name = str(change.get("field", ""))
    conflict = bool(change.get("conflict"))
    if change.get("hidden"):
        return Shown(name, conflict=conflict, hidden=True)
    old, new = change.get("old"), change.get("new")
    theirs = change.get("theirs", old)
    edited = conflict or (theirs != old and theirs is not None)
    texts = [text_of(name, value, english=english) for value in (old, new, theirs if edited else None)]
    return Shown(name, *texts, edited=edited, conflict=conflict, parts=_parts(name, old, new, english=english))


def text_of(field: str, value: Any, *, english: bool = False) -> str:
    """A value of an entry as text; "" when nothing is given."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return ("yes" if value else "no") if english else ("是" if value else "否")
    if isinstance(value, Mapping):
        return "，".join(_filled(cast("Mapping[str, Any]", value)))
    if isinstance(value, (list, tuple)):
        values = cast("Sequence[Any]", value)
        return "、".join(_name_of(each, english=english) or text_of(field, each, english=english) for each in values)
    return _word(TABLES.get(field, ""), str(value), english=english)


def fields_of_new(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The filled-in fields of an entry that would be added, as changes from nothing, in the order they stand."""
    return [
        {"field": name, "old": None, "new": value, "conflict": False}
        for name, value in entry.items()
        if name not in ("unread", "secrecy", "title", "code_provisional") and value not in (None, "", [], {})
    ]


def _word(table: str, code: str, *, english: bool) -> str:
    if not table:
        return code
    return codes.table(table).label_en(code) if english else codes.table(table).label(code)


def _filled(value: Mapping[str, Any]) -> Iterable[str]:
    for key, each in value.items():
        if each in (None, "", [], {}):
            continue
        yield _word("region", str(each), english=False) if key == "region_code" else _plain(each)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _name_of(value: Any, *, english: bool) -> str:
    """What a person calls an item or a resource."""
    if not isinstance(value, Mapping):
        return ""
    given = cast("Mapping[str, Any]", value)
    name = str(given.get("name") or given.get("url") or "")
    kind = str(given.get("data_type") or given.get("format") or "")
    kind = _word("data_type", kind, english=english) if given.get("data_type") else kind
    return f"{name}（{kind}）" if name and kind else name


def _parts(field: str, old: Any, new: Any, *, english: bool) -> tuple[Part, ...]:
    """The difference of two lists, by what their members are called; nothing for single values."""
    before, after = _listed(old), _listed(new)
    if before is None or after is None or not (before or after):
        return ()
    key: Callable[[Any], str] = _key_of
    was, now = ({key(each): each for each in values} for values in (before, after))
    if len(was) != len(before) or len(now) != len(after) or not (was and now):
        return ()  # two members of one name, or a list that came or went as a whole: shown as it is
    gone = [Part("removed", _member(field, was[name], english=english)) for name in was if name not in now]
    come = [Part("added", _member(field, now[name], english=english)) for name in now if name not in was]
    mended = [
        Part("changed", _member(field, now[name], english=english), _detail(was[name], now[name], english=english))
        for name in now
        if name in was and was[name] != now[name]
    ]
    return (*gone, *come, *mended)


def _listed(value: Any) -> Sequence[Any] | None:
    if value is None or value == "":
        return ()
    return cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else None


def _key_of(value: Any) -> str:
    if isinstance(value, Mapping):
        given = cast("Mapping[str, Any]", value)
        return str(given.get("remote_id") or given.get("name") or given.get("url") or "")
    return str(value)


def _member(field: str, value: Any, *, english: bool) -> str:
    return _name_of(value, english=english) or text_of(field, value, english=english)


def _detail(old: Any, new: Any, *, english: bool) -> str:
    """What changed within an item: `数据长度 100 → 200`, by the item's own keys."""
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return ""
    was, now = cast("Mapping[str, Any]", old), cast("Mapping[str, Any]", new)
    told: list[str] = []
    for key in dict.fromkeys([*was, *now]):
        if was.get(key) != now.get(key):
            left, right = (_inner(key, each.get(key), english=english) for each in (was, now))
            label = key if english else _ITEM_LABELS.get(key, key)
            told.append(f"{label} {left} → {right}")
    return "；".join(told)


def _inner(key: str, value: Any, *, english: bool) -> str:
    if value in (None, ""):
        return "—"
    if isinstance(value, bool):
        return text_of(key, value, english=english)
    return _word(_ITEM_CODES.get(key, ""), _plain(value), english=english)


_ITEM_LABELS = {
    "name": "名称",
    "name_en": "英文名称",
    "data_type": "数据类型",
    "length": "数据长度",
    "description": "说明",
    "primary_key": "主键",
    "nullable": "可为空",
    "dictionary": "字典项",
    "share_type": "共享类型",
    "share_condition": "共享条件",
    "open_type": "开放属性",
    "open_condition": "开放条件",
    "url": "地址",
    "format": "格式",
    "size": "大小",
}
