"""The two kinds of requests, PURE: 未开放数据需求 (demand) and 校核纠错 (correction), each with its table of states."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from ckanext.govcn.workflow.table import Named, Table, load

DEMAND, CORRECTION = "demand", "correction"
BUREAU, DEPARTMENT, CLOCK = "bureau", "department", "clock"


@dataclass(frozen=True, slots=True)
class Kind(Named):
    """One kind. `term_type` is the type of its rows in the deadline table; `drafts`: may it be kept unfinished?
    `verified`: does submitting need a verified identity, as applications do?"""

    table: Table
    term_type: str
    drafts: bool
    verified: bool

    @property
    def asking(self) -> str:
        """The role of who asks."""
        return next(role.name for role in self.table.roles.values() if role.asks)

    @property
    def finals(self) -> list[str]:
        """States that nothing follows."""
        return [state.name for state in self.table.states.values() if state.final]

    @property
    def answers(self) -> list[str]:
        """Events that the public list tells."""
        return [event.name for event in self.table.events.values() if event.decision]

    def waiting_for(self, role: str) -> list[str]:
        """States in which it is this role's turn."""
        return [state.name for state in self.table.states.values() if state.waits_for == role]


def title_shown(kind: str, *, public: bool, owns: bool, bureau: bool) -> bool:
    """May this reader read the request's title? That of a correction is its dataset's: for everybody while the dataset
    is `public`, then only for who acts for the department that has it (`owns`) and for the bureau."""
    return kind != CORRECTION or public or owns or bureau


@functools.cache
def kinds() -> Mapping[str, Kind]:
    """Both by name, read once. Raises TableError."""
    here = __package__ or ""
    return {
        DEMAND: Kind(
            DEMAND, "数据需求", "Demand for data", load(here, "demand.yaml"), term_type="", drafts=True, verified=True
        ),
        CORRECTION: Kind(
            CORRECTION,
            "校核纠错",
            "Correction",
            load(here, "correction.yaml"),
            term_type="opening",
            drafts=False,
            verified=False,
        ),
    }
