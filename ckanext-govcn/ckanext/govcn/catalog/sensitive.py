"""Words that close: 密级 and 涉密 marks, and headings of personal data. Words and patterns are `sensitive.yaml`.

A *mark* is not a word in a sentence: 商业秘密保护示范点, 内部审计 and 计算机密码 are ordinary titles, 名单（秘密）,
密级：机密 and 涉密标识 = 是 are marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, cast
from urllib.parse import unquote

from ckanext.govcn.catalog import codes
from ckanext.govcn.catalog.text import normalize

STOP = "请立即停止上传，按保密规定处置"
"""What the clerk reads when something secret arrives."""


def secrecy_mark(texts: Mapping[str, str | None]) -> str | None:
    """The first place (a key of `texts`) that carries a secrecy mark, or None.

    Keys are headings of a file or field names of an entry; they decide how a value is read: in a 涉密 column everything
    that does not clearly say "no" is a mark; in titles and file names also a word that stands apart; in keywords,
    abstracts and item names only complete phrases. Never returns, keeps or logs a value.
    """
    for place, text in texts.items():
        if text and _marked(place, text):
            return place
    return None


def may_be_marked(text: str) -> bool:
    """A quick no for most texts: outside a 涉密 column every mark has one of a few characters."""
    return _hints().search(text) is not None


def _marked(place: str, text: str) -> bool:
    field = field_of_heading(place)
    if field == "secrecy":
        return not codes.is_blank(text) and normalize(text) not in _words("clear")
    if not may_be_marked(text):
        return False
    written = normalize(text)
    if any(pattern.search(written) for pattern in _phrases()) or _brackets().search(written):
        return True
    if field in _words("free_fields"):
        return False
    return written in _words("words") or (field in _words("named_fields") and _apart(text))


def _apart(text: str) -> bool:
    """Does a mark stand at the beginning or the end of a title or a file name (机密-名单.xlsx, 工资表 秘密)?"""
    name = unquote(text.strip().rsplit("/", 1)[-1]) if "://" in text else text.strip()
    parts = [p for p in re.split(cast(str, _secrecy()["separators"]), name) if p]
    if len(parts) < 2:
        return False
    ends = {normalize(parts[0]), normalize(parts[-1]), normalize(parts[-2])}
    return bool(ends & _words("apart"))


@cache
def field_of_heading(heading: str) -> str:
    """The field that a heading names, by the synonyms of `headings.yaml`; the heading itself when it is none."""
    return _headings().get(normalize(heading), heading)


def personal_words(texts: Iterable[str]) -> tuple[str, ...]:
    """Words of personal data that must not open by themselves (E32): any of 身份证, 人脸, 指纹, 银行卡 …, or a name
    together with a telephone, a birth date, a nationality or a number; () when there are none."""
    written = "\n".join(normalize(text) for text in texts)
    blocking = [word for word in _personal("blocking") if word in written]
    if blocking:
        return tuple(blocking)
    names = [word for word in _personal("names") if word in written]
    beside = [word for word in _personal("with_names") if word in written]
    return (*names, *beside) if names and beside else ()


def personal_columns(names: Iterable[str]) -> tuple[str, ...]:
    """Names of columns that hold such data in databases' short hand (sfzh, id_card), compared whole."""
    known = frozenset(_personal("columns"))
    return tuple(name for name in names if normalize(name).replace("_", "").replace("-", "") in known)


def is_query_title(title: str) -> bool:
    """根据…获取/查询…: an interface that answers about one person or company."""
    return re.match(cast(str, codes.data("sensitive")["personal"]["query_title"]), normalize(title)) is not None


def is_upper_return(texts: Iterable[str]) -> bool:
    """省回流, 市回流: data that belong to an upper level (W33)."""
    words = cast("list[str]", codes.data("sensitive")["upper_return"])
    return any(word in written for text in texts for written in (normalize(text),) for word in words)


def is_role_name(name: str) -> bool:
    """地区管理员, admin: an account's role, never a department."""
    return normalize(name) in _roles()


@cache
def _roles() -> frozenset[str]:
    return frozenset(normalize(word) for word in cast("list[str]", codes.data("sensitive")["roles"]))


def _secrecy() -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", codes.data("sensitive")["secrecy"])


@cache
def _words(kind: str) -> frozenset[str]:
    return frozenset(normalize(str(word)) for word in cast("list[object]", _secrecy()[kind]))


@cache
def _hints() -> re.Pattern[str]:
    return re.compile(f"[{re.escape(cast(str, _secrecy()['hints']))}]")


@cache
def _personal(kind: str) -> tuple[str, ...]:
    listed = cast("list[str]", codes.data("sensitive")["personal"][kind])
    return tuple(normalize(word) for word in listed)


@cache
def _phrases() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in cast("list[str]", _secrecy()["phrases"]))


@cache
def _brackets() -> re.Pattern[str]:
    words = "|".join(sorted((re.escape(w) for w in _words("words")), key=len, reverse=True))
    return re.compile(cast(str, _secrecy()["brackets"]).replace("{words}", words))


@cache
def _headings() -> dict[str, str]:
    fields = cast("dict[str, list[str]]", codes.data("headings")["fields"])
    return {normalize(heading): field for field, headings in fields.items() for heading in (field, *headings)}
