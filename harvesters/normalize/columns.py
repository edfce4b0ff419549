"""What the values of a column say about it: shares of dates, addresses, known codes, departments; lengths; variety."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from ckanext.govcn.catalog import codes, levels

from harvesters.normalize import readers
from harvesters.normalize.headings import evidence
from harvesters.record import Records, Value, sample
from harvesters.spool import Spool

SAMPLE = 3_000  # records looked at; more changes no share by anything that matters
DISTINCT = 400  # distinct values judged by the slower readers, each weighed by how often it stands there

_URL = re.compile(
    r"(?:https?|ftp)://[^\s]{3,}|/?[\w./#?&=%-]*(?:\.html?|\.do|\.jsp|\.action|\?[\w]+=)[\w./#?&=%-]*", re.I
)
_PATH = re.compile(r"[^\s:?*|<>\"]{1,300}\.[a-z0-9]{2,7}(?:\.gz)?", re.I)
_CJK = re.compile(r"[\u3400-\u9fff]")
_PHONE = re.compile(r"\+?[\d()（）\s/、,;转-]{7,60}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ID = re.compile(r"[0-9a-zA-Z_/.-]{1,80}")
_CODE = re.compile(r"[A-Z0-9/_-]{6,64}", re.I)
_USCC = re.compile(r"[0-9A-HJ-NP-RT-UWXY]{18}|[0-9A-Z]{8}-?[0-9X]")
_REGION = re.compile(r"[\u4e00-\u9fff]{1,14}(?:省|市|区|县|旗|州|盟|镇|乡|街道|本级)|\d{6}|\d{12}")
_OF_SENTENCES = re.compile(r"包含|包括|主要|其中|提供|用于|反映|等(?:信息|数据|内容|字段|情况|项)|。")
_MONTH = re.compile(r"(?:19|20)\d\d(?:\s*[-/.年]\s*(?:0?[1-9]|1[0-2])\s*月?|年度?)?")
_LEVEL_WORDS = re.compile(r"开放|公开|申请|不予|受限|无条件|有条件|登录|实名")


@dataclass(frozen=True, slots=True)
class Column:
    """Shares are of the values that are given, from 0 to 1."""

    heading: str
    given: int
    distinct: float  # distinct values / given values
    length: float  # mean characters
    shares: Mapping[str, float]
    mean_day: str  # the middle date of a column of dates

    def share(self, name: str) -> float:
        return self.shares.get(name, 0.0)


def columns_of(records: Records) -> list[Column]:
    """One column per heading met, in the order they were met. Looks at an even sample of at most SAMPLE records."""
    values: dict[str, list[Value]] = {heading: [] for heading in headings_of(records)}
    for record in sample(records, SAMPLE):
        for heading, value in record.raw.items():
            values[heading].append(value)
    return [column_of(heading, found) for heading, found in values.items()]


def headings_of(records: Records) -> Iterable[str]:
    """Every heading that a record has."""
    if isinstance(records, Spool):
        return records.headings
    return dict.fromkeys(heading for record in records for heading in record.raw)


def column_of(heading: str, values: Iterable[Value]) -> Column:
    values = list(values)
    counted = Counter(text for value in values if (text := readers.given(value)))
    total = sum(counted.values())
    if not total:
        return Column(heading, 0, 0.0, 0.0, {}, "")
    judged = counted.most_common(DISTINCT) if len(counted) <= DISTINCT else _spread(counted)
    weight = sum(n for _, n in judged)
    shares: dict[str, float] = {}
    for name, test in TESTS.items():
        shares[name] = sum(n for text, n in judged if test(text)) / weight
    shares["objects"] = sum(_is_objects(value) for value in values) / max(1, len(values))
    days = sorted(d for text, _ in judged if (d := readers.day(text)))
    length = sum(len(text) * n for text, n in judged) / weight
    return Column(heading, total, len(counted) / total, length, shares, days[len(days) // 2] if days else "")


def _is_objects(value: Value) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, dict) for part in value)


def _spread(counted: Counter[str]) -> list[tuple[str, int]]:
    common = counted.most_common()
    head, tail = common[: DISTINCT // 2], common[DISTINCT // 2 :]
    return head + tail[:: max(1, len(tail) // (DISTINCT // 2))]


def _of_table(name: str, text: str) -> bool:
    if not _CJK.search(text):  # a bare code says nothing: 1 is a theme, A an industry, both are anything else too
        return False
    found, unread = readers.several_codes(name, text)
    return len(found) > len(unread)


@functools.cache
def _department_endings() -> tuple[str, ...]:
    return tuple(cast("list[str]", evidence()["department"]["endings"]))


def is_department(text: str) -> bool:
    """Does the text look like the name of a department?"""
    if is_label(text):  # 开放网站, 开放数据平台
        return False
    bare = re.sub(r"[(（\[【][^()（）\[\]【】]*[)）\]】]\s*$", "", text.strip()).strip("）)】 ")
    return 2 <= len(bare) <= 60 and bool(_CJK.search(bare)) and bare.endswith(_department_endings())


@functools.lru_cache(maxsize=65536)
def is_level(text: str) -> bool:
    """Does the reviewed label table say a level for this label?"""
    found = levels.level_of(text)
    return found is not None and bool(found.open_type)


@functools.lru_cache(maxsize=65536)
def is_label(text: str) -> bool:
    """Is this a label that the reviewed table knows, a level or not? Places and purposes stand in level columns too."""
    return readers.flag(text) is None and levels.reason_of(text) not in {"", "blank", "code"}


def _are_words(text: str) -> bool:
    """Several short words, not a sentence: 信息、金华市、文物."""
    parts = readers.tags(text)
    return len(parts) > 1 and all(len(part) <= 10 for part in parts) and not _OF_SENTENCES.search(text)


def _is_format(text: str) -> bool:
    if text.isdigit():
        return False
    class_, types, unread = readers.formats(text)
    return bool(class_ or types) and not (len(unread) > 1 and not types)


TESTS: Mapping[str, Callable[[str], bool]] = {
    "day": lambda text: bool(readers.day(text)),
    "month": lambda text: bool(_MONTH.fullmatch(text)),
    "url": lambda text: bool(_URL.fullmatch(text)) and ("://" in text or "/" in text),
    "path": lambda text: bool(_PATH.fullmatch(text)),
    "count": lambda text: readers.whole_number(text) is not None,
    "cycle": lambda text: not text.isdigit() and bool(readers.update_cycle(text)),
    "level": is_level,
    "label": is_label,
    "level_words": lambda text: len(text) <= 40 and bool(_LEVEL_WORDS.search(text)),
    "sharing": lambda text: not text.isdigit() and bool(readers.code("share_type", text)),
    "theme": lambda text: _of_table("theme", text),
    "industry": lambda text: _of_table("industry", text),
    "format": _is_format,
    "department": is_department,
    "region": lambda text: len(text) <= 16 and bool(_REGION.fullmatch(text)),
    "flag": lambda text: readers.flag(text) is not None,
    "phone": lambda text: bool(_PHONE.fullmatch(text)) and sum(c.isdigit() for c in text) >= 7,
    "email": lambda text: bool(_EMAIL.fullmatch(text)),
    "id": lambda text: bool(_ID.fullmatch(text)),
    "code": lambda text: bool(_CODE.fullmatch(text)) and any(c.isdigit() for c in text),
    "uscc": lambda text: bool(_USCC.fullmatch(text)),
    "chinese": lambda text: bool(_CJK.search(text)),
    "words": _are_words,
    "several": lambda text: len(codes.parts_of(text)) > 1,
    "sentence": lambda text: len(text) > 12 and bool(re.search(r"[，。；：,;]|包含|包括|信息", text)),
}
