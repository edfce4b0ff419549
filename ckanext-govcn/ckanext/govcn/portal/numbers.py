"""Numbers on the home page and beside a dataset: counted by the search index as an anonymous visitor sees it.

Counts are the same for everybody, so each process keeps them for a minute. Datasets are never kept: one that is closed
is gone from the home page at once.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model as ckan_model

from ckanext.govcn.catalog import codes

from . import model

KEEP_SECONDS = 60
T = TypeVar("T")
_kept: dict[str, tuple[float, Any]] = {}


def _keep(name: str, make: Callable[[], T]) -> T:
    """`make()`, at most once a minute in this process."""
    now = time.monotonic()
    until, value = _kept.get(name, (0.0, None))
    if until < now:
        value = make()
        if len(_kept) > 1000:
            _kept.clear()
        _kept[name] = (now + KEEP_SECONDS, value)
    return value


def forget() -> None:
    """Drop what is kept; for tests."""
    _kept.clear()


@dataclass(frozen=True, slots=True)
class Entrance:
    """One entry of the home page: a theme or a department, with the number of its public datasets."""

    code: str
    label: str
    label_en: str
    count: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """What is open here. `downloads` since counting began."""

    datasets: int
    open_datasets: int
    departments: int
    resources: int
    downloads: int
    themes: tuple[Entrance, ...]
    organizations: tuple[Entrance, ...]


def overview() -> Overview:
    """Numbers of the home page; all of what an anonymous visitor can see."""
    return _keep("overview", _overview)


def _search(**parameters: Any) -> dict[str, Any]:
    return tk.get_action("package_search")({"user": "", "auth_user_obj": None}, {"rows": 0, **parameters})


def _overview() -> Overview:
    found = _search(**{"facet.field": ["organization", "theme", "open_type"], "facet.limit": -1})
    facets = found.get("search_facets", {})

    def counts(field: str) -> dict[str, dict[str, Any]]:
        return {item["name"]: item for item in facets.get(field, {}).get("items", [])}

    by_theme = counts("theme")
    table = codes.table("theme")
    themes = tuple(
        Entrance(code, table.label(code), table.label_en(code), by_theme.get(code, {}).get("count", 0))
        for code in table.codes
        if code != "99" or code in by_theme
    )
    labels = department_labels()
    organizations = tuple(
        Entrance(name, labels.get(name) or item["display_name"], "", item["count"])
        for name, item in sorted(counts("organization").items(), key=lambda pair: (-pair[1]["count"], pair[0]))
    )
    return Overview(
        datasets=found["count"],
        open_datasets=counts("open_type").get("unconditional", {}).get("count", 0),
        departments=len(organizations),
        resources=_public_resources(),
        downloads=model.all_downloads(),
        themes=themes,
        organizations=organizations,
    )


def _public_resources() -> int:
    package, resource = ckan_model.Package, ckan_model.Resource
    statement = (
        sa.select(sa.func.count())
        .select_from(resource)
        .join(package, package.id == resource.package_id)
        .where(resource.state == "active", package.state == "active", sa.not_(package.private))
    )
    return int(ckan_model.Session.scalar(statement) or 0)


def department_labels() -> dict[str, str]:
    """URL name → title of every department; where two share a title, the region stands behind it.

    Each district has its 综合行政执法局: the title alone would not say which one is meant.
    """
    return _keep("departments", _department_labels)


def _department_labels() -> dict[str, str]:
    group: Any = ckan_model.Group  # CKAN's typing does not know the column `extras`
    statement = sa.select(group.name, group.title, group.extras).where(
        group.is_organization.is_(True), group.state == "active"
    )
    rows = [(name, title or name, (extras or {}).get("region_code", "")) for name, title, extras in _rows(statement)]
    titles = Counter(title for _, title, _ in rows)
    regions = codes.table("region")
    return {
        name: f"{title}（{regions.label(region)}）" if titles[title] > 1 and region else title
        for name, title, region in rows
    }


def _rows(statement: Any) -> list[Any]:
    return list(ckan_model.Session.execute(statement))


def newest(limit: int = 6) -> list[dict[str, Any]]:
    """Public datasets that were published last."""
    return _search(rows=limit, sort="metadata_created desc")["results"]


def example() -> dict[str, Any] | None:
    """A dataset whose data anybody can download, for the developer page; None when there is none."""
    found = _search(rows=20, fq="open_type:unconditional", sort="metadata_created desc")["results"]
    usable = (each for each in found if each.get("access_mode") != "login" and each.get("resources"))
    return next(usable, None)


def most_used(limit: int = 6) -> list[dict[str, Any]]:
    """Public datasets with most downloads and views in 90 days; only those that were used at all."""
    ids = _keep(f"most used {limit}", lambda: model.most_used(days=90, limit=4 * limit))
    if not ids:
        return []
    found = _search(rows=len(ids), fq="id:(" + " OR ".join(f'"{package_id}"' for package_id in ids) + ")")
    by_id = {dataset["id"]: dataset for dataset in found["results"]}
    return [by_id[package_id] for package_id in ids if package_id in by_id][:limit]


def usage(package_id: str) -> model.Usage:
    """Views and downloads of one dataset."""
    return _keep(f"usage {package_id}", lambda: model.totals(package_id))
