"""Departments in the database: (行政区划, name) of an organization, its former names, successor and confirmation.

The organization (CKAN's group) is what people edit; `sync` brings its row here up to date in the same transaction.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ckan import model
from sqlalchemy import text

from ckanext.govcn.catalog import identifiers
from ckanext.govcn.catalog.entry import Provider
from ckanext.govcn.catalog.exceptions import NoProvinceNodeError
from ckanext.govcn.catalog.text import normalize
from ckanext.govcn.dataset import fields
from ckanext.govcn.dataset import model as register
from ckanext.govcn.department import naming
from ckanext.govcn.department.resolution import Department, Directory

Session = Any

_NO_REGION = "3070000000"
_SELECT = """
    SELECT d.group_id AS id, g.name AS url_name, d.region_code, d.name, d.uscc, d.successor_id,
           d.valid_from, d.valid_to, d.confirmed,
           coalesce((SELECT array_agg(f.name ORDER BY f.name) FROM govcn_department_former_name f
                     WHERE f.group_id = d.group_id), '{}') AS former_names
    FROM govcn_department d JOIN "group" g ON g.id = d.group_id
    WHERE g.state = 'active'
"""


def directory(session: Session) -> Directory:
    """All departments, in one query: for a harvest, which asks for thousands of providers."""
    rows = session.execute(text(_SELECT)).mappings()
    return Directory.of(
        Department(**{**row, "former_names": tuple(row["former_names"]), "successor_id": row["successor_id"] or ""})
        for row in rows
    )


def in_order(session: Session) -> list[Department]:
    """All departments in pinyin order."""
    known = directory(session)
    ordered = session.execute(text('SELECT group_id FROM govcn_department ORDER BY sort_key COLLATE "C"')).scalars()
    return [known.by_id[group_id] for group_id in ordered if group_id in known.by_id]


def department_for(provider: Provider, region: str = "") -> Department | None:
    """The department that the provider is today, honouring former names and successors, or None."""
    return directory(model.Session).find(provider, region)


def departments_for(providers: Iterable[Provider], region: str = "") -> dict[Provider, Department | None]:
    """`department_for` for many providers, in one query."""
    known = directory(model.Session)
    return {provider: known.find(provider, region) for provider in providers}


def get(session: Session, group_id: str) -> Department | None:
    """One department by its organization's id or URL name."""
    found = directory(session)
    return found.by_id.get(group_id) or next((d for d in found.by_id.values() if d.url_name == group_id), None)


def confirmed(group_ids: Collection[str]) -> set[str]:
    """Those of the organizations that the bureau has confirmed as departments and that still exist."""
    if not group_ids:
        return set()
    today = datetime.date.today().isoformat()  # noqa: DTZ011 - a department's dates are local dates
    return set(
        model.Session.execute(
            text(
                'SELECT d.group_id FROM govcn_department d JOIN "group" g ON g.id = d.group_id '
                "WHERE d.confirmed AND g.state = 'active' AND d.group_id = ANY(:ids) "
                "AND (d.valid_to = '' OR d.valid_to >= :today)"
            ),
            {"ids": list(group_ids), "today": today},
        ).scalars()
    )


def confirm(session: Session, group_id: str, user_id: str, *, is_confirmed: bool = True) -> None:
    """The bureau says that this organization is (or is not) a department."""
    session.execute(
        text(
            "UPDATE govcn_department SET confirmed = :confirmed, confirmed_by = :user, confirmed_at = now() "
            "WHERE group_id = :id"
        ),
        {"id": group_id, "confirmed": is_confirmed, "user": user_id},
    )


def owner_of_name(session: Session, region_code: str, name: str) -> str | None:
    """The organization that bears this name in this region now."""
    return session.execute(
        text("SELECT group_id FROM govcn_department WHERE region_code = :region AND name_key = :key"),
        {"region": region_code, "key": normalize(name)},
    ).scalar()


