"""Alembic environment of the applications."""

from ckanext.govcn.migration.environment import run

run("govcn_application")
