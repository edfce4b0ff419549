"""Alembic environment of the identities."""

from ckanext.govcn.migration.environment import run

run("govcn_identity")
