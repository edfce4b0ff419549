"""A paper, PURE: a text, who stamps it, and at the foot of each page the version and the SHA-256 of the text, so that a
stamped scan shows which text was stamped. `word.py` and `pdf.py` print it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_UNPRINTABLE = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Seal:
    """A place for a 公章: whose, and their name."""

    label: str
    name: str


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper. `name`: what kind it is; `body`: its text, the first line the title; `number`: of the case."""

    name: str
    version: str
    body: str
    number: str
    seals: tuple[Seal, ...]

    @property
    def title(self) -> str:
        return printable(self.body.partition("\n")[0])

    @property
    def lines(self) -> list[str]:
        """The text below the title, as it is printed."""
        return printable(self.body.partition("\n")[2]).strip("\n").split("\n")

    @property
    def sha256(self) -> str:
        """Of the whole text in UTF-8, hexadecimal."""
        return hashlib.sha256(self.body.encode("utf-8")).hexdigest()

    @property
    def foot(self) -> str:
        return printable(f"{self.name}　第 {self.version} 版　编号 {self.number}")

    @property
    def filename(self) -> str:
        """Without its extension."""
        return f"{self.name}-{self.number[:8]}"


def printable(text: str) -> str:
    """The text with U+FFFD for what no document can hold (control characters, lone surrogates)."""
    return _UNPRINTABLE.sub("\ufffd", text)
