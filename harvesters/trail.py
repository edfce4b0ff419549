"""What a reading meets beside records: remarks about the source as a whole, and stamps of what was read. PURE."""

from __future__ import annotations

from dataclasses import dataclass, field

ADDRESS, FILE, BATCH = "address", "file", "batch"
"""Kinds of stamps."""
LONGEST = 1_000  # characters of an address or path that is kept
MOST = 20_000  # stamps of one source; where there are more, reading is no dearer than asking

OPEN_ACCOUNT = "H06"
"""Rule: the account may do more than read, or nobody could tell."""
UNTRIED = "H07"
"""Rule: the source is read by a driver that nobody has tried on this platform."""
LEFT_OUT = "H08"
"""Rule: a part of the source was not read in this run; nothing of the source is taken down."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to tell about a source that concerns no single record; `message` is Chinese."""

    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """What says that a part of a source is still what it was.

    `kind` address: `what` is the URL, `value` its validators (RFC 9110 §8.8); file: a path, its size and time; batch: a
    批次, its mark.
    """

    kind: str
    what: str
    value: str


@dataclass(slots=True)
class Trail:
    """Kept by a `Fetcher`. `before` are the stamps of the last run that took over everything it had read."""

    before: tuple[Stamp, ...] = ()
    stamps: dict[tuple[str, str], Stamp] = field(default_factory=dict[tuple[str, str], Stamp])
    remarks: dict[Remark, None] = field(default_factory=dict[Remark, None])
    stamped: bool = True  # false when something was read that has no stamp
    whole: bool = True  # false when a part of the source could not be read this time; then nothing has vanished

    def remark(self, rule: str, message: str) -> None:
        """Tell something once."""
        self.remarks[Remark(rule, message)] = None

    def stamp(self, stamp: Stamp) -> None:
        """A part was read, and this is how to know it again."""
        if len(stamp.what) > LONGEST or len(self.stamps) >= MOST:
            self.unstamped()
        else:
            self.stamps[stamp.kind, stamp.what] = stamp

    def unstamped(self) -> None:
        """A part was read that nobody can know again without reading it."""
        self.stamped = False

    def leave_out(self, what: str, why: str) -> None:
        """A part was not read; the rest goes on. `why` is Chinese."""
        self.whole = False
        self.remark(LEFT_OUT, f"{what}：{why}")
