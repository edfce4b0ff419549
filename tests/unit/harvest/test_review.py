"""Which changes are done and which wait."""

from __future__ import annotations

from dataclasses import replace

from ckanext.govcn.catalog.entry import CatalogEntry
from contracts.run_contract import ROWS, Row, entry_of, judge

from harvesters.memory import MemoryPortal
from harvesters.plan import Added, Changed, Judged, Known, Plan, Removed
from harvesters.review import BY_POLICY, MORE_OPEN, ONLY_PLANNED, Policy, split, width
from harvesters.run import Report, Task, run

OPEN = CatalogEntry(open_type="unconditional", access_mode="anonymous")
LOGIN = CatalogEntry(open_type="unconditional", access_mode="login")
CONDITIONAL = CatalogEntry(open_type="conditional")
CLOSED = CatalogEntry(open_type="none")
UNDECIDED = CatalogEntry()


def changed(old: CatalogEntry, new: CatalogEntry) -> Changed:
    return Changed("1", "h", Judged(new), Known("was", "p"), old)


def test_levels_from_closed_to_open() -> None:
    assert [width(each) for each in (UNDECIDED, CLOSED, CONDITIONAL, LOGIN, OPEN)] == [0, 0, 1, 2, 3]


def test_what_becomes_more_open_waits_and_the_rest_is_done() -> None:
    opens, same = changed(CONDITIONAL, OPEN), changed(OPEN, replace(OPEN, title="x"))
    now, held = split(Plan(changed=[opens, same]), Policy())
    assert (now.changed, held.plan.changed, list(held.why)) == ([same], [opens], [MORE_OPEN])
    _, held = split(Plan(changed=[changed(UNDECIDED, OPEN)]), Policy())
    assert len(held) == 1


def test_narrowing_never_waits() -> None:
    narrows, secret = changed(OPEN, CLOSED), Removed("2", Known("h", "p"), secret=True)
    now, held = split(Plan(changed=[narrows], removed=[secret]), Policy(review=True))
    assert (now.changed, now.removed, len(held)) == ([narrows], [secret], 0)


def test_a_source_under_review_has_everything_wait() -> None:
    plan = Plan([Added("1", "h", Judged(OPEN))], [changed(OPEN, OPEN)], {"3": "h"}, [Removed("4", Known("h", "p"))])
    now, held = split(plan, Policy(review=True))
    assert (now.added, now.changed, now.removed, now.unchanged) == ([], [], [], {"3": "h"})
    assert (len(held), list(held.why)) == (3, [BY_POLICY])


def test_a_plan_alone_does_nothing_at_all() -> None:
    now, held = split(Plan(changed=[changed(OPEN, CLOSED)], unchanged={"3": "h"}), Policy(plan_only=True))
    assert (now.changed, now.unchanged, len(held), list(held.why)) == ([], {}, 1, [ONLY_PLANNED])


def harvested(portal: MemoryPortal, rows: list[Row]) -> Report:
    return run(Task("甲", rows, judge), portal)


def test_too_many_changes_at_once_wait() -> None:
    portal = MemoryPortal()
    harvested(portal, ROWS)
    report = harvested(portal, [replace(row, title=row.title + "（新）") for row in ROWS])
    assert (report.counts.changed, report.counts.waiting) == (0, 30)
    assert "变更 30 条" in "".join(report.why)
    report = harvested(portal, [replace(row, title=row.title + "（新）") for row in ROWS[:5]] + ROWS[5:])
    assert (report.counts.changed, report.counts.waiting) == (5, 0)


def test_a_held_removal_waits_with_the_brakes_sentence() -> None:
    portal = MemoryPortal()
    harvested(portal, ROWS)
    report = harvested(portal, ROWS[:20])
    assert (report.counts.waiting, list(report.why)) == (10, [report.brake])
    assert [each.remote_id for each in portal.held[0].removed] == [row.remote_id for row in ROWS[20:]]


def test_an_entry_of_the_contract_is_open() -> None:
    assert width(entry_of(ROWS[0])) == 3
