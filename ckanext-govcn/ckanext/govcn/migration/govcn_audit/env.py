"""Alembic environment of what the audit log is told by the database, and of the offices."""

from ckanext.govcn.migration.environment import run

run("govcn_audit")
