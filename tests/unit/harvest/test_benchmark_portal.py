"""The portal that `./govcn bench harvest` reads from: the same for all who read, and it honours fq."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.harvesting import records
from benchmarks.harvesting.server import Portal, identifier


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    lines, origin = records.lines(tmp_path / "nothing")
    assert origin == "made_up"
    return Portal(lines[:7], count=25)


def found(portal: Portal, **query: str) -> dict[str, Any]:
    answer = json.loads(portal.search({name: [value] for name, value in query.items()}))
    assert answer["success"]
    return answer["result"]


def test_pages_hold_every_record_once_and_in_order(portal: Portal) -> None:
    pages = [found(portal, rows="10", start=str(start), sort="id asc") for start in (0, 10, 20, 30)]
    assert [page["count"] for page in pages] == [25] * 4
    ids = [dataset["id"] for page in pages for dataset in page["results"]]
    assert ids == sorted(set(ids)) == [identifier(number) for number in range(25)]
    assert len({dataset["name"] for page in pages for dataset in page["results"]}) == 25


def test_copies_of_one_record_differ_in_nothing_but_their_names(portal: Portal) -> None:
    results = found(portal, rows="25")["results"]
    assert results[0]["title"] == results[7]["title"]
    assert results[0]["id"] != results[7]["id"]
    assert "@" not in json.dumps(results[0], ensure_ascii=False).replace("@example", "")


def test_what_changed_has_a_new_text_and_a_later_date(portal: Portal) -> None:
    before = found(portal, rows="25")["results"]
    portal.set({"edition": 2})
    after = found(portal, rows="25")["results"]
    changed = [new["id"] for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [identifier(number) for number in (0, 5, 10, 15, 20)]
    since = found(portal, fq="metadata_modified:[2026-06-01T00:00:00Z TO *]", rows="25")
    assert [dataset["id"] for dataset in since["results"]] == changed


def test_what_is_gone_is_every_tenth(portal: Portal) -> None:
    portal.set({"gone": True})
    assert found(portal)["count"] == 23


@pytest.mark.parametrize(
    ("fq", "count"),
    [
        ("organization:organization", 25),
        ("-organization:organization", 0),
        ("organization:another", 0),
        (f"id:{identifier(3)}", 1),
        ("+state:active +dataset_type:dataset", 25),
        ('name:"record-0000004"', 1),
    ],
)
def test_fq_narrows(portal: Portal, fq: str, count: int) -> None:
    assert found(portal, fq=fq)["count"] == count


def test_fq_that_is_not_understood_is_an_error_and_not_everything(portal: Portal) -> None:
    with pytest.raises(ValueError, match="fq"):
        found(portal, fq="res_format:CSV")
