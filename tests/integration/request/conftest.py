"""The world of the requests."""

from __future__ import annotations

import pytest
from integration.request.asking import World, world_of_requests


@pytest.fixture
def world(clean: None) -> World:
    return world_of_requests()
