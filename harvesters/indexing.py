"""Documents of many datasets into Solr in one request, made by CKAN's own indexer with every plugin's hook.

CKAN opens a connection and commits for every document. Here its connection is one that gathers; what was gathered
goes out together, after the database has committed.
"""

# pyright: basic
from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from ckan import logic, model
from ckan.lib.search import index as core

GATHERED = 200


class _Gathering:
    """Stands in for pysolr's connection: keeps what is added."""

    url = ""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []

    def add(self, docs: Sequence[dict[str, Any]], commit: bool = False) -> None:
        self.documents.extend(docs)


@contextmanager
def _gathered() -> Generator[_Gathering]:
    connection, original = _Gathering(), core.make_connection
    core.make_connection = lambda *_args, **_keywords: connection  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield connection
    finally:
        core.make_connection = original


def documents_of(package_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The Solr documents of the datasets, exactly as CKAN's own reindexing makes them."""
    with _gathered() as connection:
        for package_id in package_ids:
            logic.index_update_package({"ignore_auth": True, "user": ""}, package_id, defer_commit=True)
    return connection.documents


def index(package_ids: Sequence[str]) -> None:
    """Bring the index up to date for the datasets; `commit` makes it visible."""
    for start in range(0, len(package_ids), GATHERED):
        documents = documents_of(package_ids[start : start + GATHERED])
        if documents:
            core.make_connection().add(docs=documents, commit=False)
    model.Session.remove()


def commit() -> None:
    """Let searches see what was indexed."""
    core.make_connection().commit()
