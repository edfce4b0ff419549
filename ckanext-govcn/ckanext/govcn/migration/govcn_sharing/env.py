"""Alembic environment of the ledger of sharing."""

from ckanext.govcn.migration.environment import run

run("govcn_sharing")
