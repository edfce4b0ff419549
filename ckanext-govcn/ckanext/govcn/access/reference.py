"""The tables of docs/access.md, made from the rules and the registry: `python -m ckanext.govcn.access.reference`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ckanext.govcn.access import rules, surfaces
from ckanext.govcn.access.rules import Grant, What, Who

OWNER, DATASET, PURPOSE = "o", "d", "p"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
IN_FORCE = Grant("g", DATASET, rules.OPENING, PURPOSE, NOW - timedelta(days=1), NOW + timedelta(days=1))
LAPSED = (
    replace(IN_FORCE, until=NOW),
    replace(IN_FORCE, suspended=True),
    replace(IN_FORCE, channel=rules.SHARING),
    replace(IN_FORCE, purpose="another"),
    replace(IN_FORCE, dataset="another"),
)
PERSONS = {
    "public": Who(),
    "logged in": Who(user_id="u"),
    "confirmed department": Who(user_id="u", organizations=frozenset({"x"}), department=True),
    "owner's member": Who(user_id="u", organizations=frozenset({OWNER})),
    "grantee": Who(user_id="u", grants=(IN_FORCE,)),
    "grant expired, suspended or for something else": Who(user_id="u", grants=LAPSED),
    "bureau": Who(user_id="u", bureau=True),
    "sysadmin": Who(user_id="u", sysadmin=True),
}


def _published(open_type: str, access_mode: str = "", share_type: str = "") -> What:
    return What(OWNER, open_type, access_mode, share_type, status=rules.PUBLISHED)


CASES = {
    "无条件开放": _published("unconditional", "anonymous"),
    "无条件开放, 登录": _published("unconditional", "login"),
    "有条件开放": _published("conditional"),
    "不予开放, 无条件共享": _published("none", share_type="1"),
    "不予开放, 有条件共享": _published("none", share_type="2"),
    "不予开放, 不予共享 or unsaid": _published("none", share_type="3"),
    "待核定, unknown level or mode": _published(""),
    "not published, 已下架": What(OWNER, "unconditional", "anonymous", status="withdrawn"),
    "CKAN's draft, deleted": What(OWNER, "unconditional", "anonymous", status="published", active=False),
}


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), ["---"] * len(list(head)), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(who: Who, what: What) -> str:
    if rules.may_get_data(who, replace(what, dataset=DATASET), rules.OPENING, PURPOSE, NOW).allowed:
        return "data"
    return "entry" if rules.may_see_entry(who, what) else "–"


def decisions() -> str:
    """Level × person → what is given: nothing, the entry, or the data with it."""
    rows = ([name, *(_cell(who, what) for who in PERSONS.values())] for name, what in CASES.items())
    return _table(["level", *PERSONS], rows)


def surface_table() -> str:
    """Guard → what it does → its actions and routes that carry something."""
    rows: list[list[str]] = []
    for guard, meaning in surfaces.guards().items():
        named = [s for s in surfaces.registry() if s.guard == guard and s.carries != "none"]
        if named:
            names = ", ".join(f"`{s.name}`" for s in sorted(named, key=lambda s: (s.kind, s.name)))
            rows.append([f"**{guard}**: {meaning}", names])
    return _table(["guard", "actions and routes"], rows)


TABLES = {"decisions": decisions, "surfaces": surface_table}


def filled(text: str) -> str:
    """The document with its generated tables renewed."""
    for name, make in TABLES.items():
        block = f"<!-- {name}: generated -->\n{make()}\n<!-- end -->"
        text = re.sub(rf"<!-- {name}: generated -->.*?<!-- end -->", lambda _found, b=block: b, text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    document = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/access.md")
    document.write_text(filled(document.read_text(encoding="utf-8")), encoding="utf-8")
