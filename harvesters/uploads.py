"""A department's workbook between the browser and the catalogue: given out, checked, given back, taken in.

    template ──the clerk──▶ upload ──checked──▶ what would be taken, what has to be mended, the same workbook marked
                                        └──confirmed──▶ a run of the source `upload-<id of the department>`
"""

# pyright: basic
from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ckan import model
from ckanext.govcn.department.resolution import Department
from ckanext.govcn.harvest import jobs, uploads
from sqlalchemy import text

from harvesters import current, harvest
from harvesters.adopting import owned
from harvesters.exceptions import SourceNotFound, SourceRefused
from harvesters.leases import Lease
from harvesters.reading import read
from harvesters.source import Source
from harvesters.workbook.files import now_in_china
from harvesters.workbook.layout import layout
from harvesters.workbook.marking import marked
from harvesters.workbook.template import template
from harvesters.workbook.upload import read_bytes, source_of

MARKED = "（已标注）"
OF_OTHERS = text("""
    SELECT r.package_id FROM govcn_harvest_record r JOIN package p ON p.id = r.package_id
    WHERE p.owner_org = :owner AND r.source <> :source
""")


def give_template(lease: Lease) -> Mapping[str, Any]:
    """The department's workbook with the entries that it keeps by workbook or by hand.

    What is given out is noted, so that an answer days later does not take back what was edited here in the meantime.
    """
    owner = _department(lease.source)
    others = set(model.Session.execute(OF_OTHERS, {"owner": owner.id, "source": lease.source}).scalars())
    entries = [(key, entry) for key, entry in current.entries_of(owner, lease.source) if key not in others]
    content = template(entries, owner.name)
    kept = uploads.store(lease.source, f"{owner.name}{layout().title}.xlsx", io.BytesIO(content))
    if entries:
        harvest.adopt(read(owned(source_of(kept.path, name=lease.source), owner)))
    return {"entries": len(entries), "workbook": _named(kept)}


def check(lease: Lease) -> Mapping[str, Any]:
    """What taking in the uploaded workbook would do, and the workbook with its problems marked; nothing is written.

    `report`: the keys of `harvest run --json`. `changes`: the first 1,000, each with `kind` (added, changed), `title`,
    `fields`, `opens` and `waits` (for a person). `clean` and `notes` as in `harvest mark --json`; `workbook`: where the
    marked one is kept; `upload`: what `run` takes in.
    """
    upload, source = _upload(lease)
    data = read_bytes(upload.path)
    reading = read(source)
    report, rehearsal = harvest.rehearse(reading)
    found = marked(data, upload.filename, reading, now_in_china(), rehearsal.troubles)
    stem = Path(upload.filename).stem.removesuffix(MARKED)
    kept = uploads.store(lease.source, f"{stem}{MARKED}.xlsx", io.BytesIO(found.content))
    told = {"clean": found.clean, "notes": found.notes, "workbook": _named(kept), "upload": _named(upload)}
    return {"report": report.to_json(), "changes": list(rehearsal.changes.values()), **told}


def take_in(lease: Lease) -> None:
    """Harvest the uploaded workbook: what was checked, by the plan, the brakes and the review of any run."""
    _, source = _upload(lease)
    harvest.harvest(source, plan_only=bool(lease.arguments.get("plan_only")), lease=lease)


def source_named(name: str) -> Source:
    """The source of a department's workbooks without any of them: what carrying out its plans needs."""
    return owned(Source(name=name, path="-"), _department(name))


def _upload(lease: Lease) -> tuple[uploads.Upload, Source]:
    given = lease.arguments
    found = uploads.find(lease.source, str(given["upload"]), str(given.get("filename", "")))
    if found is None:
        why = "上传的文件已删除或已过保存期限，请重新上传。"
        raise SourceRefused(str(given.get("filename", "")), why, "The upload is no longer kept; upload it again.")
    owner = _department(lease.source)
    return found, owned(source_of(found.path, name=lease.source), owner)


def _department(source: str) -> Department:
    known, owner = jobs.owner_of(model.Session, source)
    if not known or not owner:
        raise SourceNotFound(source=source)
    return current.department(owner)


def _named(kept: uploads.Upload) -> dict[str, str]:
    return {"sha256": kept.sha256, "filename": kept.filename}
