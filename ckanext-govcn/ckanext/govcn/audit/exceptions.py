"""Errors of reading the audit log. Trying again does not help."""

from __future__ import annotations

from ckanext.govcn.errors import WordedError


class AuditError(WordedError):
    """Root of this package's errors."""


class MomentRefused(AuditError):
    """`field` is no date or time."""

    zh = "{field} 请填写日期（如 2026-12-31）或时间（如 2026-12-31T18:00:00+08:00）"
    en = "{field} must be a date (2026-12-31) or a time (2026-12-31T18:00:00+08:00)"

    @property
    def field(self) -> str:
        """Which field it is."""
        return str(self.facts["field"])
