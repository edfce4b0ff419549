"""The life of a grant, PURE and table-driven: which step from which state, by whom.

    尚未生效 → 有效 → 已到期        by time alone
    中止 (at once, by one person) ⇄ 恢复 (by a second person: 先停后审)
    终止 from any of these, for good

Narrowing (中止, 终止, 吊销密钥) is open to everybody who is responsible, so that it happens at once. What opens data
(授权, 恢复) is decided by the department that provides it or the 数据主管部门, never by whoever receives the data, and
never by the role of system administrator or security officer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """授权状态."""

    PENDING = "pending"  # 尚未生效
    IN_FORCE = "in_force"  # 有效
    SUSPENDED = "suspended"  # 已中止
    EXPIRED = "expired"  # 已到期
    ENDED = "ended"  # 已终止


class Step(StrEnum):
    """What is done to a grant."""

    SUSPEND = "suspend"  # 中止
    RESUME = "resume"  # 恢复
    END = "end"  # 终止
    CREATE_KEY = "key_create"  # 新建密钥
    REVOKE_KEY = "key_revoke"  # 吊销密钥


class Role(StrEnum):
    """A person's role towards one grant."""

    GRANTEE = "grantee"  # 被授权人
    PROVIDER = "provider"  # 提供部门编目人员
    BUREAU = "bureau"  # 数据主管部门
    OPERATOR = "operator"  # 系统管理员
    SECURITY = "security"  # 安全管理员


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: from which states, by which roles, with a reason or not, and whether a second person has to do it."""

    states: frozenset[State]
    roles: frozenset[Role]
    needs_reason: bool = False
    second_person: bool = False


_ALIVE = frozenset({State.PENDING, State.IN_FORCE})
_DECIDERS = frozenset({Role.PROVIDER, Role.BUREAU})
_RESPONSIBLE = _DECIDERS | {Role.OPERATOR, Role.SECURITY}

TABLE: dict[Step, Rule] = {
    Step.SUSPEND: Rule(_ALIVE, _RESPONSIBLE, needs_reason=True),
    Step.RESUME: Rule(frozenset({State.SUSPENDED}), _DECIDERS, needs_reason=True, second_person=True),
    Step.END: Rule(_ALIVE | {State.SUSPENDED}, _RESPONSIBLE | {Role.GRANTEE}, needs_reason=True),
    Step.CREATE_KEY: Rule(_ALIVE, frozenset({Role.GRANTEE})),
    Step.REVOKE_KEY: Rule(frozenset(State), _RESPONSIBLE | {Role.GRANTEE}),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a step is refused; `rule` is role, own, state, elsewhere, second_person or reason."""

    rule: str
    message: str
    message_en: str


STRANGER = Refusal(
    "role",
    "只有提供部门的编目人员和数据主管部门可以办理，请联系他们",
    "Only editors of the department that provides the data and the bureau may do this; please ask them",
)
NOT_GRANTEE = Refusal("role", "只有被授权人可以新建密钥", "Only the grantee makes keys")
OWN = Refusal(
    "own",
    "不能为自己授权或恢复自己的授权，请由提供部门的其他人员或数据主管部门办理",
    "Nobody decides on a grant to oneself; please ask a colleague or the bureau",
)
WRONG_STATE = Refusal(
    "state",
    "授权的当前状态不允许这样办理，请刷新页面查看",
    "The state of the grant does not allow this; reload the page to see it",
)
SAME_PERSON = Refusal(
    "second_person",
    "恢复须由中止人以外的人办理；本部门没有其他人员时，请数据主管部门办理",
    "Resuming is for somebody other than who suspended it; where there is nobody else, for the bureau",
)
ELSEWHERE = Refusal(
    "elsewhere",
    "该授权随其申请中止，请在申请页面办理恢复",
    "This grant was suspended with its application; please resume it on the application's page",
)
NO_REASON = Refusal("reason", "请填写理由", "Please give a reason")


def state_of(
    begins: datetime, until: datetime, suspended_at: datetime | None, ended_at: datetime | None, now: datetime
) -> State:
    """The state at a moment. Times have a zone."""
    if ended_at is not None:
        return State.ENDED
    if now >= until:
        return State.EXPIRED
    if suspended_at is not None:
        return State.SUSPENDED
    return State.PENDING if now < begins else State.IN_FORCE


def may_give(roles: frozenset[Role], reason: str) -> Refusal | None:
    """May a person with these roles give a grant? None: yes."""
    if Role.GRANTEE in roles:
        return OWN
    if not roles & _DECIDERS:
        return STRANGER
    return None if reason.strip() else NO_REASON


def may_take(  # noqa: PLR0913 - what the table asks of one step
    step: Step, state: State, roles: frozenset[Role], *, reason: str, same_person: bool, held: bool = False
) -> Refusal | None:
    """May the step be taken? None: yes. `same_person`: the one who asks also took the step that this one undoes;
    `held`: that step was taken by what gave the grant, with rules of its own about who undoes it."""
    rule = TABLE[step]
    if not roles & rule.roles:
        return NOT_GRANTEE if step is Step.CREATE_KEY else STRANGER
    if rule.second_person and Role.GRANTEE in roles:
        return OWN
    if state not in rule.states:
        return WRONG_STATE
    if rule.second_person and held:
        return ELSEWHERE
    if rule.second_person and same_person:
        return SAME_PERSON
    return NO_REASON if rule.needs_reason and not reason.strip() else None
