"""数据类型 of a 信息项: a letter of table `data_type`, however the department writes it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from ckanext.govcn.catalog import codes
from ckanext.govcn.catalog.text import normalize

_SIZED = re.compile(r"(?P<name>.*?)\s*[(\[]\s*(?P<length>\d+(?:\s*,\s*\d+)?)\s*(?:char|byte)?[)\]](?P<rest>.*)")
_LETTER_AND_LENGTH = re.compile(
    r"(?P<letter>[cnd])\.*(?P<length>\d+(?:,\d+)?)"
)  # GB/T 18391 表示格式: c100, n12,2, c..50
_TRAILING_LETTER = re.compile(r"(?P<name>.*?[^a-z])\s*(?P<letter>[cnydtlmgbif])")


@dataclass(frozen=True, slots=True)
class DataType:
    """`letter` is a code of table `data_type`; `length` is digits, or "total,scale", or "" when not written."""

    letter: str
    length: str = ""


def data_type_of(text: str) -> DataType | None:
    """The data type meant by `text`, or None: 字符型C, 字符串型, C, varchar(18), decimal(18,2), c100, n12,2.

    >>> data_type_of("decimal(18,2)")
    DataType(letter='N', length='18,2')
    """
    written = unicodedata.normalize("NFKC", text).strip().casefold()
    if not written:
        return None
    letter = _named(written)
    if letter:
        return DataType(letter)
    short = _LETTER_AND_LENGTH.fullmatch(written)
    if short:
        letter = short["letter"].upper()
        return DataType("T" if letter == "D" and short["length"] in {"14", "19"} else letter, short["length"])
    sized = _SIZED.fullmatch(written)
    if sized:
        letter = _named(sized["name"] + sized["rest"].rstrip()) or _named(sized["name"])
        return DataType(letter, sized["length"].replace(" ", "")) if letter else None
    return None


def fixed_lengths(letter: str) -> tuple[str, ...]:
    """Lengths a type can only have: D 8 or 10, T 14 or 19, L 1; () when any is possible."""
    return codes.table("data_type").values(letter, "fixed_lengths")


def _named(written: str) -> str:
    """The letter for a name, a letter, or a name with its letter behind it (字符型C), which must agree."""
    table = codes.table("data_type")
    found = table.code_of(written) or _sql_names().get(normalize(written))
    if found:
        return found
    trailing = _TRAILING_LETTER.fullmatch(written)
    if trailing:
        letter = trailing["letter"].upper()
        return letter if table.code_of(trailing["name"].strip(" -_/")) == letter else ""
    return ""


@cache
def _sql_names() -> dict[str, str]:
    table = codes.table("data_type")
    return {normalize(name): letter for letter in table for name in table.values(letter, "sql_names")}
