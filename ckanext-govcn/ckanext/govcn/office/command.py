"""Nobody who holds an office becomes a system administrator by a command (`ckan sysadmin add`) either: the database
refuses it, and this says so before, in a sentence instead of a traceback."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import click
from ckan import model
from sqlalchemy.orm import attributes

from ckanext.govcn.office.exceptions import OfficeError
from ckanext.govcn.office.model import PLUGIN, keep_apart


def refuse(session: Any, _flush: Any, _instances: Any) -> None:
    """Asked before a session writes. Only within a command: everywhere else the caller words the refusal."""
    if click.get_current_context(silent=True) is None or not p.plugin_loaded(PLUGIN):
        return
    for each in session.dirty:
        if isinstance(each, model.User) and each.sysadmin and attributes.get_history(each, "sysadmin").added:
            with session.no_autoflush:
                _ask(each.name)


def _ask(name: str) -> None:
    try:
        keep_apart(name)
    except OfficeError as error:
        model.Session.expire_all()  # what is refused is not written later
        raise click.ClickException(f"{error.message} / {error.message_en}") from error
