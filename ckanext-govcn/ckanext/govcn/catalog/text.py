"""How texts of catalogues are compared: one spelling for what people write in a hundred."""

from __future__ import annotations

import re
import unicodedata

_BLANKS = re.compile(r"[\s\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")  # and what nobody sees
_EXPLANATION = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_QUOTES = "\"'‘’“”「」『』`"
_ENDS = " .,;:。、，；：!·"


def normalize(text: str) -> str:
    """NFKC, lower case, no blanks, no enclosing quotes, no trailing punctuation: for comparing, never for showing.

    >>> normalize("‘每年’ ")
    '每年'
    >>> normalize("1级\\t不脱敏")
    '1级不脱敏'
    """
    folded = _BLANKS.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return folded.strip(_QUOTES).strip(_ENDS)


def without_explanation(text: str) -> str:
    """`normalize` without bracketed explanations.

    >>> without_explanation("每年(更新说明:暂无新业务数据产生)")
    '每年'
    """
    return normalize(_EXPLANATION.sub("", unicodedata.normalize("NFKC", text)))


def storable(text: str) -> str:
    """A text that PostgreSQL takes: what others send holds NULs and halves of characters (lone surrogates)."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def shown(text: str, limit: int = 80) -> str:
    """What a report may quote of a text: one line, at most `limit` characters, no control characters."""
    line = _BLANKS.sub(" ", "".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in text)).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"
