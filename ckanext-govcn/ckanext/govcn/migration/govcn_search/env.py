"""Alembic environment of the table that says what the search index holds."""

from ckanext.govcn.migration.environment import run

run("govcn_search")
