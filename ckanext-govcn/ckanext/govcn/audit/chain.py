"""The chain, PURE: each line holds the digest of the line before, and its own digest covers everything of it.

Whoever changes a line has to make every later digest anew, and then differs from the heads that were signed outside the
database; whoever takes lines away leaves a gap in the numbers, or a chain that ends before a signed head.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta, timezone

from ckanext.govcn.catalog.text import storable
from ckanext.govcn.signing.envelopes import canonical
from ckanext.govcn.signing.exceptions import UnknownSuite
from ckanext.govcn.signing.suites import suite_of

START = "0" * 64
"""What stands before the first line."""
LONGEST = 2000
MOST_DETAILS = 50
NO_HEAD = (
    "没有可信的签名链头，无法判断日志是否被整体改写或截断。请用异地保存的链头副本核对。",
    "No signed head is to be believed, so the whole log may have been rewritten. Compare with a copy of the heads.",
)
BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Event:
    """What happened; never the data itself.

    `event` is a stable word with its family before a dot (`release.export`). `who` is a user's id or the command's
    account; `subject` an id; `version` the SHA-256 of what was delivered; `grant` a grant's id; `outcome` a word.
    """

    event: str
    outcome: str = "done"
    who: str = ""
    ip: str = ""
    port: int | None = None
    subject: str = ""
    version: str = ""
    grant: str = ""
    rows: int | None = None
    bytes: int | None = None
    detail: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log. `at` is Beijing time (ISO 8601); `suite` names the algorithm of `digest`."""

    number: int
    at: str
    event: Event
    previous: str
    suite: str
    digest: str = ""

    def computed(self) -> str:
        """The digest that the line must have. Raises UnknownSuite."""
        said = {"number": self.number, "at": self.at, "previous": self.previous, "suite": self.suite}
        return suite_of(self.suite).digest(canonical(said | {"event": asdict(self.event)}))


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ended at a moment, as it was signed."""

    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: `altered` (a line was changed), `missing` (lines `number` to `until` are gone), `cut_off` (the
    same at the end), `head` (a signed head is not to be believed; `number` counts the file's lines)."""

    kind: str
    number: int
    until: int
    message: str
    message_en: str


def next_line(event: Event, last: Head | None, moment: datetime, suite: str) -> Line:
    """The line that follows. Texts are cut to `LONGEST` characters, and to what a database takes."""
    event = _plain(event)
    number, previous = (last.number + 1, last.digest) if last else (1, START)
    at = moment.astimezone(BEIJING).isoformat(timespec="microseconds")
    draft = Line(number, at, event, previous, suite)
    return Line(number, at, event, previous, suite, draft.computed())


def _plain(event: Event) -> Event:
    texts = {each.name: _text(value) for each in fields(event) if isinstance(value := getattr(event, each.name), str)}
    detail = {_text(key): _text(value) for key, value in list(event.detail.items())[:MOST_DETAILS]}
    return replace(event, **texts, detail=detail)


def _text(given: str) -> str:
    return storable(given)[:LONGEST]


@dataclass(slots=True)
class Check:
    """Goes along a log, line by line in the order of numbers; memory does not grow with it.

    `head` is the last one that was signed. It covers every line up to its own; what came after it is only chained.
    """

    head: Head | None = None
    lines: int = 0
    last: Head = Head(0, START)

    def faults(self, lines: Iterable[Line]) -> Iterator[Fault]:
        """Everything that is wrong."""
        for line in lines:
            self.lines += 1
            expected = self.last.number + 1
            if line.number != expected:
                yield _missing("missing", expected, line.number - 1)
            follows = line.number != expected or line.previous == self.last.digest
            if not follows or not sound(line):
                yield _altered(line.number)
            if self.head and self.head.number == line.number and self.head.digest != line.digest:
                yield _rewritten(line.number)
            self.last = Head(line.number, line.digest)
        if self.head and self.head.number > self.last.number:
            yield _missing("cut_off", self.last.number + 1, self.head.number)
        if self.head is None and self.lines:
            yield Fault("head", 0, 0, *NO_HEAD)


def sound(line: Line) -> bool:
    """Whether the line says what it said when it was written; the chain tells the rest."""
    try:
        return line.computed() == line.digest
    except UnknownSuite:
        return False


def _altered(number: int) -> Fault:
    return Fault(
        "altered",
        number,
        number,
        f"第 {number} 行或其前一行被改动。请保全数据库和链头文件，报告安全管理员。",
        f"Line {number}, or the one before it, was altered. Secure database and heads, and tell the security officer.",
    )


def _rewritten(number: int) -> Fault:
    return Fault(
        "altered",
        number,
        number,
        f"第 {number} 行与签名的链头不符：此前有行被改动后重算。请保全数据库和链头文件，报告安全管理员。",
        f"Line {number} differs from the signed head: lines up to it were rewritten. Tell the security officer.",
    )


def _missing(kind: str, first: int, until: int) -> Fault:
    return Fault(
        kind,
        first,
        until,
        f"缺少第 {first} 至 {until} 行。请保全数据库和链头文件，报告安全管理员。",
        f"Lines {first} to {until} are missing. Secure database and heads, and tell the security officer.",
    )
