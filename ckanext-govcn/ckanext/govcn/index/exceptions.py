"""What can go wrong when an index is built or swapped. Every error says in both languages what to do next."""

from __future__ import annotations


class IndexingError(Exception):
    """`transient`: the same command can succeed later."""

    transient = False

    def __init__(self, message: str, message_en: str) -> None:
        super().__init__(message)
        self.message = message
        self.message_en = message_en


class IndexAway(IndexingError):
    """Solr does not answer."""

    transient = True

    def __init__(self) -> None:
        super().__init__(
            "检索服务没有响应，请稍后重试；已完成的部分会保留。",
            "Solr does not answer. Try again later; what is done is kept.",
        )


class NothingBeside(IndexingError):
    """There is no second index in the state that the command needs."""

    def __init__(self) -> None:
        super().__init__(
            "没有可以切换的索引，请先执行 ./govcn index rebuild。",
            "There is no index to swap to; run ./govcn index rebuild first.",
        )


class NotTheSame(IndexingError):
    """The index beside does not hold what it should."""

    def __init__(self, differences: int) -> None:
        super().__init__(
            f"新索引有 {differences} 处与数据库不符，没有切换。请再次执行 ./govcn index rebuild 并查看差异。",
            f"The new index differs from the database in {differences} places and was not swapped in. "
            "Run ./govcn index rebuild again and look at its differences.",
        )
