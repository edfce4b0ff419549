"""Levels are decided, never guessed: no word, place or purpose opens anything."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from ckanext.govcn.catalog import codes, levels
from ckanext.govcn.catalog.entry import CatalogEntry, Item
from ckanext.govcn.catalog.levels import Level, ceiling, clamp, level_from_form, level_of, reason_of, settle
from ckanext.govcn.catalog.problem import Problem
from ckanext.govcn.catalog.text import normalize
from hypothesis import given
from hypothesis import strategies as st

CATALOGUES = Path(__file__).parents[3].parent / "shared" / "data" / "catalogues"
OPEN = Level("unconditional", "anonymous")
LOGIN = Level("unconditional", "login")
CONDITIONAL = Level("conditional")
CLOSED = Level("none")


@pytest.mark.parametrize(
    ("label", "level"),
    [
        ("无条件开放", OPEN),
        ("完全开放", OPEN),
        ("普遍开放", OPEN),
        (" 无条件 开放 ", OPEN),
        ("登录开放", LOGIN),
        ("实名制开放", LOGIN),
        ("用户注册", LOGIN),
        ("实名注册用户可下载", LOGIN),
        ("普通公开，简单注册用户可下载", LOGIN),
        ("普通公开,简单注册用户可下载", LOGIN),
        ("依申请开放", CONDITIONAL),
        ("受限开放", CONDITIONAL),
        ("有条件开放", CONDITIONAL),
        ("CONDITIONAL", CONDITIONAL),
        ("申请开放", CONDITIONAL),
        ("1-无条件开放", OPEN),
        ("02：有条件开放", CONDITIONAL),
        ("1-需商量", None),
        ("禁止开放", CLOSED),
        ("不予开放", CLOSED),
        ("开放网站", None),
        ("开放数据平台", None),
        ("暂无", None),
        ("无", None),
        ("", None),
        (None, None),
        ("null", None),
        ("无条件共享", None),
        ("依申请共享", None),
        ("用于数据校验", None),
        ("1级\t不脱敏", None),
        ("L1", None),
        ("1", None),
        ("0", None),
        ("是", None),
        ("开放", None),
        ("无条件开放（需申请）", None),
        ("并非无条件开放", None),
    ],
)
def test_level_of(label: str | None, level: Level | None) -> None:
    assert level_of(label) == level


@given(st.text())
def test_an_unreviewed_label_is_never_a_level(label: str) -> None:
    reviewed = {normalize(row["label"]) for row in codes.rows_of("open_level_label")}
    assert level_of(label) is None or normalize(label) in reviewed


def test_the_table_says_only_what_can_be_meant() -> None:
    for row in codes.rows_of("open_level_label"):
        assert row["open_type"] in {"", *codes.table("open_type")}
        assert (row["access_mode"] != "") == (row["open_type"] == "unconditional")
        assert (row["open_type"] != "") == (row["reason"] in {"level", "login", "apply"})
        assert "共享" not in row["label"] or not row["open_type"]


@pytest.mark.parametrize(
    ("flag", "condition", "level"),
    [
        ("是", "有条件开放", CONDITIONAL),
        ("是", "无条件开放", OPEN),
        ("是", "登录开放", LOGIN),
        ("是", "无", OPEN),
        ("1", "无", OPEN),
        ("是", "", None),
        ("是", None, None),
        ("是", "无条件共享", None),
        ("是", "仅限科研用途", CONDITIONAL),
        ("否", "", CLOSED),
        ("0", "无条件开放", CLOSED),
        ("×", None, CLOSED),
        ("", "无条件开放", OPEN),
        ("", "", None),
        ("也许", "无条件开放", None),
        ("无条件开放", "", OPEN),
    ],
)
def test_the_guides_form(flag: str | None, condition: str | None, level: Level | None) -> None:
    assert level_from_form(flag, condition) == level


@pytest.mark.parametrize(
    ("grade", "allowed"),
    [
        ("", {"unconditional", "conditional", "none"}),
        ("1", {"unconditional", "conditional", "none"}),
        ("2", {"conditional", "none"}),
        ("3", {"conditional", "none"}),
        ("4", {"none"}),
        ("important", {"none"}),
        ("core", {"none"}),
        ("nobody knows", {"none"}),
    ],
)
def test_ceiling(grade: str, allowed: set[str]) -> None:
    assert ceiling(grade) == allowed


GRADES = st.sampled_from(["", *codes.table("security_level"), "9"])
OPEN_TYPES = st.sampled_from(["", *codes.table("open_type"), "nonsense"])
SHARE_TYPES = st.sampled_from(["", "1", "2", "3"])


@given(GRADES, OPEN_TYPES, SHARE_TYPES, st.lists(st.tuples(OPEN_TYPES, SHARE_TYPES), max_size=4))
def test_clamp_never_opens_and_is_idempotent(
    grade: str, open_type: str, share_type: str, of_items: list[tuple[str, str]]
) -> None:
    items = tuple(Item(name=str(i), open_type=o, share_type=s) for i, (o, s) in enumerate(of_items))
    entry = CatalogEntry(security_level=grade, open_type=open_type, share_type=share_type, items=items)
    clamped = clamp(entry)
    rank = {"unconditional": 0, "conditional": 1, "none": 2, "": 3}
    assert clamped.open_type == "" or clamped.open_type in ceiling(grade)
    assert rank[clamped.open_type] >= rank.get(open_type, 3)
    for before, after in zip(items, clamped.items, strict=True):
        assert after.open_type == "" or rank[after.open_type] >= max(
            rank[clamped.open_type], rank.get(before.open_type, 3)
        )
        assert after.share_type in {"", max(before.share_type, share_type)}
    assert clamp(clamped) == clamped


def test_access_mode_goes_only_with_unconditional() -> None:
    assert clamp(CatalogEntry(open_type="unconditional")).access_mode == "anonymous"
    assert clamp(CatalogEntry(open_type="unconditional", access_mode="login")).access_mode == "login"
    assert clamp(CatalogEntry(open_type="conditional", access_mode="login")).access_mode == ""


def test_an_unreadable_grade_leaves_the_level_undecided() -> None:
    assert clamp(CatalogEntry(open_type="unconditional", unread={"security_level": "丙等"})).open_type == ""


def test_a_held_level_is_undecided() -> None:
    held = Problem("E32", "title", "", "hold", "…", "…")
    entry = CatalogEntry(open_type="unconditional", access_mode="anonymous", items=(Item("编号", open_type="none"),))
    settled = settle(entry, [held])
    assert (settled.open_type, settled.access_mode) == ("", "")
    assert settle(entry, []).open_type == "unconditional"


LEVEL_HEADINGS = {"开放属性", "公开属性", "开放类型", "开放条件", "开放等级"}


@pytest.mark.skipif(not CATALOGUES.is_dir(), reason="../shared/data/catalogues is not here")
def test_every_label_of_the_real_catalogues_was_reviewed() -> None:
    records = logins = 0
    unreviewed: set[str] = set()
    for path in sorted(CATALOGUES.glob("*.json.gz")):
        for record in json.loads(gzip.decompress(path.read_bytes())):
            records += 1
            for heading in LEVEL_HEADINGS & record.keys():
                label = str(record[heading])
                logins += level_of(label) == LOGIN
                if not reason_of(label):
                    unreviewed.add(label)
    assert unreviewed == set()
    assert (records, logins) == (25_660, 4_009)
    assert levels.level_of("开放网站") is None
