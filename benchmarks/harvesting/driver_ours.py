"""Harvests inside the platform: one process with CKAN loaded, as the platform's own worker is.

`python -m benchmarks.harvesting.driver_ours INI`; JSON lines in, JSON lines out. A line names `source`, the file
of a source to harvest; `apply`, a run whose waiting changes are to be carried out; `tag`, whose datasets are counted in
the database ("" for all); `profile`, a file for cProfile.
"""

# pyright: basic
from __future__ import annotations

import json
import os
import sys
from typing import Any

TAGGED = """
    SELECT count(*) AS tagged, count(*) FILTER (WHERE p.extras ->> 'catalog_status' = 'published') AS published
    FROM package p WHERE p.state = 'active' AND (:tag = '' OR p.id IN (
        SELECT pt.package_id FROM package_tag pt JOIN tag t ON t.id = pt.tag_id
        WHERE t.name = :tag AND pt.state = 'active'))
"""


def main() -> None:
    """Load CKAN, say so, and work until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever prints: standard output is for answers
    from ckan.cli import CKANConfigLoader
    from ckan.config.middleware import make_app

    app = make_app(CKANConfigLoader(sys.argv[1]).get_config())._wsgi_app
    with app.test_request_context():
        print(json.dumps({"ready": True}), file=answers, flush=True)
        for line in sys.stdin:
            print(json.dumps(_done(json.loads(line)), ensure_ascii=False), file=answers, flush=True)


def _done(task: dict[str, Any]) -> dict[str, Any]:
    if "tag" in task:
        return _tagged(task["tag"])
    from harvesters.harvest import apply, harvest
    from harvesters.source import load_source

    if "profile" in task:
        return _profiled(task)
    source = load_source(task["source"])
    if "apply" in task:
        return apply(task["apply"], source)
    report = harvest(source).to_json()
    kept = {key: value for key, value in report.items() if isinstance(value, (int, float, str))}
    rules = {**report["refused_by_rule"], **report["warnings_by_rule"]}
    return kept | {"published": report["standing"].get("published", 0), "rules": rules}


def _tagged(tag: str) -> dict[str, Any]:
    """How many datasets there are with the tag (all with ""), and how many of them are published."""
    from ckan import model
    from sqlalchemy import text

    row = model.Session.execute(text(TAGGED), {"tag": tag}).one()
    model.Session.rollback()
    return {"tagged": row.tagged, "published": row.published}


def _profiled(task: dict[str, Any]) -> dict[str, Any]:
    """The same under cProfile; the statistics go into the file that `profile` names."""
    import cProfile

    profiler = cProfile.Profile()
    try:
        return profiler.runcall(_done, {key: value for key, value in task.items() if key != "profile"})
    finally:
        profiler.dump_stats(task["profile"])


if __name__ == "__main__":
    main()
