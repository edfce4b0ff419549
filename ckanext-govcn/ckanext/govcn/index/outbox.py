"""What waits for the index: claimed, marked as indexed, given back. Every statement is a transaction of its own.

None of it runs in a writer's transaction, and no lock is held while Solr is spoken to.
"""

# pyright: basic
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ckan import model
from sqlalchemy import text

LEASE = 60  # seconds until the work of an indexer that died is taken over

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
WAITING = text("""
    SELECT count(*) AS waiting, count(*) FILTER (WHERE urgent) AS urgent, min(changed_at) AS oldest
    FROM govcn_index_waiting
""")
STILL_WAITING = text("SELECT package_id FROM govcn_index_waiting WHERE package_id = ANY(:ids)")


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits, how much of it is urgent, and since when the oldest does."""

    waiting: int
    urgent: int
    oldest: datetime | None


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


def refresh(ids: Sequence[str]) -> None:
    """Have the documents made anew though nothing changed in the database."""
    _execute(REFRESH, {"ids": list(ids)})


def backlog() -> Backlog:
    (row,) = _execute(WAITING, {})
    return Backlog(row.waiting, row.urgent, row.oldest)


def still_waiting(ids: Sequence[str]) -> list[str]:
    return [row.package_id for row in _execute(STILL_WAITING, {"ids": list(ids)})]


def _execute(statement: Any, values: dict[str, Any]) -> list[Any]:
    with model.ensure_engine().begin() as connection:
        result = connection.execute(statement, values)
        return list(result) if result.returns_rows else []
