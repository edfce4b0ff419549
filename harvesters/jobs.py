"""What a job (归集作业) does, by its kind. The worker's processes and nobody else call this."""

# pyright: basic
from __future__ import annotations

from collections.abc import Callable, Mapping

from ckanext.govcn.audit.acting import on_behalf
from ckanext.govcn.harvest.rules import OPERATOR, Person, takes_uploads

from harvesters import harvest, registry, uploads
from harvesters.configured import find
from harvesters.exceptions import HarvestError
from harvesters.leases import Lease
from harvesters.preview import preview
from harvesters.source import Source

ENTRIES = 1000  # of a preview, kept with its job


def carry_out(lease: Lease) -> None:
    """Do the job; its result, and a failure that the work reports, are left in the lease. Raises HarvestError."""
    with on_behalf(lease.wanted_by or ""):
        _KINDS[lease.kind](lease)


def _source(lease: Lease) -> Source:
    if takes_uploads(lease.source):
        return uploads.source_named(lease.source)
    return find(lease.arguments.get("given") or lease.source)


def _run(lease: Lease) -> None:
    if takes_uploads(lease.source):
        uploads.take_in(lease)
        return
    try:
        source = _source(lease)
    except HarvestError as error:
        registry.unfound(lease.source, error)
        raise
    plan_only, fresh = (bool(lease.arguments.get(name)) for name in ("plan_only", "fresh"))
    harvest.harvest(source, plan_only=plan_only, fresh=fresh, lease=lease)


def _apply(lease: Lease) -> None:
    given = lease.arguments
    choices = harvest.Choices.of(given)
    lease.result = harvest.apply(given["run"], _source(lease), _person(lease), choices, lease=lease)


def _reject(lease: Lease) -> None:
    given = lease.arguments
    lease.result = harvest.reject(given["run"], _person(lease), given.get("reason", ""), lease=lease)


def _undo(lease: Lease) -> None:
    lease.result = harvest.undo(lease.arguments["run"], _person(lease), lease=lease).to_json()


def _redo(lease: Lease) -> None:
    lease.result = harvest.redo(lease.arguments["run"], _person(lease), lease=lease).to_json()


def _person(lease: Lease) -> Person:
    """Whoever asked for the job decides, with the rights they have when it is done; nobody's name is the operator's."""
    return harvest.person(lease.wanted_by, lease.arguments["run"]) if lease.wanted_by else OPERATOR


def _preview(lease: Lease) -> None:
    if takes_uploads(lease.source):
        lease.result = uploads.check(lease) if "upload" in lease.arguments else uploads.give_template(lease)
        return
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
    "redo": _redo,
    "preview": _preview,
}
