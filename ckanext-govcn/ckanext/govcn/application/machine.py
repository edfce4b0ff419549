"""The states of an application, PURE: `states.yaml` is the table, `workflow` reads and asks it.

step("owner_review", "refuse", Asker("u1", {"owner"}), {"reason": "…", "reason_class": "purpose"}) -> "refused"
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import date

from ckanext.govcn.workflow import machine
from ckanext.govcn.workflow.machine import Asker
from ckanext.govcn.workflow.table import Event, Table, load

APPLICANT, BUREAU, OWNER, CLOCK = "applicant", "bureau", "owner", "clock"


@functools.cache
def table() -> Table:
    """The table, read once. Raises TableError."""
    return load("ckanext.govcn.application")


def step(state: str, event: str, asker: Asker, given: Mapping[str, str], *, dataset_open: bool = True) -> str:
    """The state after the step. Raises StepRefused."""
    return machine.step(table(), state, event, asker, given, dataset_open=dataset_open)


def steps_for(state: str, asker: Asker, *, dataset_open: bool = True) -> list[Event]:
    """The events that this person could take now."""
    return machine.steps_for(table(), state, asker, dataset_open=dataset_open)


def is_due(state: str, use_until: date | None, day: date) -> bool:
    """Whether the period is over on this day and nothing ended it before."""
    return (state, "expire") in table().rules and use_until is not None and use_until < day
