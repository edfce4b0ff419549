"""When an application's period is over, asked again under the lock."""

from __future__ import annotations

from datetime import date

from ckanext.govcn.application import machine

DAY = date(2026, 11, 24)


def test_only_a_period_that_is_over_and_still_runs_expires():
    assert machine.is_due("in_use", date(2026, 11, 23), DAY)
    assert not machine.is_due("in_use", DAY, DAY), "the last day is included"
    assert not machine.is_due("in_use", None, DAY)
    assert not machine.is_due("terminated", date(2026, 11, 23), DAY)
