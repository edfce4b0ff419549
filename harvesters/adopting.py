"""Rows of an uploaded workbook and the entries that are there already.

Entries that the department keeps by hand are adopted: a row with their id changes them and makes no second one. What
another source brings stays that source's. A workbook takes nothing down but entries whose rows are marked 涉密: whoever
leaves rows out keeps their entries.
"""

# pyright: basic
from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from ckan import model
from ckanext.govcn.department.resolution import Department
from ckanext.govcn.harvest.model import HarvestRecord
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from harvesters import current
from harvesters.entry_json import to_json
from harvesters.judging import Judge, stamped
from harvesters.plan import Brake, Removals, Seen, Trouble
from harvesters.reading import read
from harvesters.run import Task
from harvesters.source import Source
from harvesters.workbook.template import template
from harvesters.workbook.upload import source_of

ELSEWHERE = "H09"
ELSEWHERE_ZH = "该条目由其他归集来源或其他部门维护，或已下架，不能用工作簿修改。请删去这一行，或在原处修改。"
NAMESAKE = "H10"
NAMESAKE_ZH = (
    "本部门已有同名条目，这一行没有它的数据集标识，将作为新条目入库。"
    "请核对：要修改已有的条目，下载工作簿，在带有数据集标识的行里改。"
)
ROW = {"state": "active", "status_before": "", "seen_run": 0, "changed_run": 0, "resources": []}
OURS = text("""
    SELECT p.id FROM package p
    WHERE p.id = ANY(:ids) AND p.owner_org = :owner AND p.type = 'dataset' AND p.state = 'active'
      AND NOT EXISTS (SELECT FROM govcn_harvest_record r WHERE r.package_id = p.id)
""")
THEIRS = text("""
    SELECT p.id FROM package p LEFT JOIN govcn_harvest_record r ON r.package_id = p.id
    WHERE p.id = ANY(:ids) AND (
        p.owner_org IS DISTINCT FROM :owner OR coalesce(r.source, :source) <> :source
        OR r.package_id IS NULL AND (p.state <> 'active' OR p.extras ->> 'catalog_status' = 'withdrawn'))
""")
NAMESAKES = text("""
    SELECT t.id FROM unnest(CAST(:ids AS text[]), CAST(:titles AS text[])) AS t(id, title)
    WHERE NOT EXISTS (SELECT FROM govcn_harvest_record r WHERE r.source = :source AND r.remote_id = t.id)
      AND EXISTS (
          SELECT FROM package p
          WHERE p.title = t.title AND p.owner_org = :owner AND p.type = 'dataset' AND p.state = 'active'
            AND coalesce(p.extras ->> 'catalog_status', '') <> 'withdrawn')
""")


def own_rows(task: Task, department: str, secret: Collection[str] = ()) -> Task:
    """The task with the department's own entries adopted, and without rows that name others', which are sent back.

    `secret`: remote ids of rows that are marked 涉密; their entries go. The caller commits, or rolls back.
    """
    owner, source, records = current.department(department), task.source, list(task.records)
    ids = [*(record.remote_id for record in records), *secret]
    _adopt(ids, owner, task)
    asked = {"ids": ids, "owner": owner.id, "source": source}
    elsewhere = set(model.Session.execute(THEIRS, asked).scalars())
    own = [record for record in records if record.remote_id not in elsewhere]
    titles = {"ids": [each.remote_id for each in own], "titles": [task.judge(each).entry.title for each in own]}
    namesakes = set(model.Session.execute(NAMESAKES, asked | titles).scalars())
    heading_of = cast("Judge", task.judge).reading.heading_of
    sent_back = Trouble(ELSEWHERE, "refuse", ELSEWHERE_ZH, field="remote_id", column=heading_of("remote_id"))
    warned_of = Trouble(NAMESAKE, "warn", NAMESAKE_ZH, field="title", column=heading_of("title"))
    refusals = [_at(each, sent_back) for each in records if each.remote_id in elsewhere]
    remarks = [_at(each, warned_of) for each in own if each.remote_id in namesakes]
    return replace(
        task,
        records=own,
        refusals=[*task.refusals, *refusals],
        remarks=[*task.remarks, *remarks],
        removals=partial(only_secret_goes, {each for each in secret if each and each not in elsewhere}),
    )


def _adopt(remote_ids: Collection[str], owner: Department, task: Task) -> None:
    """Note the department's own entries as last harvested: as the workbook says them before anybody edits it.

    So only what the clerk edited is a change; what a workbook has no cell for stays what a person made of it.
    """
    ours = set(model.Session.execute(OURS, {"ids": list(remote_ids), "owner": owner.id}).scalars())
    if not ours:
        return
    entries = [(key, entry) for key, entry in current.entries_of(owner, task.source) if key in ours]
    judge = cast("Judge", task.judge)
    rows = []
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(template(entries, owner.name))
        file.flush()
        given = read(owned(source_of(Path(file.name), name=task.source), owner))
        asked = replace(judge, reading=given)
        for record in stamped(given):
            entry = to_json(asked(record).entry)
            rows.append(ROW | {"source": task.source, "remote_id": record.remote_id, "package_id": record.remote_id,
                               "hash": record.hash, "entry": entry})  # fmt: skip
    model.Session.execute(insert(HarvestRecord.__table__).on_conflict_do_nothing(), rows)


def owned(source: Source, owner: Department) -> Source:
    """The source as the department's own: entries are its entries."""
    stated = replace(source, title=f"{owner.name}目录工作簿", department=owner.url_name)
    return replace(stated, profile="guide", providers="fixed", provider=owner.name, region=owner.region_code)


def only_secret_goes(
    secret: Collection[str], known: Iterable[tuple[str, bool]], seen: Seen, _brake: Brake
) -> Removals:
    """What the workbook leaves out stays as it is; entries whose rows are marked 涉密 go."""
    missing = [remote_id for remote_id, _ in known if remote_id not in seen]
    gone = [each for each in missing if each in secret]
    left = len(missing) - len(gone)
    brake = f"工作簿没有列出的 {left} 条保持不变。要下架，请在条目页办理。" if left else ""
    return Removals(now=gone, brake=brake, secret=bool(gone))


def _at(record: Any, trouble: Trouble) -> Trouble:
    place = record.place
    return replace(trouble, file=place.file, sheet=place.sheet, row=place.row or None)
