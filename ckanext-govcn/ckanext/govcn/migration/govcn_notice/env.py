"""Alembic environment of the notices."""

from ckanext.govcn.migration.environment import run

run("govcn_notice")
