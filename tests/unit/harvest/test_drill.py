"""What `./govcn drill crash` counts, and that its catalogue never changes so much that a person would have to look."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.drills.crashing.catalogue import Catalogue
from benchmarks.drills.crashing.differences import Dataset, Differences, Document, Wanted, compare
from benchmarks.drills.crashing.scratch import Scratch
from harvesters.plan import Brake
from harvesters.review import Policy

SOURCE = "drill"
WANTED = {"a": Wanted("停车场", "第1版"), "b": Wanted("公交线路", "第1版", sha256="0" * 64)}
DATASETS = [Dataset(f"p-{each}", SOURCE, each, said) for each, said in WANTED.items()]
ROWS = {each.remote_id: each.id for each in DATASETS}
DOCUMENTS = [Document(each.id, each.says.title, each.says.notes) for each in DATASETS]


def found(
    datasets: list[Dataset] = DATASETS, rows: dict[str, str] = ROWS, documents: list[Document] = DOCUMENTS
) -> Differences:
    return compare(SOURCE, WANTED, datasets, rows, documents)


def test_nothing_differs() -> None:
    assert found() == Differences()
    assert not len(found())


def test_a_record_is_lost_without_its_dataset_or_without_its_document() -> None:
    assert found(datasets=DATASETS[1:], documents=DOCUMENTS[1:]).lost == ("a",)
    assert found(documents=DOCUMENTS[1:]).lost == ("a",)
    assert found(documents=[]).lost == ("a", "b")


def test_a_withdrawn_dataset_is_no_dataset_of_a_record_that_is_there() -> None:
    assert found(datasets=[replace(DATASETS[0], withdrawn=True), DATASETS[1]]).lost == ("a",)


def test_a_withdrawn_dataset_of_a_record_that_is_gone_is_as_it_should_be() -> None:
    gone = Dataset("p-c", SOURCE, "c", Wanted("药店", "第1版"), withdrawn=True)
    documents = [*DOCUMENTS, Document("p-c", "药店", "第1版")]
    assert found([*DATASETS, gone], ROWS | {"c": "p-c"}, documents) == Differences()


def test_two_datasets_for_one_record_are_doubled_by_identifier_even_when_one_is_withdrawn() -> None:
    twin = replace(DATASETS[0], id="p-a2", withdrawn=True)
    assert found([*DATASETS, twin], documents=[*DOCUMENTS, Document("p-a2", "停车场", "第1版")]).doubled == ("a",)


def test_two_datasets_of_one_title_are_doubled() -> None:
    twin = replace(DATASETS[0], id="p-x", remote_id="x")
    assert found([*DATASETS, twin]).doubled == ("a", "x")


@pytest.mark.parametrize("rows", [ROWS | {"a": "p-b"}, ROWS | {"a": "somewhere-else"}, ROWS | {"old": "p-a"}])
def test_a_row_that_names_another_dataset_is_doubled(rows: dict[str, str]) -> None:
    assert "a" in found(rows=rows).doubled


def test_a_document_without_a_dataset_and_a_second_document_are_ghosts() -> None:
    assert found(documents=[*DOCUMENTS, Document("p-z", "药店", "")]).ghosts == ("p-z",)
    assert found(documents=[*DOCUMENTS, DOCUMENTS[0]]).ghosts == ("p-a",)


def test_a_dataset_that_no_record_stands_behind_is_a_ghost() -> None:
    left = Dataset("p-c", SOURCE, "c", Wanted("药店", "第1版"))
    foreign = Dataset("p-d", "another", "d", Wanted("学校", "第1版"))
    documents = [*DOCUMENTS, Document("p-c", "药店", "第1版"), Document("p-d", "学校", "第1版")]
    assert found([*DATASETS, left, foreign], documents=documents).ghosts == ("p-c", "p-d")


def test_an_older_edition_in_database_file_or_index_is_outdated() -> None:
    older = Wanted("停车场", "第0版")
    assert found(datasets=[replace(DATASETS[0], says=older), DATASETS[1]]).outdated == ("a",)
    assert found(datasets=[DATASETS[0], replace(DATASETS[1], says=replace(WANTED["b"], sha256=""))]).outdated == ("b",)
    assert found(documents=[replace(DOCUMENTS[0], notes="第0版"), DOCUMENTS[1]]).outdated == ("a",)


# ── the disk


def test_where_no_disk_can_be_made_one_process_has_no_room(tmp_path: Path) -> None:
    script = "import sys; sys.stdin.readline(); open(sys.argv[1], 'wb', buffering=0).write(bytes(4096)); "
    script += "open(sys.argv[1], 'ab', buffering=0).write(b'more')"
    command = [sys.executable, "-c", script, str(tmp_path / "file")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    Scratch(tmp_path, "file size limit").fill(process.pid)
    _, said = process.communicate(b"\n", timeout=60)
    assert process.returncode == 1
    assert b"OSError" in said
    assert (tmp_path / "file").stat().st_size == 4096


# ── the catalogue


@given(records=st.integers(60, 2000), chosen=st.randoms())
def test_edits_stay_below_what_waits_for_a_person(records: int, chosen: random.Random) -> None:
    catalogue = Catalogue()
    catalogue.grow(records)
    for _ in range(5):
        before = dict(catalogue.items)
        told = catalogue.edit(chosen)
        after = catalogue.items
        removed = before.keys() - after.keys()
        changed = {each for each in before.keys() & after.keys() if before[each] != after[each]}
        returned = {each for each in after.keys() - before.keys() if each < records}
        assert told == len(removed) + len(changed) + len(after.keys() - before.keys())
        assert removed
        assert changed
        assert not Brake().holds(len(removed), len(before))
        assert not Policy().floods(len(changed) + len(returned), len(before))
        assert not catalogue.gone.keys() & after.keys()


def test_titles_and_identifiers_are_each_records_own_and_editions_differ() -> None:
    catalogue = Catalogue()
    catalogue.grow(500)
    items = list(catalogue.items.values())
    assert len({each.title for each in items}) == len({each.remote_id for each in items}) == 500
    with_file = [each for each in items if each.file]
    assert 0 < len(with_file) < 500
    for each in with_file:
        later = replace(each, edition=2)
        assert later.file != each.file
        assert later.sha256 != each.sha256
