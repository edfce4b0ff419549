"""Catalogue files of real portals, where they are at hand: every file through preview, with its numbers.

The files are not part of this project; without them these tests are skipped, visibly.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harvesters.normalize.recognise import recognise
from harvesters.reading import Reading, read
from harvesters.report import report_of, to_json_object
from harvesters.source import source_of_file

DATA = Path(__file__).parents[4] / "shared" / "data"
FILES = sorted((DATA / "catalogues").glob("*.json.gz"))
pytestmark = pytest.mark.skipif(
    not FILES, reason=f"no catalogue files of real portals beside the project ({DATA.name})"
)

# portal: (records, distinct, refused); whatever is not refused is an entry
NUMBERS = {
    "anhui_anhui": (700, 700, 0), "anhui_bengbu": (87, 87, 0), "anhui_chizhou": (1648, 1648, 0),
    "anhui_chuzhou": (850, 799, 0), "anhui_hefei": (321, 321, 3), "anhui_huaibei": (375, 375, 0),
    "anhui_huangshan": (200, 200, 0), "anhui_suzhou": (524, 522, 0), "anhui_wuhu": (531, 531, 0),
    "shanghai_shanghai": (4494, 2234, 0), "zhejiang_hangzhou": (6590, 6590, 0), "zhejiang_jiaxing": (378, 378, 0),
    "zhejiang_jinhua": (755, 753, 0), "zhejiang_lishui": (845, 845, 0), "zhejiang_ningbo": (1753, 1753, 0),
    "zhejiang_quzhou": (999, 999, 0), "zhejiang_shaoxing": (726, 726, 0), "zhejiang_taizhou": (1064, 1064, 0),
    "zhejiang_wenzhou": (989, 987, 0), "zhejiang_zhejiang": (1309, 1309, 0), "zhejiang_zhoushan": (522, 522, 0),
}  # fmt: skip
ANSWERS = {
    "publish_time": "pub_date", "update_time": "data_updated", "department": "provider", "category": "theme",
    "is_open": "open_type", "description": "notes", "update_frequency": "update_cycle", "update_formats": "update_cycle",
    "data_formats": "formats", "data_volume": "record_count",
}  # fmt: skip
portals = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.split(".")[0])


@cache
def reading_of(path: Path) -> Reading:
    return read(source_of_file(path))


@cache
def preview_of(path: Path) -> dict[str, Any]:
    reading = reading_of(path)
    return to_json_object(reading, report_of(reading, listed=True), listed=True)


def given(path: Path, field: str) -> int:
    """Distinct records in which the source says something for a field."""
    from harvesters.normalize import readers

    reading = reading_of(path)
    names = reading.recognition.headings_of(field)
    return sum(any(readers.given(r.raw.get(name)) for name in names) for r in reading.distinct)


@portals
def test_the_numbers_of_every_portal(path: Path) -> None:
    found = preview_of(path)
    records, distinct, refused = NUMBERS[path.name.split(".")[0]]
    assert (found["records"], found["distinct"], found["refused"]) == (records, distinct, refused)
    assert found["entries"] == distinct - refused == len(found["entry_list"])
    assert found["entries"] >= 0.99 * distinct


@portals
def test_entries_have_what_the_source_has(path: Path) -> None:
    """Title, provider and update cycle in ≥ 99 % where the source has them; every level or the reason for none."""
    found = preview_of(path)
    for field in ("title", "provider", "update_cycle", "pub_date", "data_updated"):
        assert found["filled"][field] >= 0.99 * given(path, field) - found["refused"], field
    decided = found["entries"] - found["undecided"]["count"]
    assert decided + sum(found["undecided"]["reasons"].values()) == found["entries"]
    assert all(entry["open_type"] or entry["undecided"] for entry in found["entry_list"])


@portals
def test_headings_agree_with_the_answer_key(path: Path) -> None:
    key = DATA / "mappings" / f"{path.name.split('.')[0]}.json"
    if not key.exists():
        pytest.skip("no answer key for this portal")
    fields = preview_of(path)["fields"]
    for heading, answer in json.loads(key.read_text("utf-8")).items():
        if heading in fields:
            assert fields[heading] == ANSWERS.get(answer, answer), heading


@portals
def test_headings_are_found_without_their_own_synonyms(path: Path) -> None:
    """Hold one out: the portal's exact names are taken from the table; parts and values still find them all."""
    reading = reading_of(path)
    known = reading.recognition.fields
    assert dict(recognise(reading.received, without=list(known)).fields) == dict(known)


def test_what_names_say_nothing_of_the_values_still_find() -> None:
    """All headings of all portals replaced by c0, c1, …: what is found by the values alone."""
    found: dict[str, list[bool]] = {}
    for path in FILES:
        reading = reading_of(path)
        wanted = reading.recognition.fields
        names = {heading: f"c{n}" for n, heading in enumerate(wanted)}
        renamed = [type(r)(r.source, r.place, {names[h]: v for h, v in r.raw.items()}) for r in reading.received]
        got = recognise(renamed).fields
        for heading, field in wanted.items():
            found.setdefault(str(field), []).append(got[names[heading]] == field)
    shares = {field: sum(hits) / len(hits) for field, hits in found.items()}
    for field in ("update_cycle", "url", "theme", "provider"):
        assert shares[field] >= 0.95, (field, shares)
    for field in ("title", "open_type", "pub_date", "data_updated", "formats", "notes"):
        assert shares[field] >= 0.85, (field, shares)


def test_what_is_known_of_single_portals() -> None:
    by_name = {path.name.split(".")[0]: path for path in FILES}
    shanghai = preview_of(by_name["shanghai_shanghai"])
    assert shanghai["key"] == {"kind": "url_id", "heading": "详情页网址", "unique": False}
    assert shanghai["key_unique"] is False
    hangzhou = preview_of(by_name["zhejiang_hangzhou"])
    assert hangzhou["fields"]["所属区县"] == "region_codes"
    assert hangzhou["role_names"] == 344
    assert hangzhou["levels"]["unconditional"] > 6_000
    logins = sum(e.get("access_mode") == "login" for e in hangzhou["entry_list"])
    assert logins > 3_800
    zhoushan = preview_of(by_name["zhejiang_zhoushan"])["entry_list"]
    assert zhoushan[0]["pub_date"].startswith("20")
    taizhou = preview_of(by_name["zhejiang_taizhou"])["entry_list"]
    sanmen = next(e for e in taizhou if e["provider"] == "三门县统计局")
    assert sanmen["provider_region"] == "331022"
    quzhou = preview_of(by_name["zhejiang_quzhou"])["entry_list"]
    assert any(e["provider"] == "县统计局" and e["provider_region"] == "330822" for e in quzhou)
