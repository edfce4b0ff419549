"""Alembic environment of the grants."""

from ckanext.govcn.migration.environment import run

run("govcn_grant")
