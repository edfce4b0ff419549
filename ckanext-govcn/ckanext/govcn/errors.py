"""The root of errors that are raised with facts and word themselves. PURE."""

from __future__ import annotations

from typing import ClassVar


class WordedError(Exception):
    """An error with its facts, and its sentences in Chinese and in English, with what to do next.

    `transient` says whether trying again can help. `zh` and `en` name the facts in braces.
    """

    transient: ClassVar[bool] = False
    zh: ClassVar[str]
    en: ClassVar[str]

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The Chinese sentence."""
        return self.zh.format_map(self.facts)

    @property
    def message_en(self) -> str:
        """The English sentence."""
        return self.en.format_map(self.facts)
