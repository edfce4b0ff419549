"""Fixtures of all integration tests: every plugin's tables, an empty database and an empty index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

WITH_TABLES = (
    "activity", "govcn", "govcn_access", "govcn_application", "govcn_audit", "govcn_grant", "govcn_harvest",
    "govcn_identity", "govcn_notice", "govcn_portal", "govcn_request", "govcn_search",
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Name CKAN's own marks, which its pytest plugin does not."""
    config.addinivalue_line("markers", "with_plugins: plugins in addition to those of the configuration")
    config.addinivalue_line("markers", "ckan_config: a setting of CKAN for one test")


@pytest.fixture(scope="session")
def migrated() -> Callable[[Callable[[str], Any]], None]:
    """Bring the database to the plugins' state once; afterwards CKAN only empties the tables it knows."""
    done: list[bool] = []

    def migrate(migrate_db_for: Callable[[str], Any]) -> None:
        import ckan.plugins as p
        from ckan import model

        if done:
            model.repo.tables_created_and_initialised = True
            model.repo.rebuild_db()
            return
        model.repo.rebuild_db()
        off = [plugin for plugin in WITH_TABLES if not p.plugin_loaded(plugin)]  # by this test's own configuration
        p.load(*off)
        for plugin in WITH_TABLES:
            migrate_db_for(plugin)
        p.unload(*off)
        done.append(True)

    return migrate


@pytest.fixture
def clean(with_plugins: None, migrated: Any, migrate_db_for: Any, clean_index: None) -> None:
    """All plugins of the configuration (and of the marks), no data."""
    migrated(migrate_db_for)
