"""How the last text query of this request was answered, for the page, for the API's answer and for what is counted."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answered:
    """`nearest`: nothing met what was asked, what is shown only shares characters with it.

    `datasets` is how many were found before near-duplicates were folded; `rows` how many are left then.
    """

    text: str
    nearest: bool = False
    datasets: int = 0
    rows: int = 0
    dropped: tuple[str, ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """What `package_search` says beside its results."""
        return {
            "text": self.text,
            "nearest": self.nearest,
            "datasets": self.datasets,
            "folded": self.datasets - self.rows,
            "dropped": list(self.dropped),
            "corrections": [list(pair) for pair in self.corrections],
        }


_answered: ContextVar[Answered | None] = ContextVar("govcn_answered", default=None)
_fold: ContextVar[bool] = ContextVar("govcn_fold", default=False)


def begin(*, fold: bool) -> None:
    """A search begins: nothing of an earlier one is left, and near-duplicates are folded or not."""
    _answered.set(None)
    _fold.set(fold)


def folding() -> bool:
    """Were near-duplicates to be folded?"""
    return _fold.get()


def keep(answered: Answered) -> None:
    """The search was answered."""
    _answered.set(answered)


def last() -> Answered | None:
    """The last text query of this request; None when there was none."""
    return _answered.get()
