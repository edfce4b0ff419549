"""Which changes carry themselves out and which wait for a person (变更清单 → 审阅 → 执行). PURE.

Always waiting: an entry that becomes more open or moves to another provider, a field that both a person and the source
changed, more than 30 % changed, more than 10 % or 20 removals, an empty answer. A source can have everything wait
(`apply: review`). Narrowing never waits: what becomes less open, and what is now marked 涉密, is done at once; of a
change that waits for another reason only its level is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harvesters.merge import width
from harvesters.plan import Changed, Plan

__all__ = ["Held", "Policy", "flood", "split", "width"]

MORE_OPEN = "开放程度提高的条目须经审阅后执行"
MOVES = "改变提供方的条目须由数据主管部门审阅后执行"
CONFLICT = "部门与来源都改动过的字段须由人决定保留哪一个"
CONFLICT_EN = "fields that both the department and the source changed: somebody has to decide"
BY_POLICY = "该来源的变更须经审阅后执行"
ONLY_PLANNED = "只生成变更清单，未执行"


@dataclass(frozen=True, slots=True)
class Policy:
    """`review`: every change waits. `plan_only`: nothing at all is done. The share counts from `least` changes on."""

    review: bool = False
    plan_only: bool = False
    share: float = 0.30
    least: int = 20

    def floods(self, changed: int, active: int) -> bool:
        """Are so many entries changed that somebody should look first?"""
        return changed >= self.least and changed > active * self.share


@dataclass(slots=True)
class Held:
    """What waits, and why (Chinese sentences, each once)."""

    plan: Plan = field(default_factory=Plan)
    why: dict[str, None] = field(default_factory=dict[str, None])

    def __len__(self) -> int:
        return len(self.plan.added) + len(self.plan.changed) + len(self.plan.removed)


def split(plan: Plan, policy: Policy) -> tuple[Plan, Held]:
    """The plan in two: what is done now, and what waits. What was received stays with what is done."""
    now = Plan(refused=plan.refused, warnings=plan.warnings, received=plan.received)
    held = Held()
    waits = policy.review or policy.plan_only
    if not policy.plan_only:
        now.unchanged, now.rehashed = plan.unchanged, plan.rehashed
    for added in plan.added:
        (held.plan if waits or added.opens else now).added.append(added)
        if added.opens:
            held.why[MORE_OPEN] = None
    for change in plan.changed:
        why = _why(change)
        closes = change.narrows and not policy.plan_only
        if not why and (not waits or (closes and not change.beside_level)):
            now.changed.append(change)
            continue
        if closes:
            now.changed.append(change.narrowing())
        held.plan.changed.append(change)
        held.why |= dict.fromkeys(why)
    for removed in plan.removed:
        (now if removed.secret and not policy.plan_only else held.plan if waits else now).removed.append(removed)
    if waits and len(held):
        held.why[ONLY_PLANNED if policy.plan_only else BY_POLICY] = None
    return now, held


def _why(change: Changed) -> list[str]:
    """Why this change waits whatever the source's policy."""
    reasons = {MORE_OPEN: change.opens, MOVES: change.moves, CONFLICT: change.conflicts}
    return [sentence for sentence, holds in reasons.items() if holds]


def flood(changed: int, active: int) -> str:
    """The sentence for a run that changes a large part of its source."""
    return f"本次变更 {changed} 条（共 {active} 条），比例较高，须经审阅后执行"
