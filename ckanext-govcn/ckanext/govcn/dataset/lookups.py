"""What the catalogue's rules look up in this platform: departments, codes, titles, confirmations."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from ckan import model
from sqlalchemy import text

from ckanext.govcn.catalog.entry import Provider
from ckanext.govcn.catalog.registry import Confirmation, Context
from ckanext.govcn.department import model as departments
from ckanext.govcn.editorial import model as records


def context_for(dataset_id: str | None, *, confirmed: bool = True) -> Context:
    """Look-ups for one dataset (its own codes and titles do not count as others'); None for one that is not saved.

    The personal-data scan of files is not here, so its rule reports `not_run`.
    """
    own = dataset_id or ""
    return Context(
        today=datetime.date.today(),  # noqa: DTZ011 - dates of a catalogue are local dates
        provider_known=_provider_known,
        title_of_code=lambda code: _title_of_code(code, own),
        providers_of_title=lambda title: _providers_of_title(title, own),
        series_of=None,
        confirmation=(lambda entry: _confirmation(own)) if confirmed else None,
    )


def _provider_known(provider: Provider) -> bool:
    return departments.department_for(provider) is not None


def _title_of_code(code: str, own: str) -> str | None:
    return model.Session.execute(
        text(
            "SELECT p.title FROM govcn_code c JOIN package p ON p.id = c.package_id "
            "WHERE c.code = :code AND p.id <> :own AND p.state <> 'deleted'"
        ),
        {"code": code, "own": own},
    ).scalar()


def _providers_of_title(title: str, own: str) -> Sequence[str]:
    return list(
        model.Session.execute(
            text(
                'SELECT DISTINCT g.title FROM package p JOIN "group" g ON g.id = p.owner_org '
                "WHERE p.title = :title AND p.type = 'dataset' AND p.state = 'active' AND p.id <> :own "
                "AND p.owner_org IS DISTINCT FROM (SELECT owner_org FROM package WHERE id = :own)"
            ),
            {"title": title, "own": own},
        ).scalars()
    )


def _confirmation(own: str) -> Confirmation | None:
    found = records.confirmation_of(model.Session, own) if own else None
    return Confirmation(*found) if found else None
