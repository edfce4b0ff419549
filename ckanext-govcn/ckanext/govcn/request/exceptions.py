"""What can go wrong with a step of a request, beside what the workflow refuses.

::

    StepRefused     (workflow)
    └── TooLate     an answer that can be disputed no more   (time)

Not transient: a retry gets the same answer.
"""

from __future__ import annotations

from ckanext.govcn.workflow.exceptions import StepRefused


class TooLate(StepRefused):
    """The days in which an answer may be disputed are over."""

    rule = "time"

    def __init__(self) -> None:
        super().__init__(
            "已过可以不认可的期限，按办结处理；仍有需要的，可以另提需求",
            "The time in which this answer could be disputed is over; you may make a new demand",
        )
