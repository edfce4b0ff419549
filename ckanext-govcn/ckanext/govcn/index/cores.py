"""The two indexes: the one in use, and one beside it that is built, compared, swapped in, and swapped back.

What a core holds is asked of the core itself: every document carries its version, so that the difference to the
database is exact. That makes the building resumable, lets it catch up with what changes meanwhile, and finds after a
swap what only the other core was told.
"""

# pyright: basic
from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

import requests
from ckan import model
from ckan.common import config
from ckan.lib.search.common import make_connection
from sqlalchemy import text

from ckanext.govcn.dataset.api import plain
from ckanext.govcn.index import builder, indexer, outbox, solr
from ckanext.govcn.index.exceptions import IndexAway, NothingBeside, NotTheSame

BESIDE = "-beside"
CONFIGSET = "solr"  # the folder of config/ that every core is made from
BATCH = 500
ROUNDS = 5  # of catching up with what changes while the index is built
SAMPLE = 200
TIMEOUT = 120  # seconds for one request of the administration
_UNSTORED = frozenset({"permission_labels", builder.VERSION, "indexed_ts", "_version_"})

WANTED = text("""
    SELECT d.package_id, d.version FROM govcn_index_document d JOIN package p ON p.id = d.package_id
    WHERE p.state IS DISTINCT FROM 'deleted'
""")
STATE = text("SELECT state, started_at, changed_at, documents, total FROM govcn_index_build")
KEEP = text("""
    INSERT INTO govcn_index_build AS build (state, documents, total) VALUES (:state, :documents, :total)
    ON CONFLICT (one) DO UPDATE SET state = excluded.state, documents = excluded.documents, total = excluded.total,
        changed_at = now(), started_at = CASE WHEN :fresh THEN now() ELSE build.started_at END
""")

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Build:
    """How an index beside came out: `differences` are ids with what differs, `sampled` documents were compared."""

    state: str
    documents: int
    total: int
    sampled: int = 0
    differences: list[dict[str, str]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def beside() -> Any:
    """A connection to the index beside."""
    connection = make_connection(decode_dates=False)
    connection.url = connection.url.rstrip("/") + BESIDE
    return connection


def versions_in(connection: Any) -> dict[str, int]:
    """Id and version of every document of this site; -1 where a document has no version."""
    ours = (f'+site_id:"{config["ckan.site_id"]}"', "+entity_type:package")
    found = solr.every("*:*", f"id,{builder.VERSION}", filters=ours, connection=connection)
    return {each["id"]: int(each.get(builder.VERSION, -1)) for each in found}


def wanted() -> dict[str, int]:
    """Id and version of every document that there should be."""
    with model.ensure_engine().connect() as connection:
        return {row.package_id: row.version for row in connection.execute(WANTED)}


def differing(connection: Any) -> dict[str, int]:
    """What the core has otherwise than the database wants it, or at all though it should not: id → version wanted."""
    has, wants = versions_in(connection), wanted()
    older = {key: version for key, version in wants.items() if has.get(key) != version}
    return older | dict.fromkeys(has.keys() - wants.keys(), 0)


def rebuild(progress: Progress = lambda _done, _total: None) -> Build:
    """Build the index beside, or go on with one that was begun, until it holds what the database wants; compare both.

    Nothing of the index in use is touched. Raises IndexAway.
    """
    with _answering():
        connection = _prepared()
        for _ in range(ROUNDS):
            todo = differing(connection)
            if not todo:
                break
            _build(connection, todo, progress)
            solr.commit(connection)
        build = _compared(connection)
        _keep(build)
        return build


def swap() -> Build:
    """Put the index beside into use; the other stays beside. Raises NothingBeside, NotTheSame, IndexAway."""
    state = (status() or {}).get("state")
    if state != "built":
        raise NothingBeside
    with _answering():
        build = _compared(beside(), behind_is_well=True)
        if build.differences:
            raise NotTheSame(len(build.differences))
        return _swapped("swapped", build)


def rollback() -> Build:
    """Put the index into use that was in use before the last swap. Raises NothingBeside, IndexAway."""
    if (status() or {}).get("state") != "swapped":
        raise NothingBeside
    with _answering():
        has = len(versions_in(beside()))
        return _swapped("rolled_back", Build("swapped", has, len(wanted())))


def status() -> dict[str, Any] | None:
    """State of the index beside: building, built, swapped or rolled_back; None where there never was one."""
    with model.ensure_engine().connect() as connection:
        row = connection.execute(STATE).mappings().one_or_none()
    return None if row is None else plain(dict(row))


def _swapped(state: str, build: Build) -> Build:
    core = _core()
    _administer(action="SWAP", core=core, other=core + BESIDE)
    build.state = state
    _keep(build)
    # What only the other index was told, up to the last moment: a new version, so that nobody still on his way with
    # the present one can mark it as done.
    outbox.refresh(list(differing(make_connection(decode_dates=False))))
    return build


def _prepared() -> Any:
    """The core beside, empty unless a building was interrupted."""
    name = _core() + BESIDE
    exists = bool(_administer(action="STATUS", core=name)["status"][name])
    if not exists:
        _administer(action="CREATE", name=name, configSet=CONFIGSET)
    connection = beside()
    connection.timeout = TIMEOUT
    if exists and (status() or {}).get("state") != "building":
        connection.delete(q="*:*", commit=True)
    if (status() or {}).get("state") != "building":
        _keep(Build("building", 0, 0), fresh=True)
    return connection


def _build(connection: Any, todo: Mapping[str, int], progress: Progress) -> None:
    total = len(wanted())
    done = total - len(todo)
    for batch in _batches(todo):
        documents, gone, _failed = indexer.made(batch)
        indexer.sent(documents, gone, connection)  # what cannot be made or is refused stays a difference
        done += len(batch)
        _keep(Build("building", max(done, 0), total))
        progress(min(done, total), total)


def _batches(todo: Mapping[str, int]) -> Iterator[dict[str, int]]:
    items = iter(sorted(todo.items()))
    while batch := dict(islice(items, BATCH)):
        yield batch


def _compared(connection: Any, *, behind_is_well: bool = False) -> Build:
    """Counts, versions, and a sample of documents field by field with what the builder makes of the database now.

    `behind_is_well`: what changed since the building is brought over after the swap, and is no difference.
    """
    has, wants = versions_in(connection), wanted()
    build = Build("built", len(has), len(wants))
    changed = {key for key in wants.keys() | has.keys() if has.get(key) != wants.get(key)}
    if not behind_is_well:
        build.differences += [{"id": key, "field": "version"} for key in sorted(changed)]
    same = sorted(wants.keys() - changed)
    for key in random.sample(same, min(SAMPLE, len(same))):  # noqa: S311
        build.sampled += 1
        build.differences += [{"id": key, "field": name} for name in _fields_that_differ(connection, key)]
    if build.differences:
        build.state = "building"
    return build


def _fields_that_differ(connection: Any, package_id: str) -> list[str]:
    (made,) = builder.documents_of([package_id]) or [{}]
    model.Session.remove()
    stored = solr.read(f'index_id:"{solr.index_id(package_id)}"', connection=connection, fl="*", rows=1).docs
    if not stored or not made:
        return ["id"]
    (found,) = stored
    return sorted(
        name for name, value in found.items() if name not in _UNSTORED and _plain(value) != _plain(made.get(name, ""))
    )


def _plain(value: Any) -> list[str]:
    """A stored value as text: Solr gives single values, lists and times (to the millisecond) in its own way."""
    values = value if isinstance(value, list) else [value]
    return sorted({re.sub(r"(\.\d{3})\d*Z$|Z$", r"\1", str(each)) for each in values})


def _keep(build: Build, *, fresh: bool = False) -> None:
    kept = {"state": build.state, "documents": build.documents, "total": build.total, "fresh": fresh}
    with model.ensure_engine().begin() as connection:
        connection.execute(KEEP, kept)


def _core() -> str:
    return str(config["solr_url"]).rstrip("/").rsplit("/", 1)[1]


def _administer(**parameters: str) -> Any:
    """Solr's core administration. Raises OSError (of requests) when Solr refuses or does not answer."""
    address = str(config["solr_url"]).rstrip("/").rsplit("/", 1)[0] + "/admin/cores"
    account = (config.get("solr_user") or "", config.get("solr_password") or "")
    answer = requests.get(address, params=parameters | {"wt": "json"}, auth=account, timeout=TIMEOUT)
    answer.raise_for_status()
    return answer.json()


class _answering:  # noqa: N801  (reads as what it does: with _answering())
    """A Solr that does not answer becomes one error with its sentence."""

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: Any, error: BaseException | None, _traceback: Any) -> None:
        if isinstance(error, solr.AWAY):
            raise IndexAway from error
