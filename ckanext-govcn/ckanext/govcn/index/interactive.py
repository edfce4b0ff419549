"""A person's edit is found at once, and succeeds without the index.

CKAN indexes a dataset before it commits, and its write fails when Solr does not answer. Here the document is made at
that moment and sent after the commit, within a short time; where that does not work, the dataset waits as all others.
"""

# pyright: basic
from __future__ import annotations

import logging
import time
from typing import Any

from ckan import model
from ckan.common import config
from ckan.lib import search
from ckan.lib.search.common import make_connection
from ckan.lib.search.index import PackageSearchIndex
from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError

from ckanext.govcn.index import outbox, solr
from ckanext.govcn.index.builder import VERSION, Document, gathered, install

log = logging.getLogger(__name__)

TIMEOUT = 2  # seconds that a person may wait for the index
PAUSE = 10.0  # seconds during which nobody waits after the index has not answered
_PENDING = "govcn_index"
_SEEN = text("""
    SELECT version, coalesce(transaction = pg_current_xact_id_if_assigned(), false) AS mine
    FROM govcn_index_document WHERE package_id = :id
""")
# What changes later in this transaction gets a version of its own: it is not in the document that was just made.
_CLOSE = text("UPDATE govcn_index_document SET transaction = NULL WHERE package_id = :id")

Pending = tuple[Document | None, bool]


class PackageIndex(PackageSearchIndex):
    """CKAN's index of datasets; what CKAN writes within a transaction goes out after its commit."""

    def update_dict(self, pkg_dict: dict[str, Any], defer_commit: bool = False) -> None:
        with gathered() as made:
            super().update_dict(pkg_dict, defer_commit=True)
        _deliver(pkg_dict["id"], made[0] if made else None, visible=not defer_commit)

    def insert_dict(self, data: dict[str, Any]) -> None:
        self.update_dict(data)

    def remove_dict(self, pkg_dict: dict[str, Any]) -> None:
        package = model.Package.get(pkg_dict.get("id"))
        if package is None:
            super().remove_dict(pkg_dict)
        else:
            _deliver(package.id, None, visible=True)


class _Patience:
    """One person finds out that the index is away, not everybody."""

    def __init__(self) -> None:
        self._until = 0.0

    def over(self) -> bool:
        return time.monotonic() < self._until

    def lose(self) -> None:
        self._until = time.monotonic() + PAUSE


_patience = _Patience()


def install_index() -> None:
    """Put our index where CKAN looks for it, and listen to its commits."""
    install()
    search._INDICES["package"] = PackageIndex
    if not event.contains(model.Session, "after_commit", _after_commit):
        event.listen(model.Session, "after_commit", _after_commit)
        event.listen(model.Session, "after_rollback", _after_rollback)


def _deliver(package_id: str, document: Document | None, *, visible: bool) -> None:
    """Send the document after this transaction's commit, or now when the transaction changed nothing of it."""
    model.Session.flush()
    seen = model.Session.execute(_SEEN, {"id": package_id}).one_or_none()
    if seen and seen.mine:
        model.Session.execute(_CLOSE, {"id": package_id})
    if document is not None and seen:
        document[VERSION] = seen.version
    known = outbox.wanted(package_id)
    if seen and known and known.version == seen.version and not seen.mine:
        _again(package_id, document, known, visible=visible)
    else:
        model.Session().info.setdefault(_PENDING, {})[package_id] = (document, visible)


def _again(package_id: str, document: Document | None, known: outbox.Wanted, *, visible: bool) -> None:
    """CKAN wants a document anew though this transaction changed nothing of it."""
    if known.indexed < known.version and outbox.status().alive:
        return  # it waits, and somebody is at it: a renamed organization has thousands
    if known.indexed == known.version:
        outbox.refresh([package_id])
        fresh = outbox.wanted(package_id)
        if document is not None and fresh:
            document[VERSION] = fresh.version
    _send({package_id: (document, visible)})


def _after_commit(session: Any) -> None:
    if not session.in_nested_transaction() and (pending := session.info.pop(_PENDING, None)):
        _send(pending)


def _after_rollback(session: Any) -> None:
    session.info.pop(_PENDING, None)


def _send(pending: dict[str, Pending]) -> None:
    """Bring the documents over if the committed database still wants just these. Never raises."""
    for package_id, (document, visible) in pending.items():
        if _patience.over():
            return
        try:
            known = outbox.wanted(package_id)
            if known is None or known.there is (document is None):
                continue
            if document is not None and document.get(VERSION) != known.version:
                continue
            connection = make_connection()
            connection.timeout = TIMEOUT
            solr.send([document] if document else [], [] if document else [package_id], connection=connection)
            if visible and config.get("ckan.search.solr_commit"):
                solr.commit(connection)
            outbox.indexed({package_id: known.version}, None)
        except (*solr.AWAY, SQLAlchemyError) as error:
            _patience.lose()
            log.warning("检索索引暂不可用，改动已保存，稍后补入索引：%s", type(error).__name__)
