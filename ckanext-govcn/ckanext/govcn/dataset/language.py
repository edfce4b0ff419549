"""One sentence in two languages: which one the reader gets."""

from __future__ import annotations

from ckan.plugins import toolkit as tk


def say(chinese: str, english: str) -> str:
    """The sentence in the reader's language; Chinese outside a request, because the platform is Chinese first."""
    try:
        language = tk.h.lang() or ""
    except (RuntimeError, TypeError, AttributeError):  # no request: a job or a command
        language = tk.config.get("ckan.locale_default", "zh_Hans_CN")
    return english if str(language).startswith("en") else chinese
