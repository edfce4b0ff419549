"""What waits for the index: claimed, marked as indexed, given back. Every statement is a transaction of its own.

None of it runs in a writer's transaction, and no lock is held while Solr is spoken to.
"""

# pyright: basic
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ckan import model
from sqlalchemy import text

from ckanext.govcn.dataset.api import plain

LEASE = 60  # seconds until the work of an indexer that died is taken over
REFUSED_PAUSE = 600  # seconds until a document that the index refused is tried again

_CLAIM = """
    WITH next AS (
        SELECT package_id FROM govcn_index_document
        WHERE indexed < version AND {which} AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
        ORDER BY version LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE govcn_index_document AS document
    SET claimed_by = :indexer, claimed_until = clock_timestamp() + make_interval(secs => :lease)
    FROM next WHERE document.package_id = next.package_id RETURNING document.package_id, document.version
"""
CLAIM_ANY = text(_CLAIM.format(which="true"))
CLAIM_URGENT = text(_CLAIM.format(which="urgent"))
CLAIM_THESE = text(_CLAIM.format(which="package_id = ANY(:ids)"))
INDEXED = text("""
    UPDATE govcn_index_document AS document
    SET indexed = sent.version, urgent = false, transaction = NULL, claimed_by = NULL, claimed_until = NULL
    FROM unnest(CAST(:ids AS text[]), CAST(:versions AS bigint[])) AS sent(package_id, version)
    WHERE document.package_id = sent.package_id AND document.version = sent.version
    AND (document.claimed_by IS NOT DISTINCT FROM :indexer OR document.claimed_until < clock_timestamp())
    RETURNING document.package_id
""")
# What changed meanwhile waits anyway. What somebody else has taken over and finished is done once more: our delete or
# his may have come last.
GIVEN_BACK = text("""
    UPDATE govcn_index_document
    SET indexed = least(indexed, version - 1),
        claimed_until = CASE WHEN claimed_by IS DISTINCT FROM :indexer THEN claimed_until END,
        claimed_by = CASE WHEN claimed_by IS DISTINCT FROM :indexer THEN claimed_by END
    WHERE package_id = ANY(:ids)
""")
REFRESH = text("""
    UPDATE govcn_index_document SET version = nextval('govcn_index_version'), changed_at = now()
    WHERE package_id = ANY(:ids)
""")
REFUSED = text("""
    UPDATE govcn_index_document
    SET claimed_by = 'refused', claimed_until = clock_timestamp() + make_interval(secs => :pause)
    WHERE package_id = ANY(:ids) AND claimed_by = :indexer
""")
EVERYTHING = text("UPDATE govcn_index_document SET indexed = 0, claimed_by = NULL, claimed_until = NULL")
STATUS = text("SELECT * FROM govcn_index_status()")
LATEST = text("SELECT last_value FROM govcn_index_version")
WAITING_UP_TO = text("""
    SELECT count(*) AS waiting FROM govcn_index_document
    WHERE indexed < version AND version <= :version AND coalesce(claimed_by, '') <> 'refused'
""")
ONE = text("""
    SELECT version, indexed,
           EXISTS (SELECT FROM package WHERE package.id = package_id AND state IS DISTINCT FROM 'deleted') AS there
    FROM govcn_index_document WHERE package_id = :id
""")
SEEN = text("""
    INSERT INTO govcn_indexer AS known (name, host, pid, failing_since, error)
    VALUES (:name, :host, :pid, CASE WHEN :error <> '' THEN now() END, :error)
    ON CONFLICT (name) DO UPDATE SET seen_at = now(), error = excluded.error,
        failing_since = CASE WHEN excluded.error <> '' THEN coalesce(known.failing_since, now()) END
""")
GONE = text("DELETE FROM govcn_indexer WHERE name = :name OR seen_at < now() - interval '1 day'")


@dataclass(frozen=True, slots=True)
class Status:
    """What waits, how much of it is urgent, what the index refused, and since when the oldest waits.

    `alive`: an indexer watches. `failing_since`, `error`: the index has not answered it since then.
    """

    waiting: int
    urgent: int
    refused: int
    oldest: datetime | None
    alive: bool
    failing_since: datetime | None
    error: str

    def to_json(self) -> dict[str, Any]:
        """As JSON; times in ISO 8601."""
        return plain(asdict(self))


@dataclass(frozen=True, slots=True)
class Wanted:
    """One dataset's document as the committed database wants it; `there`: it should be in the index at all."""

    version: int
    indexed: int
    there: bool


def claim(indexer: str, limit: int, *, urgent: bool = False, ids: Sequence[str] | None = None) -> dict[str, int]:
    """Take up to `limit` datasets that wait and that nobody works on, oldest change first: id → version."""
    statement = CLAIM_THESE if ids is not None else CLAIM_URGENT if urgent else CLAIM_ANY
    asked = {"indexer": indexer, "limit": limit, "lease": LEASE} | ({"ids": list(ids)} if ids is not None else {})
    return {row.package_id: row.version for row in _execute(statement, asked)}


def indexed(versions: Mapping[str, int], indexer: str | None) -> None:
    """The index has these versions. What is no longer at its version, or no longer claimed by us, waits on."""
    asked = {"ids": list(versions), "versions": list(versions.values()), "indexer": indexer}
    done = {row.package_id for row in _execute(INDEXED, asked)}
    if indexer and (rest := versions.keys() - done):
        give_back(rest, indexer)


def give_back(ids: Any, indexer: str) -> None:
    """End the claim: the datasets wait for whoever comes next."""
    _execute(GIVEN_BACK, {"ids": list(ids), "indexer": indexer})


def refuse(ids: Sequence[str], indexer: str) -> None:
    """The index does not take these documents: they wait until they change, or for a later attempt."""
    _execute(REFUSED, {"ids": list(ids), "indexer": indexer, "pause": REFUSED_PAUSE})


def refresh(ids: Sequence[str]) -> None:
    """Have the documents made anew though nothing changed in the database."""
    _execute(REFRESH, {"ids": list(ids)})


def everything() -> None:
    """The index lost what it had: every document waits again."""
    _execute(EVERYTHING, {})


def status() -> Status:
    """How far the index is behind."""
    (row,) = _execute(STATUS, {})
    return Status(**row._mapping)


def wanted(package_id: str) -> Wanted | None:
    """What the committed database wants of one document; None for a dataset it does not know."""
    rows = _execute(ONE, {"id": package_id})
    return Wanted(*rows[0]) if rows else None


def latest() -> int:
    """The version that was given last."""
    return _execute(LATEST, {})[0].last_value


def waiting_up_to(version: int) -> int:
    """How many documents of this version or an older one wait, those that the index refused left out."""
    return _execute(WAITING_UP_TO, {"version": version})[0].waiting


def seen(name: str, host: str, pid: int, error: str = "") -> None:
    """A watching indexer lives."""
    _execute(SEEN, {"name": name, "host": host, "pid": pid, "error": error})


def gone(name: str) -> None:
    """A watching indexer ends."""
    _execute(GONE, {"name": name})


def _execute(statement: Any, values: dict[str, Any]) -> list[Any]:
    with model.ensure_engine().begin() as connection:
        result = connection.execute(statement, values)
        return list(result) if result.returns_rows else []
