"""Runs one plugin's migrations for `ckan db upgrade -p PLUGIN`; CKAN gives the database URL.

Every plugin's versions have a table of their own, so that plugins are upgraded one by one. Migrations are written by
hand: no metadata is compared.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import engine_from_config, pool


def run(plugin: str) -> None:
    """Bring the tables of `plugin` to the version asked for, or print the SQL for it (`--sql`)."""
    if context.is_offline_mode():
        _migrate(plugin, url=context.config.get_main_option("sqlalchemy.url"), literal_binds=True)
        return
    section = context.config.get_section(context.config.config_ini_section) or {}
    engine = engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
    with engine.connect() as connection:
        _migrate(plugin, connection=connection)


def _migrate(plugin: str, **options: object) -> None:
    context.configure(target_metadata=None, version_table=f"{plugin}_alembic_version", **options)
    with context.begin_transaction():
        context.run_migrations()
