"""Dialects that nobody has shown us: every heading, every entry, every level, on the made-up lists of `unseen.py`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from contracts.making import reading_of

from harvesters.report import report_of, to_json_object

sys.path.insert(0, str(Path(__file__).parent))
from unseen import LEVELS, POOLS, ROWS, Dialect, dialects  # noqa: E402

every_dialect = pytest.mark.parametrize("dialect", list(dialects()), ids=lambda dialect: dialect.name)


def preview_of(dialect: Dialect, folder: Path) -> dict[str, Any]:
    reading = reading_of(folder, "a.json", json.dumps(dialect.records, ensure_ascii=False).encode())
    return to_json_object(reading, report_of(reading, listed=True), listed=True)


@every_dialect
def test_every_heading_and_every_entry(dialect: Dialect, tmp_path: Path) -> None:
    found = preview_of(dialect, tmp_path)
    fields = found["fields"]
    wrong = {
        heading: (got, sorted(map(str, right)))
        for heading, right in dialect.expected.items()
        if (got := _field_of(heading, fields)) not in right and "*" not in right
    }
    assert wrong == {}
    assert (found["records"], found["distinct"], found["entries"]) == (ROWS, ROWS, ROWS)
    by_row = {entry["row"]: entry for entry in found["entry_list"]}
    for number, record in enumerate(dialect.records, 1):
        entry = by_row[number]
        assert entry["title"] == record[dialect.heading_for("title")]
        assert entry["provider"]
        cycle = dialect.heading_for("update_cycle")
        assert entry["update_cycle"] or cycle is None or record[cycle] is None, record[cycle]
        level = dialect.heading_for("open_type")
        label = "" if level is None or record[level] is None else str(record[level]).strip()
        assert entry["level"] == LEVELS[label] or entry["undecided"] in {"E32", "W33"}, label


def _field_of(heading: str, fields: dict[str, str | None]) -> str | None:
    if heading in fields:
        return fields[heading]
    return next((field for name, field in fields.items() if name.startswith(f"{heading}.") and field), None)


def test_every_pool_is_used_and_every_label_has_its_level() -> None:
    used = {pool for dialect in dialects() for pool in dialect.pools.values()}
    assert used == set(POOLS)
    labels = {str(value).strip() for field, values in POOLS.values() for value in values if field == "open_type"}
    assert labels <= set(LEVELS)
