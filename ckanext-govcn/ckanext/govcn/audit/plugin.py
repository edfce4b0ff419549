"""Plugin `govcn_audit`: what the audit log is told, who reads it, and the offices. Wiring only."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.govcn.audit import action, auth, logins, notes, views
from ckanext.govcn.office import action as office_action
from ckanext.govcn.office import cli as office_cli
from ckanext.govcn.wiring import named

__all__ = ["GovcnAuditPlugin"]
PREFIX = "govcn_audit_"


@tk.blanket.config_declarations
class GovcnAuditPlugin(p.SingletonPlugin):
    """审计日志 and 三权分立."""

    p.implements(p.IConfigurer)
    p.implements(p.ISignal)
    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IBlueprint)
    p.implements(p.IClick)

    def update_config(self, config: Any) -> None:
        notes.install()
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "govcn_audit")

    def get_signal_subscriptions(self) -> dict[Any, list[Any]]:
        return {
            tk.signals.user_logged_in: [logins.logged_in],
            tk.signals.user_logged_out: [logins.logged_out],
            tk.signals.failed_login: [logins.failed],
        }

    def get_actions(self) -> dict[str, Any]:
        return {**named(action, PREFIX), "user_update": office_action.user_update}

    def get_auth_functions(self) -> dict[str, Any]:
        return named(auth, PREFIX)

    def get_blueprint(self) -> list[Any]:
        return [views.audit]

    def get_commands(self) -> list[Any]:
        return [office_cli.office]
