"""Alembic environment of departments, codes and editorial states."""

from ckanext.govcn.migration.environment import run

run("govcn")
