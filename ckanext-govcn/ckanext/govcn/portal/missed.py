"""未检索到: what people looked for and did not find, without who they were. PURE rules of what may be kept."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 40  # characters; who pastes a letter into the search box tells more than a wish
_MAIL = re.compile(r"\S+@\S+")
_NUMBER = re.compile(r"[0-9x][0-9x\s-]{3,}[0-9x]", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")


def masked(text: str) -> str:
    """The query as it may be kept: mail addresses and numbers of five or more digits are masked; "" for none.

    >>> masked("张某 13800000000 的低保")
    '张某 * 的低保'
    >>> masked("2023年 停车场")
    '2023年 停车场'
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    text = _NUMBER.sub("*", _MAIL.sub("*", text))
    text = _BLANKS.sub(" ", "".join(c if c.isprintable() else " " for c in text)).strip()
    letters = sum(c.isalpha() for c in text)
    return text if letters >= 2 and len(text) <= LONGEST else ""
