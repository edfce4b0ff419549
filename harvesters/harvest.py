"""One harvest from a source's description to the report: read, find owners, plan, write. The commands stand on this."""

# pyright: basic
from __future__ import annotations

from collections.abc import Callable

from ckan import model
from ckanext.govcn.department import model as departments

from harvesters import history, indexing, statements
from harvesters.fetch import Fetcher
from harvesters.files import Files
from harvesters.judging import Judge, refusals_of, stamped
from harvesters.portal import CkanPortal, create_department, internal_context, only_run_of, propose
from harvesters.providers import Owners
from harvesters.reading import read
from harvesters.run import Counts, Report, Task, run
from harvesters.source import Source


def harvest(
    source: Source, progress: Callable[[Counts], None] = lambda _counts: None, *, one_by_one: bool = False
) -> Report:
    """Harvest a source into this CKAN. Raises HarvestError when the source cannot be read or is being harvested.

    `one_by_one`: see `portal.CkanPortal`.
    """
    fetcher = Fetcher(source)
    reading = read(source, fetcher)
    owners = Owners(source, departments.directory(model.Session), create_department)
    task = Task(
        source=source.name,
        records=stamped(reading),
        judge=Judge(reading, owners, source.release is not None),
        refusals=refusals_of(reading),
        repeated=reading.records - len(reading.refused_rows) - len(reading.distinct),
        key_unique=reading.key.unique,
        progress=progress,
    )
    report = run(task, CkanPortal(source, Files(source, fetcher), one_by_one=one_by_one))
    propose(owners.proposed, source.name)
    return report


def undo(run_id: int) -> history.Undone:
    """撤回 a run. Raises HarvestError when there is none, it was undone, or a later run changed datasets."""
    source = history.run_of(run_id).source
    with only_run_of(source):
        undone = history.undo(run_id, internal_context())
        model.Session.commit()
        indexing.index(undone.packages)
        model.Session.execute(statements.INDEXED, {"ids": undone.packages})
        model.Session.commit()
        indexing.commit()
    return undone
