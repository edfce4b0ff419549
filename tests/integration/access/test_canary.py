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

WITHOUT_GUARDS = "govcn_search govcn govcn_harvest scheming_datasets scheming_organizations activity"


def _tell(**values: Any) -> None:
    """Leave the result for `./govcn test access --json`."""
    path = os.environ.get("GOVCN_ACCESS_REPORT")
    if path:
        file = Path(path)
        known = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps({**known, **values}))


def test_a_word_is_seen_where_it_may_be_and_nowhere_else(world, app):
    """Finding no leak proves nothing unless the same probes find the words where they are allowed."""
    report = canary.run(app, world)
    _tell(**report.summary())
    counted = Counter((leak["surface"], leak["person"], leak["level"], leak["what"]) for leak in report.leaks)
    assert not counted, f"{len(counted)} leaks: {sorted(counted)[:40]}"
    assert not report.broken
    for name, level in canary.LEVELS.items():
        assert {(kind, who, n) for kind, who, n in report.seen if n == name and kind == "entry"} == {
            ("entry", who, name) for who in level.entry
        }
        if name != "deleted":  # its data is gone with it
            seen = {who for kind, who, n in report.seen if n == name and kind == "cell"}
            assert seen == {who for who in level.may("cell") if canary.asked(who, name)}


@pytest.mark.ckan_config("ckan.plugins", WITHOUT_GUARDS)
def test_without_the_guards_the_suite_finds_leaks(clean, app):
    """The same probes of the same levels, as the public and as another department: two kinds of person are enough."""
    with canary.without_the_databases_guard():
        report = canary.run(app, canary.build(), persons=("anonymous", "department"))
    leaks = {(leak["surface"], leak["level"], leak["what"]) for leak in report.leaks}
    _tell(control=len(report.leaks), control_surfaces=sorted({surface for surface, _, _ in leaks}))
    assert ("api resource_show link", "conditional", "address") in leaks
    assert ("api search facet url", "conditional", "address") in leaks
    assert ("download link", "conditional", "address") in leaks
