"""Runs the migrations of plugin `govcn` for `ckan db upgrade -p govcn`; its versions have their own table."""

import os

from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
_NAME = os.path.basename(os.path.dirname(__file__))


def _run(**options: object) -> None:
    context.configure(target_metadata=None, version_table=f"{_NAME}_alembic_version", **options)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    _run(url=config.get_main_option("sqlalchemy.url"), literal_binds=True)
else:
    engine = engine_from_config(
        config.get_section(config.config_ini_section), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    with engine.connect() as connection:
        _run(connection=connection)
