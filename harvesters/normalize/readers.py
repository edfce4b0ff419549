"""Readers of single values: from what people write to what the entry holds. Each is pure and remembers its answers.

A reader returns None (or an empty tuple) for what it cannot read; the caller keeps the text in `unread`.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any, cast

from ckanext.govcn.catalog import codes
from ckanext.govcn.catalog.dates import read_date
from ckanext.govcn.catalog.text import normalize

from harvesters.normalize.headings import evidence
from harvesters.record import Value

LABELS = ("label", "name", "title", "display_name", "text", "value")
EARLIEST, LATEST = "1949-10-01", "2100-01-01"

_NUMBER = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[+-]?\d+(?:\.\d+)?")
_COUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(亿|千万|百万|万|千|百)?\s*(?:条|行|个|项|件|笔|户|张)?(?:记录|数据)?\+?")
_UNITS = {"亿": 10**8, "千万": 10**7, "百万": 10**6, "万": 10**4, "千": 1000, "百": 100}
_TAGS = re.compile(r"[,，、;；|\n\r\t]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_HALF = re.compile(r"[\ud800-\udfff]")  # of a character; what a source cut in two is stored nowhere
_TAG = re.compile(
    r"</?(?:p|br|div|span|b|i|u|em|strong|font|table|tbody|thead|tr|td|th|li|ul|ol|a|h\d|img|script|style)"
    r"(?:\s[^<>]*)?/?>",
    re.I,
)
_BREAK = re.compile(r"<(?:br\s*/?|/p|/div|/tr|/li|/h\d)(?:\s[^<>]*)?>", re.I)
_HIDDEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.I | re.S)
_BESIDE_DAY = re.compile(
    r"^[\u4e00-\u9fff]{2,8}[:：]|\s*[ap]\.?m\.?$|[上下]午|凌晨|(?:星期|周)[一二三四五六日天]|&nbsp;|^/Date\(|\)/$"
    r"|(?<=\d)(?:发布|更新|上线|上架|修改)$",
    re.I,
)  # what may stand beside a day without changing it
_NUMBER_WORD = r"\d{1,3}|[一二两三四五六七八九十]"
_UNIT = r"(?P<unit>学年|学期|年度?|半年|季度?|半月|个?月|旬|周|星期|工作日|天|日|个?小时|分钟|秒)"
_ORDINAL = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
_DONE = r"(?:定期)?(?:更新|采集|报送|发布|归集|同步|汇聚)?"
_CYCLES = tuple(
    re.compile(shape)
    for shape in (
        rf"(?:每|按|逐)?(?P<count>{_NUMBER_WORD})?{_UNIT}{_DONE}(?:[1一]次)?(?:{_DONE})",
        rf"(?:每|按|1|一)?{_UNIT}{_DONE}(?P<times>{_NUMBER_WORD})次(?:{_DONE})",
        rf"(?P<times>{_NUMBER_WORD})次/(?:每)?{_UNIT}",
        rf"(?P<count>{_NUMBER_WORD})?{_UNIT}/次",
        rf"每{_UNIT}(?:年?[初末底]|[上中下]旬|第?{_ORDINAL}(?:月|日|号|时|点|周|季度|个工作日)|(?<=[周期])[一二三四五六日天])"
        r"(?!.*[至到、和及/次]).{0,8}",
    )
)
_FORMAT_SEPARATOR = re.compile(r"[,，、;；|/\\:：\s]+|(?<=[\u4e00-\u9fff])-|-(?=[\u4e00-\u9fff])")


def text_of(value: Value) -> str:
    """Any value as one text: lists joined by “,”, mappings by their label (name, title, value), numbers plain."""
    if isinstance(value, str):
        return value.strip() if value.isprintable() else _HALF.sub("\ufffd", _CONTROL.sub("", value)).strip()
    if value is None or isinstance(value, bool):
        return {None: "", True: "是", False: "否"}[value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list):
        return ",".join(t for part in value if (t := text_of(part)))
    if isinstance(value, dict):
        return next((text_of(value[key]) for key in LABELS if key in value), "")
    return str(value)


@functools.lru_cache(maxsize=65536)
def is_missing(text: str) -> bool:
    """null, 暂无, 无, —: nothing was given (words.yaml)."""
    return codes.is_blank(text)


def given(value: Value) -> str:
    """The text of a value, or "" when it says that nothing was given."""
    text = text_of(value)
    return "" if len(text) <= 12 and is_missing(text) else text


def prose(text: str) -> str:
    """A text without the HTML that editors of portals leave in it; anything else that has a < stays as it is."""
    if not _TAG.search(text):
        return text
    lines = _BREAK.sub("\n", _HIDDEN.sub("", text))
    plain = html.unescape(_TAG.sub("", lines)).replace("\xa0", " ")
    return "\n".join(line for part in plain.splitlines() if (line := " ".join(part.split())))


def day(value: Value) -> str:
    """CCYY-MM-DD (GB/T 7408) or "". Reads the six shapes, epoch seconds and milliseconds, Excel's serial numbers."""
    if isinstance(value, bool) or value is None:
        return ""
    return _day(text_of(value))


