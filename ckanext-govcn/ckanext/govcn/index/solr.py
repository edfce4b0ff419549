"""Speaking to Solr: documents in, documents out, and what it holds."""

# pyright: basic
from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from ckan.common import config
from ckan.lib.search.common import SearchIndexError, make_connection
from pysolr import SolrError

AWAY = (SolrError, SearchIndexError, OSError)
"""What is raised when Solr is away or does not take what it is given."""


PAGE = 5_000


class PartialAnswerError(SolrError):
    """Solr gave up before it had everything: what it found is no statement about what there is."""


def read(query: str, *, connection: Any = None, **parameters: Any) -> Any:
    """The whole answer to a question of the platform's own, whatever time a person's search is given.

    Raises one of AWAY; an answer in part is an error.
    """
    answer = (connection or make_connection(decode_dates=False)).search(query, timeAllowed=-1, **parameters)
    if answer.raw_response.get("responseHeader", {}).get("partialResults"):
        raise PartialAnswerError(f"Solr answered {query!r} in part")
    return answer


def every(query: str, fields: str, *, filters: Sequence[str] = (), connection: Any = None) -> Iterator[dict[str, Any]]:
    """Every document that the query finds, page by page. Raises one of AWAY."""
    asked = {"fq": [*filters], "fl": fields, "rows": PAGE, "sort": "index_id asc"}
    cursor = "*"
    while True:
        answer = read(query, connection=connection, cursorMark=cursor, **asked)
        yield from answer.docs
        if answer.nextCursorMark == cursor:
            return
        cursor = answer.nextCursorMark


def index_id(package_id: str) -> str:
    """The id of a dataset's document, as CKAN makes it."""
    return hashlib.md5(f"{package_id}{config['ckan.site_id']}".encode(), usedforsecurity=False).hexdigest()


def refused(error: Exception) -> bool:
    """Whether Solr answered and will not take what it was given: sending it again is of no use."""
    return "(HTTP 400)" in str(error)


def send(documents: Sequence[dict[str, Any]], gone: Collection[str] = (), *, connection: Any = None) -> None:
    """Put the documents in, those that are not older than what is there, and take the `gone` datasets' out.

    Nothing is visible before `commit`. Raises one of AWAY.
    """
    connection = connection or make_connection()
    if documents:
        connection.add(docs=documents, commit=False, handler="update/ordered")
    if gone:
        connection.delete(id=[index_id(each) for each in gone], commit=False)


def commit(connection: Any = None) -> None:
    """Let searches see what was sent. Raises one of AWAY."""
    (connection or make_connection()).commit(softCommit=True)
