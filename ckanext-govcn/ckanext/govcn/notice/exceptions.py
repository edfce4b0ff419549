"""What can go wrong with notices.

NoticeError
├── UnknownKind      no such kind in kinds.yaml, or values other than the ones it names: a mistake in the caller
└── NotDelivered     a channel could not deliver this time; `transient` says whether trying again can help
"""

from __future__ import annotations


class NoticeError(Exception):
    """Root of all errors of this package; `message` is Chinese, `message_en` English."""

    transient = False

    def __init__(self, message: str, message_en: str) -> None:
        self.message, self.message_en = message, message_en
        super().__init__(message)


class UnknownKind(NoticeError):
    """The kind is not in kinds.yaml, or is given other values than it names."""


class NotDelivered(NoticeError):
    """Not delivered. The message is kept with the delivery: it holds no address, secret or answer of the other side.

    `retry_after`: seconds, when the other side named them.
    """

    def __init__(
        self, message: str, message_en: str, *, transient: bool = True, retry_after: float | None = None
    ) -> None:
        self.transient, self.retry_after = transient, retry_after
        super().__init__(message, message_en)
