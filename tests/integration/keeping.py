"""Plugins and web application kept from one test to the next, where both run with the same configuration.

CKAN's own fixtures load every plugin before each test, unload it afterwards and build the application anew: two thirds
of the time of all integration tests. Here a test that begins with the configuration of the one before finds
the plugins as that one found them; another configuration, or an application for one that a test changed, is made
in full. What a loading does to the process besides is done each time: CKAN's caches, globals and sessions begin anew.
"""

from __future__ import annotations

import copy
from typing import Any

import ckan.plugins as p
from ckan import logic, model
from ckan.authz import clear_auth_functions_cache
from ckan.common import config
from ckan.lib import app_globals
from ckan.tests import helpers

_NOTHING: dict[str, Any] = {}


class Kept:
    """The loaded plugins, by the configuration they were loaded with, and the application made of them."""

    def __init__(self) -> None:
        self._asked, self._loaded = _NOTHING, _NOTHING
        self._app: Any = None

    def plugins(self, *, keep: bool) -> None:
        """Load the configuration's plugins, unless they are loaded. `keep=False`: the next test shall load its own."""
        if keep and self._asked and self._asked == dict(config):
            config.clear()
            config.update(copy.deepcopy(self._loaded))
            self._begin_anew()
            return
        asked = copy.deepcopy(dict(config))  # unloading changes it
        self.forget()
        p.load_all()
        if keep:
            self._asked, self._loaded = asked, copy.deepcopy(dict(config))

    def application(self) -> Any:
        """A client of the application; it is made anew when the test has changed the configuration."""
        config["testing"] = True
        if self._app is not None and _same(self._loaded, dict(config)):
            self._begin_anew()
            logic.get_action("get_site_user")({"ignore_auth": True}, {})  # the database was emptied since
            return helpers.CKANTestApp(self._app)
        unchanged = bool(self._asked) and _same(self._loaded, dict(config))
        made = helpers._get_test_app()
        try:
            now = copy.deepcopy(dict(config)) if unchanged else _NOTHING
        except TypeError:  # a setting that holds something alive, such as a store of sessions
            now = _NOTHING
        if now:
            self._app, self._loaded = made.app, now
        else:
            self._asked, self._loaded, self._app = _NOTHING, _NOTHING, None
        return made

    def forget(self) -> None:
        """Unload everything."""
        self._asked, self._loaded, self._app = _NOTHING, _NOTHING, None
        p.unload_all()

    @staticmethod
    def _begin_anew() -> None:
        logic.clear_actions_cache()
        logic.clear_validators_cache()
        clear_auth_functions_cache()
        model.Session.remove()
        app_globals.reset()


def _same(loaded: dict[str, Any], now: dict[str, Any]) -> bool:
    """Is the configuration what it was after loading?"""
    return {**loaded, "testing": True} == {**now, "testing": True}
