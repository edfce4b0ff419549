"""办理时限 of a request, PURE: which period runs in a state, from its history.

A period is that of the deadline table (`deadline/sla.yaml`). It is counted from the first submission, or from when the
answer was disputed or sent back to be given again; it stands still while who asked completes it (补正). Where the table
has no row none runs: nobody's invention stands in for a rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from ckanext.govcn.deadline.exceptions import UnknownTerm
from ckanext.govcn.deadline.period import Period, Stop, StopReason
from ckanext.govcn.deadline.sla import Sla, Term
from ckanext.govcn.request.kinds import Kind

ASKED, SUBMITTED = "ask_completion", ("submit", "submit_to_bureau")
DISPUTE = "dispute"
BEGIN_ANEW = (DISPUTE, "answer_again")


def processes(kind: Kind) -> list[str]:
    """Rows of the deadline table that the states name, in their order."""
    return list(dict.fromkeys(state.process for state in kind.table.states.values() if state.process))


def terms_of(sla: Sla, kind: Kind) -> dict[str, dict[str, Any]]:
    """The rows that hold for a request which is submitted now, to be stored with it."""
    found: dict[str, dict[str, Any]] = {}
    for process in processes(kind):
        try:
            found[process] = asdict(sla.term(process, kind.term_type))
        except UnknownTerm:  # no rule was found, and the operator entered none
            continue
    return found


def period_of(
    kind: Kind, state: str, terms: Mapping[str, Mapping[str, Any]], steps: Sequence[tuple[str, date]]
) -> Period | None:
    """The period that runs in this state, or None. `terms` as stored, `steps` (event, day in Beijing) in order."""
    term = terms.get(kind.table.states[state].process)
    submissions = [day for event, day in steps if event in SUBMITTED]
    if term is None or not submissions:
        return None
    anew = [day for event, day in steps if event in BEGIN_ANEW]
    if anew:
        return Period(Term(**term), anew[-1])
    asked = next((day for event, day in steps if event == ASKED), None)
    again = submissions[1] if len(submissions) > 1 else None
    stops = (Stop(StopReason.SUPPLEMENT, asked, again),) if asked else ()
    return Period(Term(**term), submissions[0], stops)


def disputable_until(answered: date, days: int) -> date:
    """The last day on which an answer may be disputed."""
    return answered + timedelta(days=days)


def disputable(answered: date, today: date, days: int) -> bool:
    """May an answer still be disputed, whether or not the platform has closed what no longer can?"""
    return today <= disputable_until(answered, days)
