"""Alembic environment of the vault and the file store; CKAN gives the database URL (`ckan db upgrade -p …`)."""

from __future__ import annotations

from alembic import context
from ckan.model.meta import metadata
from sqlalchemy import engine_from_config, pool

NAME = "govcn_access"
VERSION_TABLE = f"{NAME}_alembic_version"


def only_own_tables(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    return kind != "table" or name in ("govcn_vault", "govcn_file", "govcn_resource_file")


def run() -> None:
    section = context.config.get_section(context.config.config_ini_section) or {}
    engine = engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            version_table=VERSION_TABLE,
            include_object=only_own_tables,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
