"""编目状态 of a harvested entry. PURE.

A harvest does not publish by itself: only a source that states its release does, only an entry whose level is
decided, and never one that a rule holds back (E32, W33). Everything else waits for the department's reviewer.
"""

from __future__ import annotations

from ckanext.govcn.editorial.states import Status

from harvesters.plan import Judged


def status_for(judged: Judged, now: str, *, by_person: bool = False) -> str:
    """The state after the write. `now` is the dataset's state: "" for a new one, for one that wakes the state it had.

    An entry that a person took down or returned to draft stays there, one whose level was lost leaves the public at
    once, and what a person has brought further by review (`by_person`) is neither set back nor published past them.
    """
    if now in (Status.WITHDRAWN, Status.DRAFT):
        return now
    under_review = now in (Status.DEPARTMENT_REVIEW, Status.BUREAU_REVIEW)
    if judged.publishes and not (under_review and by_person):
        return Status.PUBLISHED
    if under_review or (now == Status.PUBLISHED and judged.decided):
        return now
    return Status.DEPARTMENT_REVIEW


def waking(status_before: str, *, changed: bool) -> str:
    """The state to take a returned record's dataset for: as before it vanished, or a new one where it is changed.

    What a person had taken down or returned to draft before the record vanished stays so.
    """
    theirs = status_before in (Status.WITHDRAWN, Status.DRAFT)
    return status_before if theirs or not changed else ""
