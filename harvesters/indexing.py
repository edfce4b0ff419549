"""Documents of many datasets into Solr in one request, made by CKAN's own indexer with every plugin's hook.

CKAN opens a connection and commits for every document. Here its connection is one that gathers; what was gathered
goes out together, after the database has committed.
"""

# pyright: basic
from __future__ import annotations

import hashlib
import logging
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from ckan import model
from ckan.common import config
from ckan.lib.search import index as core
from ckan.lib.search.common import SearchIndexError
from dateutil.parser import parse as parse_any
from pysolr import SolrError

from harvesters import documents, statements

log = logging.getLogger(__name__)

GATHERED = 500


class _Gathering:
    """Stands in for pysolr's connection: keeps what is added."""

    url = ""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []

    def add(self, docs: Sequence[dict[str, Any]], commit: bool = False) -> None:
        self.documents.extend(docs)


@contextmanager
def _gathered() -> Generator[_Gathering]:
    connection, original, parse = _Gathering(), core.make_connection, core.parse
    core.make_connection = lambda *_args, **_keywords: connection  # pyright: ignore[reportAttributeAccessIssue]
    core.parse = _date
    try:
        yield connection
    finally:
        core.make_connection, core.parse = original, parse


def _date(value: str) -> datetime:
    """The catalogue's dates are CCYY-MM-DD; CKAN's reader of any date takes a millisecond for each."""
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return parse_any(value)


def documents_of(package_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The Solr documents of the datasets, as CKAN's own reindexing makes them: the same indexer, the same hooks."""
    pairs, _held = documents.shown(package_ids)
    indexer = core.PackageSearchIndex()
    with _gathered() as connection:
        for default, own in pairs:
            indexer.index_package({**default, "with_custom_schema": own}, defer_commit=True)
    return connection.documents


class Indexer:
    """Brings the index after the database while the run goes on: documents of one batch travel as the next is written.

    What the index does not take stays in the outbox: datasets are accepted while Solr is away, and the next run, or
    `govcn-harvest index`, sends them.
    """

    def __init__(self) -> None:
        self._sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="govcn-index")
        self._sent: list[tuple[Sequence[str], Future[None]]] = []
        self.touched = False

    def send(self, package_ids: Sequence[str]) -> None:
        """Make the documents now, in this transaction's sight, and let them travel."""
        for start in range(0, len(package_ids), GATHERED):
            ids = package_ids[start : start + GATHERED]
            gathered = documents_of(ids)
            model.Session.remove()
            self._settle(leave=1)
            # the connection is made here: while documents are gathered CKAN's own is replaced, for every thread
            self._sent.append((ids, self._sender.submit(_add, core.make_connection(), gathered)))
            self.touched = True

    def end(self) -> None:
        """Wait for what travels, and let searches see it."""
        self._settle(leave=0)
        self._sender.shutdown()
        if self.touched:
            with _tolerated():
                commit()

    def _settle(self, leave: int) -> None:
        while len(self._sent) > leave:
            ids, sent = self._sent.pop(0)
            with _tolerated():
                sent.result()
                model.Session.execute(statements.INDEXED, {"ids": list(ids)})
                model.Session.commit()


def _add(connection: Any, gathered: Sequence[dict[str, Any]]) -> None:
    if gathered:
        connection.add(docs=gathered, commit=False)


@contextmanager
def _tolerated() -> Generator[None]:
    """A Solr that is away does not end a run."""
    try:
        yield
    except (SolrError, SearchIndexError, OSError) as error:
        log.warning("检索索引暂不可用，数据集已入库，稍后补入索引：%s", type(error).__name__)


def index(package_ids: Sequence[str]) -> None:
    """Bring the index up to date for the datasets, visible at once."""
    indexer = Indexer()
    indexer.send(package_ids)
    indexer.end()


def drain() -> int:
    """Index what the outbox names; the number of datasets that still wait afterwards."""
    index(list(model.Session.execute(statements.WAITING).scalars()))
    return len(list(model.Session.execute(statements.WAITING).scalars()))


def index_id(package_id: str) -> str:
    """The id of a dataset's document, as CKAN makes it."""
    return hashlib.md5(f"{package_id}{config['ckan.site_id']}".encode(), usedforsecurity=False).hexdigest()


def commit() -> None:
    """Let searches see what was indexed."""
    core.make_connection().commit()
