"""What a writer of many datasets does for the index: nothing where an indexer watches, all of it where none does."""

# pyright: basic
from __future__ import annotations

import time
from collections.abc import Sequence

from ckanext.govcn.index import outbox, solr
from ckanext.govcn.index.indexer import Indexer

PATIENCE = 30.0  # seconds without any progress before a writer no longer waits
LOOK = 0.2


class Follower:
    """Has what is written indexed while the writing goes on, and waits for it at the end.

    Writing and indexing in two processes use two cores. Where no indexer watches (tests, a command on a machine
    without services) the writer's own process indexes.
    """

    def __init__(self) -> None:
        self._own = None if outbox.status().alive else Indexer()

    def leftovers(self) -> None:
        """What an earlier writer left."""
        if self._own:
            self._own.drain()

    def written(self, package_ids: Sequence[str]) -> None:
        """These were written and committed."""
        if self._own and package_ids:
            self._own.send(package_ids)

    def end(self) -> int:
        """Wait until searches find what was written; how many still wait (0 unless the index does not answer)."""
        if self._own:
            self._own.end()
            return outbox.status().waiting if self._own.error else 0
        return _awaited(outbox.latest())


def _awaited(version: int) -> int:
    """Wait while the watching indexer gets on."""
    least, since = outbox.waiting_up_to(version), time.monotonic()
    while least and time.monotonic() - since < PATIENCE and not outbox.status().failing_since:
        time.sleep(LOOK)
        now = outbox.waiting_up_to(version)
        if now < least:
            least, since = now, time.monotonic()
    if not least:
        try:
            solr.commit()
        except solr.AWAY:
            return 0  # the index has the documents and shows them by itself in some seconds
    return least
