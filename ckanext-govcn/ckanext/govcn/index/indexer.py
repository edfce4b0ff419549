"""Brings the index after the database, batch by batch."""

# pyright: basic
from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import Any

from ckan import model
from ckan.lib.search.common import make_connection
from pysolr import SolrError
from sqlalchemy.exc import DBAPIError

from ckanext.govcn.index import builder, outbox, solr

log = logging.getLogger(__name__)

BATCH = 500
TIMEOUT = 30  # seconds for one batch; a Solr that hangs is as good as one that is away


class Indexer:
    """Makes the documents of one batch while those of the batch before travel to Solr.

    What the index does not take goes on waiting: datasets are accepted while Solr is away. A document that Solr or a
    plugin refuses is set aside and holds up no other. `error` is the kind of error when Solr did not answer.
    """

    def __init__(self, batch: int = BATCH, after_batch: Callable[[], None] = lambda: None) -> None:
        self.name = uuid.uuid4().hex
        self.error = ""
        self._batch = batch
        self._after_batch = after_batch
        self._sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="govcn-index")
        self._travelling: list[Future[None]] = []
        self._touched = False

    def send(self, package_ids: Sequence[str]) -> None:
        """Index those of the datasets that wait and that nobody else is working on."""
        for start in range(0, len(package_ids), self._batch):
            ids = package_ids[start : start + self._batch]
            self._index(outbox.claim(self.name, len(ids), ids=ids))

    def drain(self, *, urgent: bool = False, stop: Callable[[], bool] = lambda: False) -> int:
        """Index what waits until nothing does or Solr does not answer; the number of documents."""
        return sum(map(len, self._claims(urgent=urgent, stop=stop)))

    def end(self) -> None:
        """Wait for what travels, and let searches see it."""
        self._settle(leave=0)
        self._sender.shutdown()
        if self._touched:
            try:
                solr.commit()
            except solr.AWAY as error:
                self._missed(error)

    def _claims(self, *, urgent: bool, stop: Callable[[], bool]) -> Iterator[Mapping[str, int]]:
        while not self.error and not stop() and (claimed := outbox.claim(self.name, self._batch, urgent=urgent)):
            self._index(claimed)
            yield claimed
            self._after_batch()

    def _index(self, versions: Mapping[str, int]) -> None:
        if not versions:
            return
        try:
            documents, gone, failed = made(versions)
        except BaseException:
            outbox.give_back(versions, self.name)
            raise
        if failed:
            outbox.refuse(failed, self.name)
        self._settle(leave=1)
        self._touched = True
        connection = make_connection()
        connection.timeout = TIMEOUT
        self._travelling.append(self._sender.submit(self._send, versions, documents, gone, connection))

    def _settle(self, leave: int) -> None:
        while len(self._travelling) > leave:
            self._travelling.pop(0).result()

    def _send(self, versions: Mapping[str, int], documents: list[Any], gone: list[str], connection: Any) -> None:
        try:
            refused = sent(documents, gone, connection)
        except solr.AWAY as error:
            self._missed(error)
            outbox.give_back(versions, self.name)
            return
        if refused:
            outbox.refuse(refused, self.name)
        taken = {document["id"] for document in documents} | set(gone)
        outbox.indexed({key: versions[key] for key in taken - set(refused)}, self.name)

    def _missed(self, error: Exception) -> None:
        self.error = type(error).__name__
        log.warning("检索索引暂不可用，数据集已入库，稍后补入索引：%s", self.error)


def made(versions: Mapping[str, int]) -> tuple[list[builder.Document], list[str], list[str]]:
    """As `builder.built`; where a plugin fails, each dataset alone, and third the ids of those that cannot be made."""
    try:
        return *builder.built(versions), []
    except DBAPIError:
        raise
    except Exception:
        log.exception("文档无法生成 (a document cannot be made): %s", ", ".join(list(versions)[:3]))
        model.Session.remove()
        if len(versions) == 1:
            return [], [], list(versions)
    finally:
        model.Session.remove()
    documents, gone, failed = zip(*(made({key: version}) for key, version in versions.items()), strict=True)
    return [*chain(*documents)], [*chain(*gone)], [*chain(*failed)]


def sent(documents: Sequence[builder.Document], gone: Sequence[str], connection: Any) -> list[str]:
    """Send; the ids of documents that Solr refuses, found by sending each alone. Raises one of AWAY."""
    try:
        solr.send(documents, gone, connection=connection)
    except SolrError as error:
        if not solr.refused(error):
            raise
        if len(documents) == 1 and not gone:
            log.error("检索服务不接受一个文档 (Solr refuses a document): %s", documents[0]["id"])
            return [documents[0]["id"]]
        solr.send([], gone, connection=connection)
        return [refused for document in documents for refused in sent([document], [], connection)]
    return []


def drain() -> int:
    """Index what waits; the number of datasets that still wait afterwards."""
    indexer = Indexer()
    indexer.drain()
    indexer.end()
    return outbox.status().waiting


def index(package_ids: Sequence[str]) -> None:
    """Bring the index up to date for those of the datasets that wait, visible at once."""
    indexer = Indexer()
    indexer.send(package_ids)
    indexer.end()
