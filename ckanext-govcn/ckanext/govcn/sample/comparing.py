"""Is a sample taken from the data itself? It is compared with what the dataset delivers now. ADAPTER."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ckan import model

from ckanext.govcn.access import files
from ckanext.govcn.access.exceptions import FileMissing
from ckanext.govcn.grant import rowstore
from ckanext.govcn.grant.columns import KINDS
from ckanext.govcn.grant.exceptions import ColumnsRefused
from ckanext.govcn.sample.content import Sample, taken_from


def taken(package: model.Package, sample: Sample) -> int | None:
    """The number of the first row that stands in a csv or json file of the dataset, or None. Files that cannot be read
    row by row are not compared: whoever enters the sample answers for it. Raises RowsBusy where one cannot be read yet.
    """
    for resource in package.resources:
        if resource.state == "active":
            found = taken_from(sample, _rows(resource.id))
            if found is not None:
                return found
    return None


def _rows(resource_id: str) -> Iterator[Sequence[Any]]:
    try:
        found = files.delivered_by(resource_id)
        if found is not None and found[1].rpartition(".")[2].lower() in KINDS:
            yield from rowstore.each(*found)
    except (FileMissing, ColumnsRefused):
        return