@functools.lru_cache(maxsize=65536)
def _day(text: str) -> str:
    text = text.strip().strip("\"'")
    if not text or len(text) > 40 or not any(c.isdigit() for c in text):
        return ""
    found = read_date(text) or read_date(_BESIDE_DAY.sub(" ", text))
    iso = found.iso if found else _day_in_english(text)
    return iso if EARLIEST <= iso <= LATEST else ""


@functools.lru_cache(maxsize=65536)
def mended(text: str) -> bool:
    """Was the day read only after something was mended (2022/8/1018:10)?"""
    found = read_date(text)
    return found is not None and found.doubtful


_ENGLISH_DAYS = (
    "%a, %d %b %Y %H:%M:%S %Z", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y %I:%M:%S %p",
    "%a %b %d %H:%M:%S %Y",
)  # fmt: skip


def _day_in_english(text: str) -> str:
    for shape in _ENGLISH_DAYS:
        try:
            return datetime.strptime(text, shape).replace(tzinfo=UTC).date().isoformat()
        except ValueError:
            continue
    if found := re.fullmatch(r"([A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d) CST (\d{4})", text):
        return _day_in_english(f"{found[1]} {found[2]}")
    return ""


def whole_number(value: Value) -> int | None:
    """A count: 1000, "1,000", "1.2万条"; None for anything else or below 0."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value if 0 <= value < 10**15 else None
    return _whole(text_of(value))


@functools.lru_cache(maxsize=65536)
def _whole(text: str) -> int | None:
    text = unicodedata.normalize("NFKC", text).replace(" ", "")
    if _NUMBER.fullmatch(text):
        number = float(text.replace(",", ""))
        return int(number) if 0 <= number < 10**15 else None
    if found := _COUNT.fullmatch(text):
        number = float(found[1]) * _UNITS.get(found[2] or "", 1)
        return round(number) if number < 10**15 else None
    return None


@functools.lru_cache(maxsize=65536)
def code(table: str, text: str) -> str:
    """The one code a text means in a table, or ""."""
    return codes.table(table).code_of(text) or ""


@functools.lru_cache(maxsize=65536)
def several_codes(table: str, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(codes, parts without one) of a cell with several values."""
    return codes.table(table).codes_of(text)


@functools.lru_cache(maxsize=65536)
def update_cycle(text: str) -> str:
    """The code of 更新周期 that a text means, or "": the table's names first, then what is counted (每6个月)."""
    bare = re.sub(r"[(（\[].*", "", text)
    return code("update_cycle", text) or code("update_cycle", bare) or _counted_cycle(normalize(bare))


def _counted_cycle(text: str) -> str:
    """每6个月, 一季度, 每年2次, 2次/年, 年/次, 每周五, 每月15日前; 其他 when no code fits (每4年); "" when it
    is none of them."""
    if len(text) > 20:
        return ""
    cycles = cast("dict[str, Any]", evidence()["cycles"])
    for pattern in _CYCLES:
        if found := pattern.fullmatch(text):
            parts = found.groupdict()
            unit, times = cycles["units"][parts["unit"]], parts.get("times")
            table = cycles["times" if times else "counted"].get(unit, {})
            return str(table.get(_small_number(times or parts.get("count") or "1"), cycles["other"]))
    return ""


def _small_number(text: str) -> int:
    return int(text) if text.isdecimal() else "零一二三四五六七八九十".find(text.replace("两", "二"))


@functools.lru_cache(maxsize=65536)
def formats(text: str) -> tuple[str, str, tuple[str, ...]]:
    """(class, types, parts that are neither) of 数据库-mysql, ['xls', 'api'], 电子表格/xlsx, 03,0310."""
    class_ = ""
    types: dict[str, None] = {}
    unread: dict[str, None] = {}
    inner = unicodedata.normalize("NFKC", text).strip("[]{} ")
    for piece in _FORMAT_SEPARATOR.split(inner):
        part = piece.strip("\"' ()")
        if not part or is_missing(part):
            continue
        if found := code("format_type", part) or code("format_type", part.lstrip(".")):
            types[found] = None
        elif found := code("format_class", part):
            class_ = class_ or found
        else:
            unread[part] = None
    return class_, ",".join(types), tuple(unread)


@functools.lru_cache(maxsize=65536)
def tags(text: str) -> tuple[str, ...]:
    """Keywords split at ,，、;；| and line ends; at blanks when there is nothing else. 1–100 characters each."""
    inner = text.strip().strip("[]")
    parts = _TAGS.split(inner)
    if len(parts) == 1 and re.search(r"[\u4e00-\u9fff]\s+[\u4e00-\u9fff]", inner):
        parts = inner.split()
    cleaned = (re.sub(r"\s+", " ", part).strip(" \"'·-_.。") for part in parts)
    return tuple(dict.fromkeys(p for p in cleaned if p and len(p) <= 100 and not is_missing(p)))[:50]


def flag(text: str) -> bool | None:
    """是/否, 1/0, Y/N, √/×."""
    return codes.flag_of(text)


def as_text_list(value: Value) -> list[str]:
    """The texts of a list, or of one value."""
    parts = cast("list[Value]", value) if isinstance(value, list) else [value]
    return [t for part in parts if (t := given(part))]
