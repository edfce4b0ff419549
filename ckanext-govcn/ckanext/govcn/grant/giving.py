"""A grant given, told and accounted for, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.grant import accounts, terms
from ckanext.govcn.grant import model as grants
from ckanext.govcn.grant.model import Grant

LONGEST_DAYS = "ckanext.govcn.grant.longest_days"


def give(package: model.Package, grantee: str, giver: str, said: Mapping[str, Any]) -> Grant:
    """A new grant to the user `grantee` in the name of the user `giver` (ids), as `said` (see `terms.read`).

    Whoever calls has decided that it may be given, undoes the transaction on any error, and commits. Raises GrantError.
    """
    read = terms.read(said, datetime.now(UTC), timedelta(days=int(tk.config[LONGEST_DAYS])))
    grant = grants.give(model.Session, package=package, user_id=grantee, given_by=giver, terms=read)
    accounts.tell(accounts.GIVE, grant, package.owner_org or "")
    noted = {"purpose": grant.purpose, "reason": grant.reason, "reference": grant.reference}
    if grant.fields:
        noted["fields"] = "、".join(grant.fields)
    accounts.note(accounts.GIVE, grant, giver, **noted)
    return grant
