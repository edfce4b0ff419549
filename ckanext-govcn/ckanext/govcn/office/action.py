"""Nobody who holds an office becomes a system administrator: the database refuses it, and this says why."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.govcn.dataset.language import say
from ckanext.govcn.office.exceptions import OfficeError
from ckanext.govcn.office.model import keep_apart


@tk.chained_action
def user_update(next_action: Any, context: Any, data_dict: dict[str, Any]) -> Any:
    """CKAN's, and `user_patch` by it."""
    if str(data_dict.get("sysadmin", "")).lower() in ("true", "1", "yes", "on"):
        try:
            keep_apart(str(data_dict.get("id") or ""))
        except OfficeError as error:
            tk.check_access("user_update", context, data_dict)
            model.Session.rollback()
            raise tk.ValidationError({"sysadmin": [say(error.message, error.message_en)]}) from error
    return next_action(context, data_dict)
