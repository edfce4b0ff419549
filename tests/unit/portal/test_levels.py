"""The badge says what the level is, and never more."""

from __future__ import annotations

from typing import Any

import pytest
from ckanext.govcn.portal.levels import BADGES, badge_of


@pytest.mark.parametrize(
    ("dataset", "key"),
    [
        ({"open_type": "unconditional", "access_mode": "anonymous"}, "open"),
        ({"open_type": "unconditional"}, "open"),
        ({"open_type": "unconditional", "access_mode": "login"}, "login"),
        ({"open_type": "conditional", "access_mode": "login"}, "conditional"),
        ({"open_type": "none"}, "none"),
        ({"open_type": ""}, "undecided"),
        ({}, "undecided"),
        ({"open_type": "open"}, "undecided"),
        ({"open_type": None, "access_mode": "anonymous"}, "undecided"),
    ],
)
def test_badge(dataset: dict[str, Any], key: str) -> None:
    assert badge_of(dataset).key == key


def test_every_badge_differs_in_word_and_icon() -> None:
    assert len({badge.label for badge in BADGES.values()}) == len(BADGES)
    assert len({badge.icon for badge in BADGES.values()}) == len(BADGES)
