"""What search refuses.

SearchRefused            a query that is answered with 400; `transient` is False: sending it again does not help
├── QueryTooLong         longer than `limit` characters
└── QuerySyntaxRefused   syntax that could occupy the server: `what` says which
"""

from __future__ import annotations


class SearchRefused(Exception):
    """A query that is not sent to Solr."""

    transient = False


class QueryTooLong(SearchRefused):
    """`length` and `limit` are characters."""

    def __init__(self, length: int, limit: int) -> None:
        self.length, self.limit = length, limit
        super().__init__(f"检索词过长（{length} 字），请缩短到 {limit} 字以内。Query too long: at most {limit}.")


class QuerySyntaxRefused(SearchRefused):
    """`what` is the construct, in Chinese."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"检索式中的{what}不受支持，请简化后重试。Query syntax not supported; please simplify.")
