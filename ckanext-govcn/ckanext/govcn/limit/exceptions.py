"""Errors of the limits."""

from __future__ import annotations

from typing import ClassVar

from ckanext.govcn.errors import WordedError


class LimitError(WordedError):
    """Root of this package's errors."""


class CountingUnavailable(LimitError):
    """Valkey does not answer. Trying again helps once it is back."""

    transient: ClassVar[bool] = True
    zh = "计数服务（Valkey）暂不可用，请稍后再试"
    en = "Requests cannot be counted now (Valkey does not answer); please try again later"
