"""Every record as it was received, kept with its run: what can be looked at beside the entry that was made of it.

A version is kept when it differs from the one before, with the run that first met it; what a later run met unchanged is
that version. A record that is larger than the operator's limit leaves its hash and size only.
"""

# pyright: basic
from __future__ import annotations

import hashlib
import zlib
from collections.abc import Collection, Mapping
from typing import Any

from ckan import model
from sqlalchemy import text

KEEP = text("""
    INSERT INTO govcn_harvest_raw (source, remote_id, run_id, sha256, media_type, size, content)
    SELECT :source, t.remote_id, :run, t.sha256, 'application/json', t.size, t.content
    FROM unnest(CAST(:ids AS text[]), CAST(:hashes AS text[]), CAST(:sizes AS int[]), CAST(:contents AS bytea[]))
         AS t(remote_id, sha256, size, content)
    WHERE t.sha256 IS DISTINCT FROM (
        SELECT r.sha256 FROM govcn_harvest_raw r WHERE r.source = :source AND r.remote_id = t.remote_id
        ORDER BY r.run_id DESC LIMIT 1
    )
    ON CONFLICT (source, remote_id, run_id) DO NOTHING
""")
FORGET = text("""
    UPDATE govcn_harvest_raw SET content = NULL WHERE source = :source AND remote_id = ANY(:ids) AND content IS NOT NULL
""")


def keep(source: str, run: int, records: Mapping[str, Any], limit: int) -> None:
    """Keep records (remote id → `plan.Record`) in the caller's transaction, one statement. `limit`: bytes of one."""
    if not records:
        return
    texts = [(remote_id, record.received()) for remote_id, record in records.items()]
    model.Session.execute(
        KEEP,
        {
            "source": source,
            "run": run,
            "ids": [remote_id for remote_id, _ in texts],
            "hashes": [hashlib.sha256(each).hexdigest() for _, each in texts],
            "sizes": [len(each) for _, each in texts],
            "contents": [zlib.compress(each, 1) if len(each) <= limit else None for _, each in texts],
        },
    )


def forget(source: str, remote_ids: Collection[str]) -> None:
    """Records that are now marked 涉密: what was received of them before is taken away, in the caller's transaction."""
    if remote_ids:
        model.Session.execute(FORGET, {"source": source, "ids": list(remote_ids)})
