"""Fixtures of the access tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the suite is a module beside the tests


@pytest.fixture
def world(clean, app):
    """One dataset of every level, with its words, and one person of every kind."""
    import access_canary

    return access_canary.build()
