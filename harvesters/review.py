"""Which changes carry themselves out and which wait for a person (变更清单 → 审阅 → 执行). PURE.

Always waiting: an entry that becomes more open, more than 30 % changed, more than 10 % or 20 removals, an empty answer.
A source can have everything wait (`apply: review`). Narrowing never waits: what becomes less open, and what is now
marked 涉密, is done at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ckanext.govcn.catalog.entry import CatalogEntry

from harvesters.plan import Changed, Plan

MORE_OPEN = "开放程度提高的条目须经审阅后执行"
BY_POLICY = "该来源的变更须经审阅后执行"
ONLY_PLANNED = "只生成变更清单，未执行"
_WIDTH = {"unconditional": 3, "conditional": 1}


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


def width(entry: CatalogEntry) -> int:
    """How open an entry is: 无条件 3, 登录 2, 有条件 1, 不予 or 待核定 0."""
    if entry.open_type == "unconditional" and entry.access_mode == "login":
        return 2
    return _WIDTH.get(entry.open_type, 0)


def split(plan: Plan, policy: Policy) -> tuple[Plan, Held]:
    """The plan in two: what is done now, and what waits. Refusals and warnings stay with what is done."""
    now = Plan(refused=plan.refused, warnings=plan.warnings)
    held = Held()
    waits = policy.review or policy.plan_only
    if not policy.plan_only:
        now.unchanged = plan.unchanged
    (held.plan if waits else now).added = plan.added
    for change in plan.changed:
        to = now if _at_once(change, policy, waits=waits) else held.plan
        to.changed.append(change)
        if to is held.plan and width(change.judged.entry) > width(change.old):
            held.why[MORE_OPEN] = None
    for removed in plan.removed:
        (now if removed.secret and not policy.plan_only else held.plan if waits else now).removed.append(removed)
    if waits and len(held):
        held.why[ONLY_PLANNED if policy.plan_only else BY_POLICY] = None
    return now, held


def _at_once(change: Changed, policy: Policy, *, waits: bool) -> bool:
    if policy.plan_only:
        return False
    new, old = width(change.judged.entry), width(change.old)
    return new < old or (new == old and not waits)


def flood(changed: int, active: int) -> str:
    """The sentence for a run that changes a large part of its source."""
    return f"本次变更 {changed} 条（共 {active} 条），比例较高，须经审阅后执行"
