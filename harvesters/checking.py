"""Do database, search index, stored files and harvest records say the same? Every difference is named.

The database is the truth: what the index lacks, has too much of or has older is a difference, and so is a file that
the tables promise and the disk lacks. `repair` brings the index after the database; nothing else is changed.
"""

# pyright: basic
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from ckan import model
from ckan.common import config
from ckan.lib.plugins import get_permission_labels
from ckan.lib.search import make_connection
from ckanext.govcn.access import files
from ckanext.govcn.index import indexer, outbox, solr
from sqlalchemy import text

PAGE = 1000

FILES = text("""
    SELECT r.resource_id, r.sha256, f.size FROM govcn_resource_file r LEFT JOIN govcn_file f ON f.sha256 = r.sha256
""")
ORPHANED_RECORDS = text("""
    SELECT r.source, r.remote_id FROM govcn_harvest_record r LEFT JOIN package p ON p.id = r.package_id
    WHERE p.id IS NULL
""")
DOUBLED = text("""
    SELECT extras ->> 'source_name' AS source, extras ->> 'source_remote_id' AS remote_id, count(*) FROM package
    WHERE state = 'active' AND coalesce(extras ->> 'source_remote_id', '') <> '' GROUP BY 1, 2 HAVING count(*) > 1
""")
UNHELD = text("""
    SELECT 'run ' || r.id AS what, r.source FROM govcn_harvest_run r
    WHERE r.state = 'running'
      AND NOT EXISTS (SELECT FROM govcn_harvest_job j WHERE j.run_id = r.id AND j.state = 'running')
    UNION ALL SELECT 'job ' || j.id, j.source FROM govcn_harvest_job j
    WHERE j.state = 'running' AND (j.lease_until < now() OR j.heartbeat_at > now() + interval '1 minute')
""")


@dataclass(frozen=True, slots=True)
class Difference:
    """`kind`: missing, ghost, stale, labels (index) · file · record, doubled, stuck (harvest). `what` is an id."""

    kind: str
    what: str
    detail: str = ""


@dataclass(slots=True)
class Findings:
    """What was compared, and every difference."""

    datasets: int = 0
    indexed: int = 0
    files: int = 0
    waiting: int = 0
    differences: list[Difference] = field(default_factory=list)
    repaired: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"ok": not self.differences}


def check(*, repair: bool = False) -> Findings:
    """Compare everything. With `repair` the index is brought after the database, and compared once more."""
    found = Findings()
    if repair:
        found.repaired = _repair(_index_differences(Findings()))
    found.differences += _index_differences(found)
    found.differences += _files(found)
    found.differences += _harvest()
    found.waiting = outbox.status().waiting
    return found


def _documents(query: str = "*:*") -> Iterator[dict[str, Any]]:
    """Id and time of every dataset's document that the query finds."""
    return solr.every(query, "id,metadata_modified", filters=_ours())


def _ours() -> list[str]:
    return [f'+site_id:"{config["ckan.site_id"]}"', "+entity_type:package", "+dataset_type:dataset"]


def _label_differences(labels: dict[str, set[str]]) -> Iterator[Difference]:
    """Who may see: the index stores no labels, so each label's number is asked, and its datasets where that differs."""
    field_ = "permission_labels"
    asked = {"fq": _ours(), "rows": 0, "facet": "true", "facet.field": field_, "facet.limit": -1, "facet.mincount": 1}
    counted = solr.read("*:*", **asked).facets["facet_fields"][field_]
    numbers = dict(zip(counted[::2], counted[1::2], strict=True))
    for label in sorted(labels.keys() | numbers.keys()):
        if numbers.get(label, 0) != len(labels.get(label, ())):
            indexed = {document["id"] for document in _documents(f'{field_}:"{label}"')}
            yield from (Difference("labels", each, label) for each in sorted(indexed ^ labels.get(label, set())))


def _index_differences(found: Findings) -> list[Difference]:
    index = {document["id"]: document["metadata_modified"] for document in _documents()}
    labels: dict[str, set[str]] = defaultdict(set)
    differences: list[Difference] = []
    left = set(index)
    found.indexed = len(index)
    for package in _packages():
        found.datasets += 1
        left.discard(package.id)
        if package.id not in index:
            differences.append(Difference("missing", package.id, package.name))
            continue
        if _moment(index[package.id]) != _moment(package.metadata_modified.isoformat()):
            differences.append(Difference("stale", package.id, package.name))
        for label in get_permission_labels().get_dataset_labels(package):
            labels[label].add(package.id)
    return [*differences, *(Difference("ghost", each) for each in sorted(left)), *_label_differences(labels)]


def _packages() -> Iterator[Any]:
    """The datasets that belong into the index, page by page."""
    last = ""
    while True:
        query = model.Session.query(model.Package).filter(
            model.Package.id > last, model.Package.type == "dataset", model.Package.state != "deleted"
        )
        page = query.order_by(model.Package.id).limit(PAGE).all()
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1].id
        model.Session.expunge_all()


def _moment(text_: str) -> str:
    """Solr keeps milliseconds."""
    return text_.rstrip("Z")[:23].ljust(23, "0")


def _repair(differences: list[Difference]) -> int:
    stale = [each.what for each in differences if each.kind in {"missing", "stale", "labels"}]
    outbox.refresh(stale)
    indexer.index(stale)
    ghosts = [each.what for each in differences if each.kind == "ghost"]
    for ghost in ghosts:
        quoted = ghost.replace("\\", "\\\\").replace('"', '\\"')
        make_connection().delete(q=f'{" ".join(_ours())} +id:"{quoted}"', commit=False)
    solr.commit()
    return len(differences)


def _files(found: Findings) -> Iterator[Difference]:
    for row in model.Session.execute(FILES):
        found.files += 1
        path = files.path_of(row.sha256)
        if row.size is None:
            yield Difference("file", row.resource_id, "表中没有该文件的登记")
        elif not path.is_file() or path.stat().st_size != row.size:
            yield Difference("file", row.resource_id, "磁盘上没有该文件，或大小不符，请从备份恢复")


def _harvest() -> Iterator[Difference]:
    for row in model.Session.execute(ORPHANED_RECORDS):
        yield Difference("record", f"{row.source}/{row.remote_id}", "来源记录的数据集已不存在")
    for row in model.Session.execute(DOUBLED):
        yield Difference("doubled", f"{row.source}/{row.remote_id}", f"{row.count} 个数据集")
    for row in model.Session.execute(UNHELD):
        yield Difference("stuck", row.what, row.source)
