"""Who may carry out what a harvest has planned (执行变更清单), PURE.

What makes an entry more open is decided by somebody other than the source's editor: the bureau, or an admin of the
department who neither edited the source nor asked for the run. A department with one clerk has nobody else, so there
the bureau decides, and the record says so. An entry moves to another provider by the bureau alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

OPENS, MOVE = "opens", "move"
"""Kinds of a planned change that need more than the source's own editor; the others are added, changed, removed."""
EDITOR, ADMIN = "editor", "admin"
UPLOADS = "upload-"
"""How the name of a source begins that takes what a department uploads: `upload-<id of the department>`."""


def source_of_uploads(department: str) -> str:
    """The name of the source that takes a department's workbooks, by the department's id."""
    return f"{UPLOADS}{department}"


def takes_uploads(source: str) -> bool:
    """Is this a source that has nothing to be asked for, but takes what is uploaded?"""
    return source.startswith(UPLOADS)


@dataclass(frozen=True, slots=True)
class Person:
    """Who decides. `capacity` is the role in the source's department: admin, editor or "".

    An `operator` types commands on the portal's own machine and acts for the bureau; nobody is logged in there.
    """

    name: str = ""
    bureau: bool = False
    capacity: str = ""
    operator: bool = False

    @property
    def acts_as(self) -> str:
        """As what the person decides: operator, bureau, admin or editor."""
        return "operator" if self.operator else "bureau" if self.bureau else self.capacity


OPERATOR = Person(bureau=True, operator=True)


@dataclass(frozen=True, slots=True)
class Stewardship:
    """Who looks after a source: who edited it last, who asked for the run, how many admins and editors there are."""

    edited_by: str = ""
    asked_by: str = ""
    clerks: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """May it be done? `code` names the rule; `reason` says why, in Chinese and English, and is kept with the record."""

    allowed: bool
    code: str
    reason: str = ""
    reason_en: str = ""


BUREAU = Decision(True, "bureau", "由数据主管部门决定", "Decided by the bureau")
BUREAU_FOR_ONE = Decision(
    True,
    "bureau_for_one_clerk",
    "该部门只有一名编目人员，由数据主管部门决定",
    "The department has one clerk only: decided by the bureau",
)
DEPARTMENT = Decision(True, "department", "由来源所属部门决定", "Decided by the source's department")
STRANGER = Decision(
    False,
    "stranger",
    "只有该来源所属部门的编目人员和数据主管部门可以办理，请联系他们",
    "Only editors of the source's department and the bureau may do this; please ask them",
)
MOVES = Decision(
    False,
    "move",
    "改变提供方的条目只能由数据主管部门执行",
    "Only the bureau moves an entry to another provider",
)
NOT_ADMIN = Decision(
    False,
    "opens",
    "开放程度提高的条目须由部门管理员或数据主管部门执行",
    "What makes an entry more open is carried out by the department's admin or the bureau",
)
SAME_PERSON = Decision(
    False,
    "same_person",
    "开放程度提高的条目须由来源维护人和任务发起人以外的人执行，请由另一位管理员或数据主管部门执行",
    "What opens is decided by somebody who neither edited the source nor asked for the run: another admin, the bureau",
)


def may_apply(person: Person, kinds: Collection[str], source: Stewardship) -> Decision:
    """May the person carry out planned changes of these kinds?"""
    opens = OPENS in kinds
    if not may_decide(person).allowed:
        return STRANGER
    if opens and person.name and person.name in (source.edited_by, "" if person.bureau else source.asked_by):
        return SAME_PERSON
    if person.bureau:
        return BUREAU_FOR_ONE if opens and source.clerks == 1 else BUREAU
    if MOVE in kinds:
        return MOVES
    return NOT_ADMIN if opens and person.capacity != ADMIN else DEPARTMENT


def may_decide(person: Person) -> Decision:
    """May the person reject a plan, undo a run or take the undoing back? (What undoing opens again was open before.)"""
    if person.bureau:
        return BUREAU
    return DEPARTMENT if person.capacity in (EDITOR, ADMIN) else STRANGER
