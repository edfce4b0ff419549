"""What happens to sources, told as notices: receivers of `events`, in the transaction that notes it."""

from __future__ import annotations

from typing import Any

from ckanext.govcn.notice.outbox import To, notify


def failing(sender: str, *, title: str, owner_org: str | None, failures: int, **_said: Any) -> None:
    """Owner and operators learn that a source keeps failing. The error, which may name hosts, stays on its page."""
    to = To(departments=[owner_org] if owner_org else [], operators=True)
    values = {"source": title or sender, "name": sender, "count": failures}
    notify("harvest_failing", to, f"harvest_source:{sender}", values)
