"""编目状态, PURE and table-driven: 草稿 → 待部门审核 → 待主管部门审核 → 已发布 → 已下架.

Who may take a step is a role of the user towards one entry; who wrote the entry never approves it (四眼原则).
`private` and what an edit does to a published entry follow from the state and the level, never from a user's wish.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """编目状态; the values are the codes of table `catalog_status`."""

    DRAFT = "draft"
    DEPARTMENT_REVIEW = "department_review"
    BUREAU_REVIEW = "bureau_review"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Step(StrEnum):
    """What can be done to an entry."""

    SUBMIT = "submit"  # 提交
    APPROVE = "approve"  # 审核通过
    RETURN = "return"  # 退回
    WITHDRAW = "withdraw"  # 下架
    RESTORE = "restore"  # 恢复


class Role(StrEnum):
    """A user's role towards one entry."""

    EDITOR = "editor"  # 部门编目员
    REVIEWER = "reviewer"  # 部门审核员
    BUREAU = "bureau"  # 数据主管部门


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: the state after the step, who may take it, and whether a writer of the entry may."""

    to: Status
    roles: frozenset[Role]
    writer_may: bool
    needs_reason: bool = False


_DEPARTMENT = frozenset({Role.EDITOR, Role.REVIEWER, Role.BUREAU})
_REVIEWER = frozenset({Role.REVIEWER})
_REVIEWERS = frozenset({Role.REVIEWER, Role.BUREAU})
_BUREAU = frozenset({Role.BUREAU})

TABLE: dict[tuple[Status, Step], Rule] = {
    (Status.DRAFT, Step.SUBMIT): Rule(Status.DEPARTMENT_REVIEW, _DEPARTMENT, writer_may=True),
    (Status.DEPARTMENT_REVIEW, Step.APPROVE): Rule(Status.BUREAU_REVIEW, _REVIEWER, writer_may=False),
    (Status.DEPARTMENT_REVIEW, Step.RETURN): Rule(Status.DRAFT, _REVIEWERS, writer_may=True, needs_reason=True),
    (Status.BUREAU_REVIEW, Step.APPROVE): Rule(Status.PUBLISHED, _BUREAU, writer_may=False),
    (Status.BUREAU_REVIEW, Step.RETURN): Rule(Status.DRAFT, _BUREAU, writer_may=True, needs_reason=True),
    (Status.PUBLISHED, Step.WITHDRAW): Rule(Status.WITHDRAWN, _REVIEWERS, writer_may=True, needs_reason=True),
    # A withdrawn entry is reviewed again: what was wrong with it may still be wrong.
    (Status.WITHDRAWN, Step.RESTORE): Rule(Status.DEPARTMENT_REVIEW, _DEPARTMENT, writer_may=True),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a step is refused; `message` and `message_en` say what to do."""

    rule: str  # state | role | four_eyes | reason
    message: str
    message_en: str


def step(
    status: Status, action: Step, roles: Collection[Role], *, is_writer: bool, reason: str = ""
) -> Status | Refusal:
    """The state after the step, or why it is refused. `is_writer`: the user wrote the entry since its last release."""
    rule = TABLE.get((status, action))
    if rule is None:
        return Refusal(
            "state",
            "目录条目现在的编目状态不能做这一步，请刷新页面后查看",
            "The entry's present status does not allow this step; please reload the page",
        )
    if not rule.roles & set(roles):
        return Refusal(
            "role",
            "您没有做这一步的权限，请联系本部门审核员或数据主管部门",
            "You may not take this step; please ask your department's reviewer or the bureau",
        )
    if is_writer and not rule.writer_may:
        return Refusal(
            "four_eyes",
            "编写目录条目的人不能审核自己的条目，请由另一人审核",
            "Who wrote an entry does not approve it; another person must review it",
        )
    if rule.needs_reason and not reason.strip():
        return Refusal("reason", "请填写理由", "Please give a reason")
    return rule.to


PUBLIC_OPEN_TYPES = frozenset({"unconditional", "conditional"})
_WIDTH = {"unconditional": 2, "conditional": 1}  # everything else, 待核定 included, shows nothing to the public


def is_private(status: str, open_type: str) -> bool:
    """`private` of a dataset: false only when 已发布 and 无条件 or 有条件开放."""
    return not (status == Status.PUBLISHED and open_type in PUBLIC_OPEN_TYPES)


@dataclass(frozen=True, slots=True)
class Opening:
    """What decides how much the public gets."""

    open_type: str = ""
    access_mode: str = ""
    security_level: str = ""
    owner: str = ""


def widens(before: Opening, after: Opening) -> bool:
    """Does the change show more to the public, or take away what the review relied on (分级, 提供方)?"""
    wider_level = _WIDTH.get(after.open_type, 0) > _WIDTH.get(before.open_type, 0)
    loses_login = before.access_mode == "login" and after.access_mode != "login"
    return wider_level or loses_login or before.security_level != after.security_level or before.owner != after.owner


def status_after_edit(status: str, before: Opening, after: Opening) -> str:
    """编目状态 after a person's edit.

    An entry under review goes back to 草稿, since what was reviewed is no longer what is there. A published entry
    stays published unless the edit widens its opening: closing takes effect at once, opening needs a review.
    """
    if status in (Status.DEPARTMENT_REVIEW, Status.BUREAU_REVIEW):
        return Status.DRAFT
    if status == Status.PUBLISHED and widens(before, after):
        return Status.DRAFT
    return status or Status.DRAFT


def settled(status: str, open_type: str) -> str:
    """A level that is missing never becomes open by itself: 待核定 is never 已发布."""
    return Status.DRAFT if status == Status.PUBLISHED and not open_type else status


def zone_refuses(zone: str, status: str, open_type: str, *, released: bool) -> bool:
    """A public instance (互联网) never holds 不予开放, 待核定 or unreleased entries."""
    if zone != "public":
        return False
    reached = status in (Status.PUBLISHED, Status.WITHDRAWN)
    return not (reached and released and open_type in PUBLIC_OPEN_TYPES)
