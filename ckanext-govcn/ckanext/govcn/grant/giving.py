"""A grant given or extended, told and accounted for, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.grant import accounts, states, terms
from ckanext.govcn.grant import model as grants
from ckanext.govcn.grant.exceptions import StepRefused, TermsRefused
from ckanext.govcn.grant.model import Grant
from ckanext.govcn.grant.states import State

LONGEST_DAYS = "ckanext.govcn.grant.longest_days"


def give(package: model.Package, grantee: str, giver: str, said: Mapping[str, Any], *, told: bool = False) -> Grant:
    """A new grant to the user `grantee` in the name of the user `giver` (ids), as `said` (see `terms.read`).

    Whoever calls has decided that it may be given, undoes the transaction on any error, and commits; `told`: and tells
    people. Raises GrantError.
    """
    read = terms.read(said, datetime.now(UTC), timedelta(days=int(tk.config[LONGEST_DAYS])))
    grant = grants.give(model.Session, package=package, user_id=grantee, given_by=giver, terms=read)
    if not told:
        accounts.tell(accounts.GIVE, grant, package.owner_org or "")
    noted = {"purpose": grant.purpose, "reason": grant.reason, "reference": grant.reference}
    if grant.fields:
        noted["fields"] = "、".join(grant.fields)
    noted["deliveries"] = "、".join(grant.deliveries)
    accounts.note(accounts.GIVE, grant, giver, **noted)
    return grant


def extend(grant_id: str, by: str, until: date | None, reason: str) -> Grant:
    """续期: a grant that is in force, or will be, lasts longer, in the name of the user `by`; its keys end as they did.

    Whoever calls has decided that it may be, undoes the transaction on any error, and commits. Raises GrantError.
    """
    grant, now = grants.find(model.Session, grant_id, lock=True), datetime.now(UTC)
    if grant is None or grant.state(now) not in (State.PENDING, State.IN_FORCE):
        raise StepRefused(states.WRONG_STATE)
    if by == grant.user_id:
        raise StepRefused(states.OWN)
    before, end = grant.until, terms.moment("until", until, end=True)
    longest = timedelta(days=int(tk.config[LONGEST_DAYS]))
    if end <= before:
        raise TermsRefused("until", "应晚于现在的截止时间", "Must be later than the present end")
    if end - max(now, grant.begins) > longest:
        raise TermsRefused("until", f"授权从现在起最长 {longest.days} 天", f"At most {longest.days} days from now")
    grant.until = end
    model.Session.flush()
    package = model.Package.get(grant.package_id)
    accounts.tell(accounts.EXTEND, grant, (package.owner_org if package is not None else "") or "")
    accounts.note(accounts.EXTEND, grant, by, before=before.astimezone(UTC).isoformat(), reason=reason)
    return grant
