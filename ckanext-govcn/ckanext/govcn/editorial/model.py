"""发布依据 and the log of editorial steps in the database. Everything runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import text

from ckanext.govcn.catalog.entry import Release

Session = Any


def set_release(session: Session, package_id: str, release: Release) -> None:
    """Why the dataset may be published: the latest 发布依据 replaces the one before, the log keeps both."""
    set_releases(session, {package_id: release})


def set_releases(session: Session, releases: Mapping[str, Release]) -> None:
    """`set_release` for many datasets (package id → release), one statement."""
    if not releases:
        return
    columns = {
        name: [getattr(release, name) for release in releases.values()]
        for name in ("kind", "number", "approver", "date", "basis")
    }
    session.execute(
        text(
            "INSERT INTO govcn_release (package_id, kind, number, approver, date, basis) "
            "SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:kind AS text[]), CAST(:number AS text[]), "
            "CAST(:approver AS text[]), CAST(:date AS text[]), CAST(:basis AS text[])) "
            "ON CONFLICT (package_id) DO UPDATE SET kind = EXCLUDED.kind, number = EXCLUDED.number, "
            "approver = EXCLUDED.approver, date = EXCLUDED.date, basis = EXCLUDED.basis, at = now()"
        ),
        columns | {"ids": list(releases)},
    )


def release_of(session: Session, package_id: str) -> Release | None:
    """The dataset's 发布依据."""
    row = session.execute(
        text("SELECT kind, number, approver, date, basis FROM govcn_release WHERE package_id = :id"),
        {"id": package_id},
    ).one_or_none()
    return Release(*row) if row else None


def log(session: Session, package_id: str, event: str, **facts: str | None) -> None:
    """Add one line to the log; `facts`: from_status, to_status, user_id, reason."""
    session.execute(
        text(
            "INSERT INTO govcn_editorial_log (package_id, event, from_status, to_status, user_id, reason) "
            "VALUES (:id, :event, :from_status, :to_status, :user_id, :reason)"
        ),
        {"id": package_id, "event": event, "from_status": "", "to_status": "", "user_id": None, "reason": ""} | facts,
    )


def log_edit(session: Session, package_id: str, user_id: str) -> None:
    """Note that a person wrote the dataset; a row of edits by one person is one line."""
    session.execute(
        text(
            "INSERT INTO govcn_editorial_log (package_id, event, user_id) "
            "SELECT :id, 'edit', :user WHERE NOT EXISTS (SELECT 1 FROM (SELECT event, user_id FROM govcn_editorial_log "
            "WHERE package_id = :id ORDER BY id DESC LIMIT 1) last WHERE last.event = 'edit' AND last.user_id = :user)"
        ),
        {"id": package_id, "user": user_id},
    )


def writers(session: Session, package_id: str) -> set[str]:
    """Ids of the users who wrote the dataset since it was last published."""
    return set(
        session.execute(
            text(
                "SELECT DISTINCT user_id FROM govcn_editorial_log WHERE package_id = :id AND event = 'edit' "
                "AND user_id IS NOT NULL AND id > coalesce((SELECT max(id) FROM govcn_editorial_log "
                "WHERE package_id = :id AND to_status = 'published'), 0)"
            ),
            {"id": package_id},
        ).scalars()
    )


def confirmation_of(session: Session, package_id: str) -> tuple[str, str] | None:
    """(user, basis) of the second person who confirmed a level that a rule held back, or None.

    It counts for the entry that was confirmed: any edit after it has to be confirmed again.
    """
    row = session.execute(
        text(
            "SELECT user_id, reason FROM govcn_editorial_log l WHERE package_id = :id AND event = 'confirm_level' "
            "AND NOT EXISTS (SELECT 1 FROM govcn_editorial_log e WHERE e.package_id = :id AND e.event = 'edit' "
            "AND e.id > l.id) ORDER BY id DESC LIMIT 1"
        ),
        {"id": package_id},
    ).one_or_none()
    return (row.user_id, row.reason) if row else None


def history(session: Session, package_id: str) -> list[dict[str, Any]]:
    """The log of one dataset, newest first."""
    rows = session.execute(
        text(
            "SELECT l.event, l.from_status, l.to_status, l.reason, l.at, u.name AS user_name, "
            "coalesce(nullif(u.fullname, ''), u.name) AS user_title "
            'FROM govcn_editorial_log l LEFT JOIN "user" u ON u.id = l.user_id '
            "WHERE l.package_id = :id ORDER BY l.id DESC"
        ),
        {"id": package_id},
    ).mappings()
    return [dict(row) | {"at": row["at"].isoformat()} for row in rows]


def waiting(session: Session, statuses: Collection[str], owners: Collection[str] | None, limit: int) -> list[Any]:
    """Datasets in these states, longest waiting first; `owners` limits them to organizations (None: all)."""
    return list(
        session.execute(
            text(
                "SELECT p.id, p.name, p.title, p.extras ->> 'catalog_status' AS catalog_status, "
                "p.extras ->> 'open_type' AS open_type, p.owner_org, g.title AS organization, p.metadata_modified "
                'FROM package p LEFT JOIN "group" g ON g.id = p.owner_org '
                "WHERE p.type = 'dataset' AND p.state = 'active' AND p.extras ->> 'catalog_status' = ANY(:statuses) "
                "AND (:all_owners OR p.owner_org = ANY(:owners)) ORDER BY p.metadata_modified LIMIT :limit"
            ),
            {
                "statuses": list(statuses),
                "all_owners": owners is None,
                "owners": list(owners or []),
                "limit": limit,
            },
        ).mappings()
    )


def reviewed_organizations(session: Session, user_id: str) -> list[str]:
    """Ids of the organizations whose entries the user reviews (部门审核员: the organization's admins)."""
    return list(
        session.execute(
            text(
                "SELECT m.group_id FROM member m JOIN \"group\" g ON g.id = m.group_id WHERE m.table_name = 'user' "
                "AND m.table_id = :user AND m.state = 'active' AND m.capacity = 'admin' "
                "AND g.is_organization AND g.state = 'active'"
            ),
            {"user": user_id},
        ).scalars()
    )


def was_public(session: Session, name_or_id: str) -> bool:
    """Is this the address of a 已下架 dataset that the public once could see?"""
    return bool(
        session.execute(
            text(
                "SELECT 1 FROM package p JOIN govcn_release r ON r.package_id = p.id "
                "WHERE (p.name = :name OR p.id = :name) AND p.type = 'dataset' AND p.state = 'active' "
                "AND p.extras ->> 'catalog_status' = 'withdrawn' "
                "AND p.extras ->> 'open_type' IN ('unconditional', 'conditional')"
            ),
            {"name": name_or_id},
        ).scalar()
    )
