"""One number after the other: gaps, replays and forks."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.release.making import draft

from harvesters.release.exceptions import PackageForked, PackageGap, PackageReplayed
from harvesters.release.manifest import Previous
from harvesters.release.sequence import refusal

A, B, C, OTHER = ("a" * 64, "b" * 64, "c" * 64, "f" * 64)
TAKEN = {1: A, 2: B}


def package(number, digest=C, previous=None, *, full=False):
    return replace(draft(number, previous, full=full), digest=digest)


@pytest.mark.parametrize(
    ("manifest", "taken", "kind"),
    [
        (package(3, previous=Previous(2, B)), TAKEN, None),
        (package(1, full=True), {}, None),
        (package(7, full=True), {}, None),
        (package(7, previous=Previous(6, OTHER), full=True), TAKEN, None),
        (package(2, B, Previous(1, A)), TAKEN, PackageReplayed),
        (package(1, A, full=True), TAKEN, PackageReplayed),
        (package(2, B, Previous(1, A)), {3: C}, PackageReplayed),  # a full package took its place
        (package(2, OTHER, Previous(1, A)), TAKEN, PackageForked),
        (package(2, OTHER, full=True), TAKEN, PackageForked),
        (package(3, previous=Previous(2, OTHER)), TAKEN, PackageForked),
        (package(4, previous=Previous(3, C)), TAKEN, PackageGap),
        (package(1), {}, PackageGap),
        (package(2, previous=Previous(1, A)), {}, PackageGap),
        (package(3), TAKEN, PackageGap),
        (package(3, previous=Previous(1, A)), TAKEN, PackageForked),
    ],
)
def test_what_follows(manifest, taken, kind):
    found = refusal(manifest, taken, "x.tar")
    assert type(found) is (kind or type(None))
    if found:
        assert "x.tar" in found.message
        assert "x.tar" in found.message_en


@given(st.permutations(range(1, 7)), st.sets(st.integers(1, 6)))
def test_whatever_arrives_in_whatever_order_each_is_taken_once_and_in_order(order, full):
    """Packages are offered again and again until none fits: what was taken is a rising chain."""
    digests = {number: f"{number:064x}" for number in range(1, 7)}
    offered = [
        package(n, digests[n], Previous(n - 1, digests[n - 1]) if n > 1 else None, full=n in full) for n in order
    ]
    taken: dict[int, str] = {}
    chain = []
    while fits := [each for each in offered if refusal(each, taken, "") is None]:
        nearest = min(fits, key=lambda each: each.number)
        taken[nearest.number] = nearest.digest
        chain.append(nearest)
    for before, after in zip(chain, chain[1:], strict=False):
        assert after.full or after.number == before.number + 1
    assert not chain or chain[0].full
    assert bool(chain) == bool(full)
