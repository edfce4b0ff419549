"""What a department has in the catalogue now, as entries: what its workbook comes filled in with."""

# pyright: basic
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ckan import model
from ckanext.govcn.catalog.entry import CatalogEntry, Provider
from ckanext.govcn.dataset.convert import entry_from_dataset
from ckanext.govcn.department import model as departments
from ckanext.govcn.department.resolution import Department
from ckanext.govcn.index import documents

from harvesters import entry_json, statements
from harvesters.exceptions import DepartmentNotFound
from harvesters.run import BATCH, batches


def department(given: str) -> Department:
    """The department with this name, URL name or id. Raises DepartmentNotFound, also when two have the name."""
    found = [
        each for each in departments.in_order(model.Session) if given in (each.id, each.url_name) or given == each.name
    ]
    if len(found) != 1:
        raise DepartmentNotFound(department=given)
    return found[0]


def entries_of(owner: Department, source: str = "") -> Iterator[tuple[str, CatalogEntry]]:
    """(key, entry) of the department's datasets that were not taken down, by title.

    The key is the remote id within `source` where the dataset came from there, else the dataset's own id. Resources
    are those last harvested from `source`: a dataset itself shows the portal's routes, which are no source.
    """
    rows = model.Session.execute(statements.OF_DEPARTMENT, {"owner": owner.id, "source": source}).all()
    provider = Provider(owner.name, owner.region_code, owner.uscc)
    for batch in batches(rows, BATCH):
        shown, _ = documents.shown([row.id for row in batch])
        datasets = {custom["id"]: custom for _, custom in shown}
        for row in batch:
            entry = entry_from_dataset(datasets[row.id], provider)
            last = entry_json.from_json(row.entry or {})
            yield row.remote_id or row.id, replace(entry, resources=last.resources)