def sync(session: Session, group: Any) -> None:
    """Bring the department's row up to date with its organization; a changed name stays as a former one."""
    extras = group.extras or {}
    name, region = naming.tidy(group.title or group.name), extras.get("region_code", "")
    session.flush()
    before = session.execute(
        text("SELECT region_code, name FROM govcn_department WHERE group_id = :id"), {"id": group.id}
    ).one_or_none()
    former = [(region, old) for old in fields.read_list(extras.get("former_names"))]
    if before and normalize(before.name) != normalize(name):
        former.append((before.region_code, before.name))
        group.extras = {**extras, "former_names": fields.stored(list(dict.fromkeys(old for _, old in former)))}
    session.execute(
        text(
            "INSERT INTO govcn_department (group_id, region_code, name, name_key, uscc, successor_id, valid_from, "
            "valid_to, sort_key) VALUES (:id, :region, :name, :key, :uscc, "
            '(SELECT id FROM "group" WHERE name = :successor AND id <> :id), :valid_from, :valid_to, :sort_key) '
            "ON CONFLICT (group_id) DO UPDATE SET region_code = EXCLUDED.region_code, name = EXCLUDED.name, "
            "name_key = EXCLUDED.name_key, uscc = EXCLUDED.uscc, successor_id = EXCLUDED.successor_id, "
            "valid_from = EXCLUDED.valid_from, valid_to = EXCLUDED.valid_to, sort_key = EXCLUDED.sort_key"
        ),
        {
            "id": group.id,
            "region": region,
            "name": name,
            "key": normalize(name),
            "uscc": extras.get("uscc", ""),
            "successor": extras.get("successor", ""),
            "valid_from": extras.get("valid_from", ""),
            "valid_to": extras.get("valid_to", ""),
            "sort_key": naming.sort_key(name),
        },
    )
    _set_former_names(session, group.id, former)


def _set_former_names(session: Session, group_id: str, former: Sequence[tuple[str, str]]) -> None:
    session.execute(text("DELETE FROM govcn_department_former_name WHERE group_id = :id"), {"id": group_id})
    for region, name in former:
        session.execute(
            text(
                "INSERT INTO govcn_department_former_name (group_id, region_code, name_key, name) "
                "VALUES (:id, :region, :key, :name) ON CONFLICT DO NOTHING"
            ),
            {"id": group_id, "region": region, "key": normalize(name), "name": name},
        )


def dataset_ids(session: Session, group_id: str) -> list[str]:
    """Ids of the department's datasets."""
    return list(
        session.execute(
            text("SELECT id FROM package WHERE owner_org = :id AND state = 'active'"), {"id": group_id}
        ).scalars()
    )


def outdate_datasets(session: Session, group_id: str) -> None:
    """Let the time of the department's datasets rise, so that no copy in the index is served any more."""
    session.execute(
        text("UPDATE package SET metadata_modified = timezone('utc', now()) WHERE owner_org = :id"), {"id": group_id}
    )


# ── 部门 nodes of the classification, for provisional codes


def node_of(session: Session, group_id: str) -> str:
    """The department's node; see `nodes_of`."""
    return nodes_of(session, [group_id])[group_id]


def nodes_of(session: Session, group_ids: Collection[str]) -> dict[str, str]:
    """The 部门 node of each organization, from which provisional codes are made; made once and never changed.

    类 3 部门, 项 07 省及以下, 目 of the province, 细目 = the region's own four digits and a number of the department.
    """
    wanted = list(dict.fromkeys(group_ids))
    rows = session.execute(
        text("SELECT group_id, region_code, node FROM govcn_department WHERE group_id = ANY(:ids)"), {"ids": wanted}
    ).all()
    nodes = {row.group_id: row.node for row in rows if row.node}
    regions = {row.group_id: row.region_code for row in rows if not row.node}
    missing = [(each, _counted_region(regions[each])) for each in wanted if each in regions]  # numbers in asked order
    serials = register.numbers(session, [f"department:{region}" for _, region in missing])
    for (group_id, region), serial in zip(missing, serials, strict=True):
        nodes[group_id] = _node(region, serial)
        session.execute(
            text("UPDATE govcn_department SET node = :node WHERE group_id = :id"),
            {"id": group_id, "node": nodes[group_id]},
        )
    # An organization that is no department yet shares one node with all such.
    return {group_id: nodes.get(group_id, _NO_REGION) for group_id in wanted}


