"""开放属性: what a source's words mean as a level, and what may never be open.

A level is decided, never guessed. Labels are looked up in the reviewed table `open_level_label`; a label that is
not there, or that was reviewed and is no level (a sharing word, a place, a purpose), leaves the level 待核定: empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from ckanext.govcn.catalog import codes
from ckanext.govcn.catalog.entry import CatalogEntry, Item
from ckanext.govcn.catalog.problem import Problem, held
from ckanext.govcn.catalog.text import normalize

_CODE_BEFORE = re.compile(r"^\d{1,2}[-_.:、]")

UNCONDITIONAL, CONDITIONAL, NONE = "unconditional", "conditional", "none"
ANONYMOUS, LOGIN = "anonymous", "login"


@dataclass(frozen=True, slots=True)
class Level:
    """A decided level. `access_mode` is given only with unconditional: login for 登录开放, 实名开放, 注册用户."""

    open_type: str
    access_mode: str = ""


def level_of(label: str | None) -> Level | None:
    """The level a source's label means; None is 待核定.

    The whole label must be one that was reviewed: no word inside it is looked for, no bracket is ignored
    (无条件开放（需申请） is nothing we know), and codes are no labels (镇江's 0 is 徐州's 02).
    """
    if label is None:
        return None
    row = _row(label)
    if row is None or not row["open_type"]:
        return None
    return Level(row["open_type"], row["access_mode"])


def reason_of(label: str | None) -> str:
    """Why a reviewed label is a level or none: level, login, apply, sharing, place, purpose, grading, vague, code,
    description, blank; "" when nobody has reviewed it yet."""
    if codes.is_blank(label):
        return "blank"
    row = _row(label or "")
    return row["reason"] if row else ""


def level_from_form(flag: str | None, condition: str | None) -> Level | None:
    """开放属性 as the guide's form has it: 是否向社会开放 and 开放条件.

    否 is 不予开放 whatever stands beside it. 是 with a label (有条件开放) is that label; 是 with 无 in the condition is
    unconditional, since the department has said both; 是 with any other text is conditional, the text being the
    condition. 是 with an empty condition is 待核定: the form requires the condition, and silence opens nothing.
    A label in the flag's own column (是否开放: 无条件开放) is read as a label.
    """
    opened = codes.flag_of(flag)
    if opened is None:
        return level_of(flag) if not codes.is_blank(flag) else level_of(condition)
    if not opened:
        return Level(NONE)
    written = normalize(condition or "")
    if written in codes.words("no_condition"):
        return Level(UNCONDITIONAL, ANONYMOUS)
    if codes.is_blank(condition):
        return None
    if reason_of(condition) == "sharing":
        return None
    return level_of(condition) or Level(CONDITIONAL)


def ceiling(security_level: str) -> frozenset[str]:
    """The open types a 数据分级 allows. Not graded: any. A grade nobody knows: 不予开放 only."""
    if not security_level:
        return frozenset(codes.table("open_type"))
    return frozenset(codes.table("security_level").values(security_level, "ceiling")) or frozenset({NONE})


def stricter_open(one: str, other: str) -> str:
    """The stricter of two open types; an empty or unknown one is stricter than all: nobody has decided it."""
    table = codes.table("open_type")
    if one not in table or other not in table:
        return ""
    return max(one, other, key=lambda code: int(table.attribute(code, "rank")))


def stricter_share(one: str, other: str) -> str:
    """The stricter of two share types (1 < 2 < 3); empty gives the other."""
    return max(one, other)


def clamp(entry: CatalogEntry) -> CatalogEntry:
    """The entry with every level at most as open as it may be: its grade's ceiling, and items at most as open and
    as shared as the entry. An unknown open type becomes 待核定. Run `checks.check` before: clamping hides conflicts.

    >>> clamp(CatalogEntry(open_type="unconditional", security_level="3")).open_type
    'conditional'
    """
    open_type = _under(entry.open_type, ceiling(entry.security_level))
    if "security_level" in entry.unread and open_type:
        open_type = ""  # a grade was given and could not be read: nobody knows the ceiling
    if entry.share_type == "3" and open_type != NONE:
        open_type = ""  # 不予共享 cannot be open (E20): contradictory, so undecided
    return replace(
        entry,
        open_type=open_type,
        access_mode=(entry.access_mode or ANONYMOUS) if open_type == UNCONDITIONAL else "",
        items=tuple(_clamped_item(item, open_type, entry.share_type) for item in entry.items),
    )


def settle(entry: CatalogEntry, problems: Iterable[Problem]) -> CatalogEntry:
    """`clamp`, and 待核定 when a rule holds the level (E32, W33): such an entry never opens by itself."""
    clamped = clamp(entry)
    return clamp(replace(clamped, open_type="")) if held(problems) else clamped


def _under(open_type: str, allowed: frozenset[str]) -> str:
    if open_type not in codes.table("open_type"):
        return ""
    if open_type in allowed:
        return open_type
    return CONDITIONAL if open_type == UNCONDITIONAL and CONDITIONAL in allowed else NONE


def _clamped_item(item: Item, open_type: str, share_type: str) -> Item:
    """An empty level of an item means "as the entry" and stays empty."""
    return replace(
        item,
        open_type=stricter_open(item.open_type, open_type) if item.open_type else "",
        share_type=stricter_share(item.share_type, share_type) if item.share_type else "",
    )


def _row(label: str) -> dict[str, str] | None:
    """The reviewed row of a whole label, also when its code stands before it (1-无条件开放): a label beats a code."""
    written = normalize(label)
    return _labels().get(written) or _labels().get(_CODE_BEFORE.sub("", written))


@cache
def _labels() -> dict[str, dict[str, str]]:
    return {normalize(row["label"]): row for row in codes.rows_of("open_level_label")}
