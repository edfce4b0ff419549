"""What undoing brings back (撤回): snapshots of a dataset before and after a change, and as it is now. PURE.

A snapshot is a dict of parts, of which `extras` is one dict of fields and `record` the harvest's own. What still is as
the change left it gets the value of before; what somebody changed since stays, and is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Snapshot = Mapping[str, Any]


def brought_back(
    before: Snapshot, after: Snapshot, now: Snapshot, parts: Iterable[str]
) -> tuple[dict[str, Any], list[str]]:
    """The snapshot to restore, and the names of parts and fields that stay because somebody changed them since."""
    merged: dict[str, Any] = {}
    kept: list[str] = []
    for name in parts:
        if name not in after:  # a snapshot of an earlier edition did not hold it
            merged[name] = now.get(name)
        elif now.get(name) == after.get(name):
            merged[name] = before.get(name)
        else:
            merged[name] = now.get(name)
            kept.append(name)
    old, done, present = (dict(each.get("extras") or {}) for each in (before, after, now))
    merged["extras"] = {}
    for name in sorted(old.keys() | done.keys() | present.keys()):
        stands = present.get(name) == done.get(name)
        value = old.get(name) if stands else present.get(name)
        if not stands:
            kept.append(name)
        if value is not None:
            merged["extras"][name] = value
    record = before.get("record")
    merged["record"] = dict(record) if record else None
    return merged, kept
