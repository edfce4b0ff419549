"""编目状态 of a harvested entry. PURE.

A harvest does not publish by itself: only a source that states its release does, only an entry whose level is
decided, and never one that a rule holds back (E32, W33). Everything else waits for the department's reviewer.
"""

from __future__ import annotations

from ckanext.govcn.editorial.states import Status

from harvesters.plan import Judged


def status_for(judged: Judged, now: str) -> str:
    """The state after the write. `now` is the dataset's state: "" for a new one, for one that wakes the state it had.

    An entry that a person took down stays down, one whose level was lost leaves the public at once, and what a person
    has brought further by review is not set back.
    """
    if now == Status.WITHDRAWN:
        return now
    if judged.publishes:
        return Status.PUBLISHED
    if now == Status.PUBLISHED and judged.decided:
        return now
    if now in (Status.DEPARTMENT_REVIEW, Status.BUREAU_REVIEW, Status.DRAFT):
        return now
    return Status.DEPARTMENT_REVIEW
