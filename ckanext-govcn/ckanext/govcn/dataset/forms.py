"""What pages with a form have in common: who asks, and what the reader is told of the outcome. ADAPTER."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.govcn.dataset.language import say


def asking() -> Any:
    """The context of an action for whoever sends this request."""
    return {"user": tk.current_user.name if tk.current_user.is_authenticated else ""}


def carry_out(action: str, data: dict[str, Any]) -> None:
    """Call `action` and say on the next page what came of it. Raises NotAuthorized; 404 for what is not there."""
    try:
        tk.get_action(action)(asking(), data)
    except tk.ObjectNotFound:
        tk.abort(404)
    except tk.ValidationError as faults:
        tell(faults)
    else:
        tk.h.flash_success(say("已办理", "Done"))


def tell(faults: tk.ValidationError) -> None:
    """Say on the next page what was wrong, one message a field."""
    for messages in faults.error_dict.values():
        tk.h.flash_error("；".join(str(m) for m in messages) if isinstance(messages, list) else str(messages))
