"""What a job (归集作业) does, by its kind. The worker's processes and nobody else call this."""

# pyright: basic
from __future__ import annotations

from collections.abc import Callable, Mapping

from harvesters import harvest, registry
from harvesters.configured import find
from harvesters.exceptions import HarvestError
from harvesters.leases import Lease
from harvesters.preview import preview
from harvesters.source import Source

ENTRIES = 1000  # of a preview, kept with its job


def carry_out(lease: Lease) -> None:
    """Do the job; its result, and a failure that the work reports, are left in the lease. Raises HarvestError."""
    _KINDS[lease.kind](lease)


def _source(lease: Lease) -> Source:
    return find(lease.arguments.get("given") or lease.source)


def _run(lease: Lease) -> None:
    try:
        source = _source(lease)
    except HarvestError as error:
        registry.unfound(lease.source, error)
        raise
    harvest.harvest(source, plan_only=bool(lease.arguments.get("plan_only")), lease=lease)


def _apply(lease: Lease) -> None:
    lease.result = harvest.apply(lease.arguments["run"], _source(lease), lease)


def _reject(lease: Lease) -> None:
    lease.result = harvest.reject(lease.arguments["run"], lease)


def _undo(lease: Lease) -> None:
    lease.result = harvest.undo(lease.arguments["run"], lease).to_json()


def _preview(lease: Lease) -> None:
    given = lease.arguments.get("given") or lease.source
    result = preview(given, entries=bool(lease.arguments.get("entries")))
    if "entry_list" in result:
        result["entry_list"] = result["entry_list"][:ENTRIES]
    lease.result = result


_KINDS: Mapping[str, Callable[[Lease], None]] = {
    "run": _run,
    "apply": _apply,
    "reject": _reject,
    "undo": _undo,
    "preview": _preview,
}
