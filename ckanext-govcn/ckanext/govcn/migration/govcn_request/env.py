"""Alembic environment of the requests."""

from ckanext.govcn.migration.environment import run

run("govcn_request")
