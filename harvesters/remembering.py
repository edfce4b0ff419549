"""What the portal remembers of a source's last run that took over all it had read: the stamps of what was read."""

# pyright: basic
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from ckan import model
from ckanext.govcn.harvest.model import HarvestStamps
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from harvesters import freshness
from harvesters.fetch import Fetcher
from harvesters.plan import Trouble
from harvesters.portal import REFUSED_BY_PORTAL
from harvesters.providers import TAKE_OVER, UNKNOWN
from harvesters.run import Last, Report
from harvesters.source import Source
from harvesters.trail import OPEN_ACCOUNT, UNTRIED, Stamp

DATE = "E23"
MAY_PASS = frozenset({UNKNOWN, TAKE_OVER, DATE, REFUSED_BY_PORTAL})
"""Rules that refuse by more than the record itself (departments, the day, the portal): it is tried in every run."""
LASTING = (OPEN_ACCOUNT, UNTRIED)
"""Warnings about the source as a whole; those about a record come only when it is new or another one."""

RECALL = text("SELECT run_id, settings, stamps FROM govcn_harvest_stamps WHERE source = :source")
STANDS = text("""
    SELECT run.counts FROM govcn_harvest_run run
    WHERE run.id = :run AND run.state = 'finished'
      AND NOT EXISTS (SELECT FROM govcn_harvest_run later WHERE later.source = run.source AND later.id > run.id)
      AND NOT EXISTS (
          SELECT FROM govcn_harvest_decision d JOIN govcn_harvest_run decided ON decided.id = d.run_id
          WHERE decided.source = run.source AND d.at > run.finished_at)
      AND NOT EXISTS (
          SELECT FROM govcn_harvest_record r LEFT JOIN package p ON p.id = r.package_id
          WHERE r.source = run.source
            AND (r.state IN ('incomplete', 'kept') OR r.state = 'active' AND p.id IS NULL))
""")
"""Nothing happened to the source's records since the run, and none of them waits to be done again."""
TOLD = text("""
    SELECT * FROM govcn_harvest_problem
    WHERE run_id = :run AND (severity = 'refuse' OR rule = ANY(:lasting)) ORDER BY id
""")


@dataclass(frozen=True, slots=True)
class Remembered:
    """The stamps of a source's last whole run, and the settings (`freshness.settings_of`) it was read with."""

    run: int = 0
    settings: str = ""
    stamps: tuple[Stamp, ...] = ()


NOTHING = Remembered()


def recall(source: str) -> Remembered:
    """What is remembered of a source; of one that is not known, nothing."""
    found = model.Session.execute(RECALL, {"source": source}).one_or_none()
    model.Session.rollback()
    return Remembered(found.run_id, found.settings, tuple(Stamp(*each) for each in found.stamps)) if found else NOTHING


def last_if_unmodified(source: Source, remembered: Remembered, fetcher: Fetcher) -> Last | None:
    """The last run, when nothing has changed since: neither here nor, as its stamps say, at the source."""
    if remembered.settings != freshness.settings_of(source):
        return None
    counts = model.Session.execute(STANDS, {"run": remembered.run}).scalar()
    model.Session.rollback()  # nothing is held open while the source takes its time
    if counts is None or not freshness.unmodified(source, remembered.stamps, fetcher):
        return None
    told = model.Session.execute(TOLD, {"run": remembered.run, "lasting": list(LASTING)}).mappings()
    names = [each.name for each in fields(Trouble)]
    troubles = [Trouble(**{name: row[name] for name in names if name in row}) for row in told]
    return Last(source.name, counts["records"], counts["repeated"], counts["refused"], troubles)


def keep(source: Source, stamps: Sequence[Stamp], report: Report) -> None:
    """Remember a run that ended well: all that was read is here, and what was sent back will be sent back again."""
    whole = report.state == "finished" and report.key_unique and not report.brake and not report.counts.waiting
    if not stamps or not whole or MAY_PASS & report.refused_by_rule.keys():
        return
    known = {"settings": freshness.settings_of(source), "stamps": [astuple(each) for each in stamps]}
    row = {"run_id": report.run, **known}
    statement = insert(HarvestStamps.__table__).values(source=source.name, **row)
    model.Session.execute(statement.on_conflict_do_update(index_elements=["source"], set_=row))
    model.Session.commit()
