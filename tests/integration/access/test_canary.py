"""Levels × persons × surfaces: a hidden word appears nowhere it may not; without the guards it does."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import access_canary as canary
import pytest

pytestmark = [pytest.mark.access, pytest.mark.with_plugins("text_view")]

WITHOUT_GUARDS = "govcn_search govcn govcn_harvest scheming_datasets scheming_organizations activity text_view"


def _tell(name: str, value: Any) -> None:
    """Leave the result for `./govcn test access --json`."""
    path = os.environ.get("GOVCN_ACCESS_REPORT")
    if path:
        file = Path(path)
        known = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps({**known, name: value}))


def test_no_word_gets_out(world, app):
    report = canary.run(app, world)
    _tell("run", report.summary())
    counted = Counter((leak["surface"], leak["person"], leak["level"], leak["what"]) for leak in report.leaks)
    assert not counted, f"{len(counted)} leaks: {sorted(counted)[:40]}"
    assert not report.broken


def test_the_suite_sees_what_may_be_seen(world, app):
    """Not finding anything proves nothing unless the words are found where they may be."""
    found = canary.run(app, world, only=lambda probe: probe.surface in ("download file", "download link", "api package_show"))
    assert found.surfaces == {"download file", "download link", "api package_show"}
    text = canary.ask(app, next(p for p in canary.of_dataset(world.datasets[0]) if p.surface == "download file"), None)
    assert world.datasets[0].word("cell") in text


@pytest.mark.ckan_config("ckan.plugins", WITHOUT_GUARDS)
def test_without_the_guards_the_suite_finds_leaks(clean, app):
    report = canary.run(app, canary.build())
    leaks = {(leak["surface"], leak["level"], leak["what"]) for leak in report.leaks}
    _tell("control", {**report.summary(), "leaks": len(report.leaks), "surfaces_leaking": len({s for s, _, _ in leaks})})
    assert ("api resource_show link", "conditional", "address") in leaks
    assert ("api search facet url", "conditional", "address") in leaks
    assert ("download link", "conditional", "address") in leaks
