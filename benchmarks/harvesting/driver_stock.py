"""Harvests inside a stock CKAN: ckanext-harvest's `run-test`, and a plain ckanapi loop.

`python driver_stock.py INI` in the environment of stack/lock/benchmark.txt; JSON lines in, JSON lines out. Nothing of
the platform is imported here.
"""

# pyright: basic
from __future__ import annotations

import json
import os
import sys
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

ROWS = 100


def main() -> None:
    """Load CKAN, say so, and work until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # run-test prints
    from ckan.cli import CKANConfigLoader
    from ckan.config.middleware import make_app

    app = make_app(CKANConfigLoader(sys.argv[1]).get_config())._wsgi_app
    with app.test_request_context():
        print(json.dumps({"ready": True}), file=answers, flush=True)
        for line in sys.stdin:
            task = json.loads(line)
            print(json.dumps(TASKS[task.pop("do")](**task), ensure_ascii=False), file=answers, flush=True)


def prepare(url: str) -> dict[str, Any]:
    """The organization that harvested datasets belong to, and the source."""
    import ckan.plugins.toolkit as tk

    for name in ("harvested", "looped"):
        tk.get_action("organization_create")(_context(), {"name": name})
    source = {
        "name": "source", "url": url, "source_type": "ckan", "title": "source", "owner_org": "harvested",
        "frequency": "MANUAL", "config": json.dumps({"force_all": True}),
    }  # fmt: skip
    return {"source": tk.get_action("harvest_source_create")(_context(), source)["id"]}


def configure(source: str, *, force_all: bool) -> dict[str, Any]:
    """Whether the next run asks for everything or for what is new since the last one."""
    import ckan.plugins.toolkit as tk

    _reindexed(source)
    found = tk.get_action("harvest_source_show")(_context(), {"id": source})
    wanted = {**found, "config": json.dumps({"force_all": force_all})}
    tk.get_action("harvest_source_update")(_context(), wanted)
    _reindexed(source)
    return {}


def harvest(source: str) -> dict[str, Any]:
    """`ckan harvester run-test SOURCE`; what it says has become of the records."""
    from ckan import model
    from ckanext.harvest.model import HarvestJob, HarvestObject
    from ckanext.harvest.utils import run_test_harvester
    from sqlalchemy import func

    run_test_harvester(source, None)
    last = model.Session.query(HarvestJob.id).order_by(HarvestJob.created.desc()).limit(1).scalar_subquery()
    counted = model.Session.query(HarvestObject.report_status, func.count()).filter(
        HarvestObject.harvest_job_id == last
    )
    return {"records": {status or "": number for status, number in counted.group_by(HarvestObject.report_status)}}


def reindex(source: str) -> dict[str, Any]:
    """`ckan search-index rebuild SOURCE`: without it a second run of a source dies on CKAN 2.12."""
    _reindexed(source)
    return {}


def _reindexed(source: str) -> None:
    from ckan.lib.search import rebuild

    rebuild(source)


def loop(url: str) -> dict[str, Any]:
    """Fetch, compare nothing, update: every record with package_patch, and package_create for what is not there."""
    from ckanapi import LocalCKAN, NotFound, ValidationError

    portal = LocalCKAN()
    errors, start = 0, 0
    while records := _page(url, start):
        start += len(records)
        for record in records:
            dataset = _own(record)
            try:
                portal.action.package_show(id=dataset["name"])
                portal.action.package_patch(id=dataset["name"], **dataset)
            except NotFound:
                portal.action.package_create(**dataset)
            except ValidationError:
                errors += 1
    return {"errors": errors}


def remove(names: list[str]) -> dict[str, Any]:
    """package_delete of what has vanished."""
    from ckanapi import LocalCKAN

    portal = LocalCKAN()
    for name in names:
        portal.action.package_delete(id=f"looped-{name}")
    return {"errors": 0}


def count(fq: str) -> dict[str, Any]:
    """How many datasets answer in `package_search`."""
    import ckan.plugins.toolkit as tk

    found = tk.get_action("package_search")(_context(), {"fq": fq, "rows": 0, "include_private": True})
    return {"count": found["count"]}


def _page(url: str, start: int) -> list[dict[str, Any]]:
    query = urlencode({"rows": ROWS, "start": start, "sort": "id asc"})
    with urlopen(f"{url}/api/3/action/package_search?{query}") as answer:  # noqa: S310 (the benchmark's own portal)
        return json.load(answer)["result"]["results"]


def _own(record: dict[str, Any]) -> dict[str, Any]:
    """The dataset as such a loop writes it: its own name and organization, no ids of the other portal."""
    kept = {name: record[name] for name in ("title", "notes", "url", "extras", "license_id")}
    resources = [{name: each[name] for name in ("url", "name", "format")} for each in record["resources"]]
    tags = [{"name": tag["name"]} for tag in record["tags"]]
    return kept | {"name": f"looped-{record['name']}", "owner_org": "looped", "tags": tags, "resources": resources}


def _context() -> Any:
    import ckan.plugins.toolkit as tk

    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return {"ignore_auth": True, "user": user}


TASKS = {each.__name__: each for each in (prepare, configure, harvest, reindex, loop, remove, count)}


if __name__ == "__main__":
    main()
