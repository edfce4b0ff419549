"""Plugin `govcn_limit`: how often. First in `ckan.plugins`, so that it is asked before all others. Wiring only."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.govcn.limit import doors


@tk.blanket.config_declarations
class GovcnLimitPlugin(p.SingletonPlugin):
    """Limits of logins and of visitors."""

    p.implements(p.IBlueprint)
    p.implements(p.ISignal)

    def get_blueprint(self) -> list[Any]:
        return [doors.blueprint]

    def get_signal_subscriptions(self) -> dict[Any, list[Any]]:
        return {tk.signals.user_logged_in: [doors.logged_in], tk.signals.failed_login: [doors.failed]}
