"""Documents of many datasets into Solr in one request, made by CKAN's own indexer with every plugin's hook.

CKAN opens a connection and commits for every document. Here its connection is one that gathers; what was gathered
goes out together, after the database has committed.
"""

# pyright: basic
from __future__ import annotations

import hashlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from ckan import model
from ckan.common import config
from ckan.lib.search import index as core
from dateutil.parser import parse as parse_any

from harvesters import documents

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


def index(package_ids: Sequence[str]) -> None:
    """Bring the index up to date for the datasets; `commit` makes it visible."""
    for start in range(0, len(package_ids), GATHERED):
        gathered = documents_of(package_ids[start : start + GATHERED])
        if gathered:
            core.make_connection().add(docs=gathered, commit=False)
    model.Session.remove()


def index_id(package_id: str) -> str:
    """The id of a dataset's document, as CKAN makes it."""
    return hashlib.md5(f"{package_id}{config['ckan.site_id']}".encode(), usedforsecurity=False).hexdigest()


def commit() -> None:
    """Let searches see what was indexed."""
    core.make_connection().commit()
