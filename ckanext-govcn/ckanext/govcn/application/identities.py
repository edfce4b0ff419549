"""What the operator asks of an applicant's identity, and what is known of it. ADAPTER."""

from __future__ import annotations

import ckan.plugins as p
from ckan.plugins import toolkit as tk

from ckanext.govcn.application import applicant
from ckanext.govcn.application.applicant import Requirement
from ckanext.govcn.dataset.language import say
from ckanext.govcn.workflow.exceptions import StepRefused

IDENTITY = "ckanext.govcn.application.identity"
TRUST = "ckanext.govcn.application.identity_trust"
AUTO, OFF = "auto", "off"


def check(user_id: str) -> None:
    """Raises StepRefused unless this person may submit."""
    required = requirement()
    applicant.check(required, None if required is None else _trust(user_id))


def unmet() -> str:
    """Why whoever sends this request could draft, but not submit; empty when they could."""
    try:
        check(tk.current_user.id if tk.current_user.is_authenticated else "")
    except StepRefused as refusal:
        return say(refusal.message, refusal.message_en)
    return ""


def requirement() -> Requirement | None:
    """What is required now; None for nothing. `auto`: an identity, as soon as a provider is configured. A file that
    cannot be read asks for one, too: then nobody has it."""
    wanted = tk.config.get(IDENTITY) or AUTO
    if wanted == OFF or (wanted == AUTO and not p.plugin_loaded("govcn_identity")):
        return None
    from ckanext.govcn.identity import site

    settings = site.usable()
    if wanted == AUTO and settings is not None and not settings.providers:
        return None
    return Requirement(tk.config.get(TRUST) or "", settings.levels if settings is not None else {})


def _trust(user_id: str) -> str | None:
    if not p.plugin_loaded("govcn_identity"):
        return None
    from ckanext.govcn.identity import accounts  # its table is there with its plugin only

    known = accounts.verified(user_id)
    return known.trust if known is not None else None
