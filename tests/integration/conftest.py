"""Fixtures of all integration tests: every plugin's tables, an empty database and an empty index."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from integration.keeping import Kept

WITH_TABLES = (
    "activity", "govcn", "govcn_access", "govcn_application", "govcn_audit", "govcn_grant", "govcn_harvest",
    "govcn_identity", "govcn_notice", "govcn_portal", "govcn_request", "govcn_search", "govcn_sharing",
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Name CKAN's own marks, which its pytest plugin does not."""
    config.addinivalue_line("markers", "with_plugins: plugins in addition to those of the configuration")
    config.addinivalue_line("markers", "ckan_config: a setting of CKAN for one test")
    # what is installed stays the same for a run; CKAN reads it from the disk for every plugin of every test
    from ckan.plugins import core

    core.entry_points = functools.cache(core.entry_points)


@pytest.fixture(scope="session")
def kept() -> Iterator[Kept]:
    """Plugins and application that stay from test to test."""
    from integration.keeping import Kept

    keeping = Kept()
    yield keeping
    keeping.forget()


@pytest.fixture
def with_plugins(ckan_config: Any, monkeypatch: Any, request: Any, provide_plugin: Any, kept: Kept) -> Iterator[None]:
    """CKAN's fixture of this name: the plugins of the configuration and of the marks, which may bring classes."""
    given = list(itertools.chain.from_iterable(mark.args for mark in request.node.iter_markers("with_plugins")))
    made = {name: plugin for each in given if isinstance(each, dict) for name, plugin in each.items()}
    for name, plugin in made.items():
        provide_plugin(name, plugin)
    names = [name for each in given for name in ([each] if isinstance(each, str) else each)]
    configured = ckan_config["ckan.plugins"]
    configured = configured.split() if isinstance(configured, str) else configured
    monkeypatch.setitem(ckan_config, "ckan.plugins", [*configured, *names])
    kept.plugins(keep=not made)
    yield
    if made:
        kept.forget()


@pytest.fixture
def make_app(ckan_config: Any, kept: Kept) -> Callable[[], Any]:
    """CKAN's fixture of this name: the application of the present configuration."""
    from ckan.lib.app_globals import _CONFIG_CACHE

    _CONFIG_CACHE.clear()
    return kept.application


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
