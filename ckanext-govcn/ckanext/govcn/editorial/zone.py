"""政务外网 and 互联网 are separate networks: what an instance may hold follows from its zone.

The configuration says which zone this is; table `govcn_zone` says what the database's own guard enforces. Where the
two differ the stricter one holds, until `ckan govcn zone` brings them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from sqlalchemy import text

from ckanext.govcn.editorial import states

REFUSAL = (
    "互联网区实例只保存已发布且无条件开放或有条件开放的数据集，请在政务外网实例上编目",
    "A public instance holds only published datasets that are open or conditionally open; "
    "please catalogue on the internal instance",
)


def configured() -> str:
    """The zone in the configuration: internal, public or both."""
    return tk.config.get("ckanext.govcn.zone") or "both"


def enforced(session: Any) -> str:
    """The zone the database enforces."""
    return session.execute(text("SELECT zone FROM govcn_zone")).scalar() or "both"


def effective(session: Any) -> str:
    """The stricter of the two."""
    return "public" if "public" in (configured(), enforced(session)) else configured()


def enforce(session: Any, zone: str) -> None:
    """Make the database enforce `zone`. Raises ValueError when it holds what a public zone may not."""
    if zone not in ("internal", "public", "both"):
        raise ValueError(zone)
    if zone == "public":
        forbidden = session.execute(
            text(
                "SELECT count(*) FROM package p WHERE p.type = 'dataset' AND NOT ("
                "coalesce(p.extras ->> 'catalog_status', '') IN ('published', 'withdrawn') "
                "AND coalesce(p.extras ->> 'open_type', '') IN ('unconditional', 'conditional') "
                "AND EXISTS (SELECT 1 FROM govcn_release r WHERE r.package_id = p.id))"
            )
        ).scalar()
        if forbidden:
            raise ValueError(f"{forbidden} 个数据集不能留在互联网区，请先清除 ({forbidden} datasets may not stay)")
    session.execute(text("UPDATE govcn_zone SET zone = :zone"), {"zone": zone})


def refusal(context: Mapping[str, Any], status: str, open_type: str, release_kind: str) -> tuple[str, str] | None:
    """Why this instance may not hold the entry (Chinese, English), or None. The database guard asks again at commit."""
    released = bool(context.get("govcn_release") or release_kind)
    if states.zone_refuses(effective(model.Session), status, open_type, released=released):
        return REFUSAL
    return None
