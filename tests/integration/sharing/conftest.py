"""The world of the ledger."""

from __future__ import annotations

import pytest
from integration.sharing.asking import World, world_of_sharing


@pytest.fixture
def world(clean: None) -> World:
    return world_of_sharing()
