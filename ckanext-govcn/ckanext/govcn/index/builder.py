"""Documents of many datasets, made by CKAN's own indexer with every plugin's hook. The one builder of the platform.

CKAN opens a connection and commits for every document. Here its connection is one that gathers.
"""

# pyright: basic
from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from ckan.lib.search import index as core
from ckan.lib.search.common import make_connection
from dateutil.parser import parse as parse_any

from ckanext.govcn.index import documents

VERSION = "index_version"

Document = dict[str, Any]


class _Gathering:
    """Stands in for pysolr's connection: keeps what is added."""

    url = ""

    def __init__(self) -> None:
        self.documents: list[Document] = []

    def add(self, docs: Sequence[Document], commit: bool = False) -> None:
        self.documents.extend(docs)

    def delete(self, q: str, commit: bool = False) -> None:
        """CKAN takes a deleted dataset out here: nothing was added for it, and that says the same."""


_gathering: ContextVar[_Gathering | None] = ContextVar("govcn_index_gathering", default=None)


def _connection(*arguments: Any, **keywords: Any) -> Any:
    """CKAN's connection, or whatever gathers in this thread."""
    return _gathering.get() or make_connection(*arguments, **keywords)


def _date(value: str) -> datetime:
    """The catalogue's dates are CCYY-MM-DD; CKAN's reader of any date takes a millisecond for each."""
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return parse_any(value)


def install() -> None:
    """Put the gathering connection and the quick reader of dates into CKAN's indexer, once and for every thread."""
    core.make_connection = _connection  # pyright: ignore[reportAttributeAccessIssue]
    core.parse = _date


@contextmanager
def gathered() -> Generator[list[Document]]:
    """What CKAN's indexer makes inside goes into this list instead of to Solr."""
    install()
    connection = _Gathering()
    token = _gathering.set(connection)
    try:
        yield connection.documents
    finally:
        _gathering.reset(token)


def documents_of(package_ids: Sequence[str]) -> list[Document]:
    """The documents of those of the datasets that belong into the index, as CKAN's own reindexing makes them."""
    pairs, _held = documents.shown(package_ids)
    indexer = core.PackageSearchIndex()
    with gathered() as made:
        for default, own in pairs:
            indexer.index_package({**default, "with_custom_schema": own}, defer_commit=True)
    return made


def built(versions: Mapping[str, int]) -> tuple[list[Document], list[str]]:
    """The documents of the datasets, each with its version, and the ids of those that must not have one.

    The versions were read before: a document is then at least as new as it says.
    """
    made = documents_of(list(versions))
    for document in made:
        document[VERSION] = versions[document["id"]]
    return made, sorted(versions.keys() - {document["id"] for document in made})
