"""Plugin `govcn_audit`: what the audit log is told, and who reads it. Wiring only."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.govcn.audit import logins, notes

__all__ = ["GovcnAuditPlugin"]


class GovcnAuditPlugin(p.SingletonPlugin):
    """审计日志: logins, and what the database notes."""

    p.implements(p.IConfigurer)
    p.implements(p.ISignal)

    def update_config(self, config: Any) -> None:
        notes.install()

    def get_signal_subscriptions(self) -> dict[Any, list[Any]]:
        return {
            tk.signals.user_logged_in: [logins.logged_in],
            tk.signals.user_logged_out: [logins.logged_out],
            tk.signals.failed_login: [logins.failed],
        }
