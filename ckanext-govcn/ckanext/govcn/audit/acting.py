"""Who acts, for the log: the person of a request, the account that runs a command, or whom a job works for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

import flask
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.audit.log import operator
from ckanext.govcn.audit.origin import origin


@dataclass(frozen=True, slots=True)
class Actor:
    """`who` is a user's id or the command's account; `detail` what it is part of (a harvest's source and run)."""

    who: str
    ip: str = ""
    port: int | None = None
    detail: Mapping[str, str] = field(default_factory=dict[str, str])


_behalf: ContextVar[Actor | None] = ContextVar("govcn_audit_behalf", default=None)


def actor() -> Actor:
    """Who acts now."""
    if (behalf := _behalf.get()) is not None:
        return behalf
    if flask.has_request_context():
        ip, port = origin(flask.request.environ)
        return Actor(str(getattr(tk.current_user, "id", "") or ""), ip, port)
    return Actor(operator())


@contextmanager
def on_behalf(user: str = "", **detail: str) -> Iterator[None]:
    """What is done meanwhile is done for `user` (name; nobody's is whoever acts), as part of `detail`."""
    now = actor()
    person = model.User.get(user) if user else None
    acting = replace(now, who=person.id if person else now.who, detail={**now.detail, **detail})
    token = _behalf.set(acting)
    try:
        yield
    finally:
        _behalf.reset(token)
