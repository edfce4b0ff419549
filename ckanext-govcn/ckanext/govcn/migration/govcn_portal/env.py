"""Alembic environment of the usage table."""

from ckanext.govcn.migration.environment import run

run("govcn_portal")