def _counted_region(region_code: str) -> str:
    """The region whose departments are numbered together; "" for all whose province has no node: they share one."""
    try:
        identifiers.provider_node(region_code, 0)
    except NoProvinceNodeError:
        return ""
    return region_code


def _node(region_code: str, serial: int) -> str:
    return identifiers.provider_node(region_code, serial) if region_code else f"{_NO_REGION}{serial:04d}"


# ── proposals of unknown providers


def propose(session: Session, providers: Mapping[Provider, int], source_name: str) -> int:
    """Note unknown providers with their numbers of records for the bureau to decide. Role names are left out.

    Returns how many were noted. What was decided before stays decided.
    """
    noted = 0
    for provider, records in providers.items():
        name = naming.tidy(provider.name)
        if not name or naming.is_role(name):
            continue
        noted += 1
        session.execute(
            text(
                "INSERT INTO govcn_provider_proposal AS p (region_code, name, uscc, source_name, records, first_seen, "
                "last_seen) VALUES (:region, :name, :uscc, :source, :records, now(), now()) "
                "ON CONFLICT (region_code, name) DO UPDATE SET last_seen = now(), records = EXCLUDED.records, "
                "uscc = CASE WHEN p.uscc = '' THEN EXCLUDED.uscc ELSE p.uscc END, source_name = EXCLUDED.source_name"
            ),
            {
                "region": provider.region_code,
                "name": name,
                "uscc": provider.uscc,
                "source": source_name,
                "records": records,
            },
        )
    return noted


def proposals(session: Session, state: str = "pending") -> list[dict[str, Any]]:
    """Proposals in one state, those with most records first."""
    rows = session.execute(
        text("SELECT * FROM govcn_provider_proposal WHERE state = :state ORDER BY records DESC, id"), {"state": state}
    ).mappings()
    return [dict(row) for row in rows]


def proposal(session: Session, identifier: int) -> dict[str, Any] | None:
    """One proposal, locked until the transaction ends."""
    row = (
        session.execute(text("SELECT * FROM govcn_provider_proposal WHERE id = :id FOR UPDATE"), {"id": identifier})
        .mappings()
        .one_or_none()
    )
    return dict(row) if row else None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the bureau decided on a proposal: `state` is accepted, mapped or refused."""

    state: str
    user_id: str
    group_id: str | None = None
    reason: str = ""


def decide(session: Session, identifier: int, decision: Decision) -> None:
    """Write the bureau's decision on a proposal."""
    session.execute(
        text(
            "UPDATE govcn_provider_proposal SET state = :state, group_id = :group_id, decided_by = :user, "
            "decided_at = now(), reason = :reason WHERE id = :id"
        ),
        {
            "id": identifier,
            "state": decision.state,
            "group_id": decision.group_id,
            "user": decision.user_id,
            "reason": decision.reason,
        },
    )


def add_former_name(session: Session, group: Any, region_code: str, name: str) -> None:
    """Let this name find the department from now on (a proposal mapped to an existing department)."""
    extras = group.extras or {}
    known = fields.read_list(extras.get("former_names"))
    if name not in known:
        group.extras = {**extras, "former_names": fields.stored([*known, name])}
    session.execute(
        text(
            "INSERT INTO govcn_department_former_name (group_id, region_code, name_key, name) "
            "VALUES (:id, :region, :key, :name) ON CONFLICT DO NOTHING"
        ),
        {"id": group.id, "region": region_code, "key": normalize(name), "name": name},
    )
