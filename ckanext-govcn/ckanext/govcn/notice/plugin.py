"""Plugin `govcn_notice`: notices to people, in the portal and beyond. Wiring only."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.govcn.department.bureau import user_of
from ckanext.govcn.notice import action, auth, outbox, views
from ckanext.govcn.notice import model as tables
from ckanext.govcn.wiring import named

__all__ = ["GovcnNoticePlugin", "tables"]
PREFIX = "govcn_notice_"


@tk.blanket.config_declarations
class GovcnNoticePlugin(p.SingletonPlugin):
    """消息: the outbox's tables, the page, the actions."""

    p.implements(p.IConfigurer)
    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IBlueprint)
    p.implements(p.ITemplateHelpers)

    def update_config(self, config: Any) -> None:
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "govcn_notice")

    def get_actions(self) -> dict[str, Any]:
        return named(action, PREFIX)

    def get_auth_functions(self) -> dict[str, Any]:
        return named(auth, PREFIX)

    def get_blueprint(self) -> list[Any]:
        return [views.notices]

    def get_helpers(self) -> dict[str, Any]:
        return {"govcn_notice_unread": _unread}


def _unread() -> int:
    """How many notices the reader has not read."""
    user = user_of({"user": tk.current_user.name if tk.current_user.is_authenticated else ""})
    return outbox.unread(model.Session, user.id) if user else 0
