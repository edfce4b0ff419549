"""Alembic environment of the harvest tables."""

from ckanext.govcn.migration.environment import run

run("govcn_harvest")
