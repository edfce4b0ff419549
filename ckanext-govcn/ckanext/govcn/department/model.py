"""Departments in the database: (行政区划, name) of an organization, its former names, successor and confirmation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

Session = Any


def node_of(session: Session, group_id: str) -> str:
    """The 部门 node of the classification from which the department's provisional codes are made."""
    node = session.execute(text("SELECT node FROM govcn_department WHERE group_id = :id"), {"id": group_id}).scalar()
    return node or "307"
