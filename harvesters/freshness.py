"""Is a source what it was when it was last taken over whole? PURE, but for what it asks through the fetcher.

All or nothing: one part that is new, or that cannot be known again, and all of the source is read, since its headings,
its key and what has vanished show only in the whole.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

from harvesters.exceptions import SourceError
from harvesters.extract import database, directory
from harvesters.fetch import Fetcher
from harvesters.judging import edition
from harvesters.record import canonical_hash
from harvesters.source import Source
from harvesters.trail import Stamp, Trail

NOT_READ = ("title", "department", "schedule", "priority", "file")
"""Settings that change nothing of what is read or what becomes of it."""


def settings_of(source: Source) -> str:
    """sha256 (hex) of the source's settings, the code tables and the version of this software: what was read by other
    ones has to be read again.
    """
    settings = {name: value for name, value in asdict(source).items() if name not in NOT_READ}
    return canonical_hash([settings, edition()])


def worth_keeping(trail: Trail) -> tuple[Stamp, ...]:
    """The stamps of a reading, if all of the source was read and all of it can be known again; else none."""
    return tuple(trail.stamps.values()) if trail.stamped and trail.whole else ()


def unmodified(source: Source, before: Collection[Stamp], fetcher: Fetcher) -> bool:
    """Do all stamps still hold? No record is read. A source that gives no answer is for the reading to meet."""
    try:
        if not before:
            return False
        if source.protocol == "database":
            return set(database.batches_now(source, fetcher)) == set(before)
        if source.protocol in {"folder", "sftp"}:
            now = directory.files_now(source, fetcher)
            return now is not None and set(now) == set(before)
        return all(fetcher.unmodified(stamp) for stamp in before)
    except SourceError:
        return False
