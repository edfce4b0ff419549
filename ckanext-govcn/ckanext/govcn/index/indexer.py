"""Brings the index after the database, batch by batch."""

# pyright: basic
from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ckan import model
from ckan.lib.search.common import make_connection

from ckanext.govcn.index import builder, outbox, solr

log = logging.getLogger(__name__)

BATCH = 500


class Indexer:
    """Makes the documents of one batch while those of the batch before travel to Solr.

    What the index does not take goes on waiting: datasets are accepted while Solr is away.
    """

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex
        self._sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="govcn-index")
        self._travelling: list[Future[None]] = []
        self._touched = False
        self.failed = False

    def send(self, package_ids: Sequence[str]) -> None:
        """Index those of the datasets that wait and that nobody else is working on."""
        for start in range(0, len(package_ids), BATCH):
            ids = package_ids[start : start + BATCH]
            self.index(outbox.claim(self.name, len(ids), ids=ids))

    def drain(self, *, urgent: bool = False) -> int:
        """Index what waits until nothing does or Solr does not take it; the number of documents."""
        return sum(map(len, self._claims(urgent=urgent)))

    def _claims(self, *, urgent: bool) -> Iterator[Mapping[str, int]]:
        while not self.failed and (claimed := outbox.claim(self.name, BATCH, urgent=urgent)):
            self.index(claimed)
            yield claimed

    def index(self, versions: Mapping[str, int]) -> None:
        """Make the documents of claimed datasets and let them travel."""
        if not versions:
            return
        try:
            documents, gone = builder.built(versions)
        except BaseException:
            outbox.give_back(versions, self.name)
            raise
        finally:
            model.Session.remove()
        self._settle(leave=1)
        self._touched = True
        self._travelling.append(self._sender.submit(self._send, versions, documents, gone, make_connection()))

    def end(self) -> None:
        """Wait for what travels, and let searches see it."""
        self._settle(leave=0)
        self._sender.shutdown()
        if self._touched:
            try:
                solr.commit()
            except solr.AWAY as error:
                self._missed(error)

    def _settle(self, leave: int) -> None:
        while len(self._travelling) > leave:
            self._travelling.pop(0).result()

    def _send(self, versions: Mapping[str, int], documents: list[Any], gone: list[str], connection: Any) -> None:
        try:
            solr.send(documents, gone, connection=connection)
        except solr.AWAY as error:
            self._missed(error)
            outbox.give_back(versions, self.name)
        else:
            outbox.indexed(versions, self.name)

    def _missed(self, error: Exception) -> None:
        self.failed = True
        log.warning("检索索引暂不可用，数据集已入库，稍后补入索引：%s", type(error).__name__)


def drain() -> int:
    """Index what waits; the number of datasets that still wait afterwards."""
    indexer = Indexer()
    indexer.drain()
    indexer.end()
    return outbox.backlog().waiting


def index(package_ids: Sequence[str]) -> None:
    """Bring the index up to date for those of the datasets that wait, visible at once."""
    indexer = Indexer()
    indexer.send(package_ids)
    indexer.end()
