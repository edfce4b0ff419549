"""Alembic environment of the vault and the file store."""

from ckanext.govcn.migration.environment import run

run("govcn_access")
