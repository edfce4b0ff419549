"""Which package comes next, and why another does not. PURE.

A receiver takes each number once and in order. A full package needs none before it: it says everything that is
released, so a receiver that was restored from a backup goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping

from harvesters.release.exceptions import PackageError, PackageForked, PackageGap, PackageReplayed
from harvesters.release.manifest import Manifest


def refusal(manifest: Manifest, taken: Mapping[int, str], file: str) -> PackageError | None:
    """Why the package is not the next one, or None. `taken`: number → digest of every package taken before."""
    number, last = manifest.number, max(taken, default=0)
    if number <= last:
        if taken.get(number, manifest.digest) == manifest.digest:  # or left out, when a full package took its place
            return PackageReplayed(file=file, number=number)
        return PackageForked(file=file, number=number, last=last)
    if manifest.full:
        return None
    if number != last + 1 or manifest.previous is None:
        return PackageGap(file=file, number=number, wanted=last + 1)
    if manifest.previous.number != last or manifest.previous.digest != taken[last]:
        return PackageForked(file=file, number=number, last=last)
    return None
