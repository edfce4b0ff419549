"""The world of the applications."""

from __future__ import annotations

import pytest
from integration.application.applying import World, world_of_applications


@pytest.fixture
def world(clean: None) -> World:
    return world_of_applications()
