"""Who looks after a source, and what waits in a run's plan: the database's side of `rules`."""

from __future__ import annotations

from typing import Any

from ckan import model
from sqlalchemy import text

from ckanext.govcn.department.bureau import capacities, is_bureau
from ckanext.govcn.harvest import rules

_SOURCE = text("""
    SELECT s.owner_org, s.edited_by, r.asked_by,
           (SELECT count(DISTINCT m.table_id) FROM member m JOIN "user" u ON u.id = m.table_id
            WHERE m.group_id = s.owner_org AND m.table_name = 'user' AND m.state = 'active' AND u.state = 'active'
              AND m.capacity IN ('admin', 'editor')) AS clerks
    FROM govcn_harvest_run r LEFT JOIN govcn_harvest_source s ON s.name = r.source WHERE r.id = :run
""")
_KINDS = text("""
    SELECT DISTINCT kind, opens FROM govcn_harvest_change WHERE run_id = :run AND state = 'planned'
""")
_DECISIONS = text("""
    SELECT what, decided_by, decided_as, asked_by, note, counts, at FROM govcn_harvest_decision
    WHERE run_id = :run ORDER BY id
""")


def person_of(user: model.User, owner_org: str | None) -> rules.Person:
    """The user as the rules see them, towards a source of this organization."""
    held = capacities(user, [owner_org]) if owner_org else set()
    capacity = next((each for each in (rules.ADMIN, rules.EDITOR) if each in held), "")
    return rules.Person(user.name, is_bureau(user), capacity)


def stewardship(session: Any, run: int) -> tuple[rules.Stewardship, str | None]:
    """Who looks after the source of a run, and the organization it belongs to."""
    row = session.execute(_SOURCE, {"run": run}).one_or_none()
    if row is None:
        return rules.Stewardship(), None
    return rules.Stewardship(row.edited_by or "", row.asked_by, row.clerks or 0), row.owner_org


def waiting_kinds(session: Any, run: int) -> list[set[str]]:
    """What waits in a run's plan: for each different sort of change its kinds, as `rules.may_apply` takes them."""
    rows = session.execute(_KINDS, {"run": run})
    return [{row.kind} | ({rules.OPENS} if row.opens else set()) for row in rows]


def opens(session: Any, run: int) -> bool:
    """Does anything wait in the run's plan that makes an entry more open? (What narrows never waits.)"""
    return any(rules.OPENS in kinds for kinds in waiting_kinds(session, run))


def may_apply(session: Any, user: model.User, run: int) -> rules.Decision:
    """May the user carry out anything of what waits in the run's plan? The worker asks change by change."""
    source, owner = stewardship(session, run)
    person = person_of(user, owner)
    answers = [rules.may_apply(person, kinds, source) for kinds in waiting_kinds(session, run) or [set[str]()]]
    return next((each for each in answers if each.allowed), answers[0])


def decisions(session: Any, run: int) -> list[dict[str, Any]]:
    """Who decided what on a run, oldest first, times in ISO 8601."""
    rows = session.execute(_DECISIONS, {"run": run}).mappings()
    return [dict(row) | {"at": row["at"].isoformat()} for row in rows]
