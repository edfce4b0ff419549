"""What is lost, doubled, a ghost or outdated: the source beside the database and the index. PURE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Thing = TypeVar("Thing", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one record of the source says; `sha256` of its data file, or ""."""

    title: str
    notes: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset of the database that is not deleted."""

    id: str
    source: str
    remote_id: str
    says: Wanted
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the search index; `id` is its dataset's."""

    id: str
    title: str
    notes: str


@dataclass(frozen=True, slots=True)
class Differences:
    """Each names what it is about, in order.

    `lost`: records without a dataset, or whose dataset is not in the index. `doubled`: records with two datasets, by
    identifier or by title, or whose row names another one. `ghosts`: documents without a dataset, or a second one, and
    datasets that no record stands behind. `outdated`: datasets or documents that say something else than the record.
    """

    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    ghosts: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.lost) + len(self.doubled) + len(self.ghosts) + len(self.outdated)


def compare(
    source: str,
    wanted: Mapping[str, Wanted],
    datasets: Sequence[Dataset],
    rows: Mapping[str, str],
    documents: Sequence[Document],
) -> Differences:
    """The source (`wanted`: remote id → record) beside what the platform holds.

    `rows` are the harvest's records of the source: remote id → id of the dataset.
    """
    present = [each for each in datasets if not each.withdrawn]
    indexed = {each.id: each for each in documents}
    ours = {each.remote_id: each for each in present if each.source == source}
    lost = {each for each in wanted if each not in ours or ours[each].id not in indexed}
    titles, named = set(_twice(each.says.title for each in present)), set(_twice(rows.values()))
    doubled = set(_twice(each.remote_id for each in datasets if each.source == source))
    doubled |= {each.remote_id for each in present if each.says.title in titles}
    doubled |= {each for each, package_id in rows.items() if package_id in named}
    doubled |= {each for each in ours.keys() & rows.keys() if rows[each] != ours[each].id}
    ghosts = {each.id for each in documents} - {each.id for each in datasets}
    ghosts |= set(_twice(each.id for each in documents))
    ghosts |= {each.id for each in present if each.source != source or each.remote_id not in wanted}
    outdated = {each for each in wanted.keys() & ours.keys() if not _says(wanted[each], ours[each], indexed)}
    return Differences(*(tuple(sorted(each)) for each in (lost, doubled, ghosts, outdated)))


def _says(wanted: Wanted, dataset: Dataset, indexed: Mapping[str, Document]) -> bool:
    document = indexed.get(dataset.id)
    said = document is None or (document.title, document.notes) == (wanted.title, wanted.notes)
    return said and dataset.says == wanted


def _twice(things: Iterable[Thing]) -> Iterable[Thing]:
    return (each for each, times in Counter(things).items() if times > 1)
