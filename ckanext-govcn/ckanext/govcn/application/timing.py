"""办理时限 of an application, PURE: which period runs in a state, from its history.

A period is that of the deadline table (`deadline/sla.yaml`), counted from the first submission; it stands still while
the applicant completes the papers (补正).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from ckanext.govcn.application.machine import table
from ckanext.govcn.deadline.period import Period, Stop, StopReason
from ckanext.govcn.deadline.sla import Sla, Term

TYPE = "conditional"
ASKED, SUBMITTED = "ask_correction", "submit"


def terms_of(sla: Sla) -> dict[str, dict[str, Any]]:
    """The rows that hold for an application which is submitted now, to be stored with it."""
    processes = {state.process for state in table().states.values() if state.process}
    return {process: asdict(sla.term(process, TYPE)) for process in sorted(processes)}


def period_of(state: str, terms: Mapping[str, Mapping[str, Any]], steps: Sequence[tuple[str, date]]) -> Period | None:
    """The period that runs in this state, or None. `terms` as stored, `steps` (event, day in Beijing) in order."""
    term = terms.get(table().states[state].process)
    submissions = [day for event, day in steps if event == SUBMITTED]
    if term is None or not submissions:
        return None
    asked = next((day for event, day in steps if event == ASKED), None)
    again = submissions[1] if len(submissions) > 1 else None
    stops = (Stop(StopReason.SUPPLEMENT, asked, again),) if asked else ()
    return Period(Term(**term), submissions[0], stops)
