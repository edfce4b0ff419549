"""What became of each version of a record, told by runs alone."""

from __future__ import annotations

import pytest
from ckanext.govcn.harvest.source_record import states


@pytest.mark.parametrize(
    ("versions", "made_of", "seen", "changes", "said"),
    [
        ([(1, False)], 1, 1, {}, ["entry"]),
        ([(5, False), (1, True)], 5, 5, {}, ["entry", "earlier"]),
        ([(5, False), (1, False)], 1, 1, {5: "planned"}, ["waiting", "entry"]),
        ([(5, False), (1, False)], 1, 1, {5: "skipped", 8: "planned"}, ["waiting", "entry"]),
        ([(5, False), (1, False)], 1, 1, {5: "planned", 8: "skipped"}, ["rejected", "entry"]),
        ([(5, False), (1, False)], 1, 5, {5: "undone"}, ["undone", "entry"]),
        ([(9, False), (5, False), (1, False)], 1, 9, {}, ["unchanged", "refused", "entry"]),
        ([(9, False), (5, True), (1, False)], 1, 1, {}, ["refused", "not_taken", "entry"]),
        ([(5, False)], None, 0, {}, ["refused"]),
        ([], None, 0, {}, []),
    ],
)
def test_states(
    versions: list[tuple[int, bool]], made_of: int | None, seen: int, changes: dict[int, str], said: list[str]
) -> None:
    assert states(versions, made_of, seen, changes) == said
