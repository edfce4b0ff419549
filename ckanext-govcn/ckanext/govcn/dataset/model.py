"""Table access for 信息资源代码: counters per classification node and the register of every code ever given."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import text

from ckanext.govcn.catalog import identifiers

Session = Any


def reserve(session: Session, nodes: Sequence[str]) -> list[str]:
    """One new code per node, in the order given: two statements whatever the number, in the caller's transaction."""
    codes = [identifiers.format_code(node, number) for node, number in zip(nodes, numbers(session, nodes), strict=True)]
    _register(session, codes, None)
    return codes


def numbers(session: Session, counters: Sequence[str]) -> list[int]:
    """The next number of each counter, in the order given; never given twice.

    Counters are taken in sorted order, so two batches never wait for each other in a circle.
    """
    if not counters:
        return []
    wanted = Counter(counters)
    ordered = sorted(wanted)
    rows = session.execute(
        text(
            "INSERT INTO govcn_code_counter AS counter (node, last) "
            "SELECT node, count FROM unnest(CAST(:nodes AS text[]), CAST(:counts AS bigint[])) AS t(node, count) "
            "ORDER BY node "
            "ON CONFLICT (node) DO UPDATE SET last = counter.last + EXCLUDED.last RETURNING node, last"
        ),
        {"nodes": ordered, "counts": [wanted[counter] for counter in ordered]},
    ).all()
    following = {node: last - wanted[node] + 1 for node, last in rows}
    given: list[int] = []
    for counter in counters:
        given.append(following[counter])
        following[counter] += 1
    return given


def admit(session: Session, codes: Sequence[str]) -> None:
    """Register codes that were made on another instance, still bound to no dataset; counters move past them."""
    _register(session, codes, None)
    _pass_counters(session, codes)


def claim(session: Session, package_id: str, codes: Iterable[str]) -> list[str]:
    """Bind the codes to the package for ever. Returns those that belong to another package: empty when all is well.

    A code made elsewhere (the internal instance of a public one) is registered and its counter moved past it.
    """
    wanted = list(dict.fromkeys(codes))
    bound = set(_register(session, wanted, package_id))
    _pass_counters(session, wanted)
    return [code for code in wanted if code not in bound]


def _register(session: Session, codes: Sequence[str], package_id: str | None) -> list[str]:
    if not codes:
        return []
    return list(
        session.execute(
            text(
                "INSERT INTO govcn_code AS known (code, package_id, assigned_at) "
                "SELECT code, :package_id, :now FROM unnest(CAST(:codes AS text[])) AS t(code) "
                "ON CONFLICT (code) DO UPDATE SET package_id = EXCLUDED.package_id "
                "WHERE EXCLUDED.package_id IS NOT NULL "
                "AND (known.package_id IS NULL OR known.package_id = EXCLUDED.package_id) RETURNING code"
            ),
            {"codes": list(codes), "package_id": package_id, "now": datetime.datetime.now(datetime.UTC)},
        ).scalars()
    )


def _pass_counters(session: Session, codes: Sequence[str]) -> None:
    last: dict[str, int] = {}
    for code in codes:
        node, _, number = code.rpartition("/")
        if node and number.isascii() and number.isdigit() and len(number) <= 15:
            last[node] = max(last.get(node, 0), int(number))
    if last:
        ordered = sorted(last)
        session.execute(
            text(
                "INSERT INTO govcn_code_counter AS counter (node, last) "
                "SELECT node, last FROM unnest(CAST(:nodes AS text[]), CAST(:lasts AS bigint[])) AS t(node, last) "
                "ORDER BY node "
                "ON CONFLICT (node) DO UPDATE SET last = EXCLUDED.last WHERE counter.last < EXCLUDED.last"
            ),
            {"nodes": ordered, "lasts": [last[node] for node in ordered]},
        )
