"""Tables of 目录归集. Secret: raw values and addresses of sources; no public action reads them.

source (归集来源) → run (归集任务) → record (来源记录, one row per remote id) and problem (退回 or warning, with place).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column


class HarvestSource(tk.BaseModel):
    """归集来源: what the portal knows of a source beside its YAML file.

    `failures` counts runs in a row that failed; `settings` is the source as last read, for the pages. `owner_org` is
    the organization whose editors look after it, `host` whom it asks (jobs on one host are limited), `schedule` the
    YAML's sentence, `next_run_at` when the worker puts its next run in; a `paused` source is not scheduled. `edited_by`
    is the user who changed it last on a page; empty: it is the operator's file.
    """

    __tablename__ = "govcn_harvest_source"

    name: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    title: Mapped[str] = mapped_column(sa.Text, default="")
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    last_run_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    last_success_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    failures: Mapped[int] = mapped_column(sa.Integer, default=0)
    owner_org: Mapped[str | None] = mapped_column(sa.Text)
    host: Mapped[str] = mapped_column(sa.Text, default="")
    schedule: Mapped[str] = mapped_column(sa.Text, default="")
    next_run_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    paused: Mapped[bool] = mapped_column(sa.Boolean, default=False)
    edited_by: Mapped[str] = mapped_column(sa.Text, default="")


class HarvestRun(tk.BaseModel):
    """归集任务: one pass over a source. `state` is running, finished, failed or crashed (found dead by the next run).

    `counts` has the keys of `harvesters.run.Counts`; `brake` says in Chinese why removals were held back. `plan` is
    empty for a run that did what it found, else waiting, applied, rejected or undone; `why` says why it waits, or
    that the source was not read anew.
    `headings` is how the source's headings were read (heading → field or null); `statistics` is what stays of a thinned
    run. `asked_by` is the user who asked for it, at whatever attempt of the job; empty: the timetable or a command.
    """

    __tablename__ = "govcn_harvest_run"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text, default="running")
    started_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    heartbeat_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    finished_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    brake: Mapped[str] = mapped_column(sa.Text, default="")
    error: Mapped[str] = mapped_column(sa.Text, default="")
    plan: Mapped[str] = mapped_column(sa.Text, default="")
    why: Mapped[str] = mapped_column(sa.Text, default="")
    headings: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    asked_by: Mapped[str] = mapped_column(sa.Text, default="")
    statistics: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    thinned_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class HarvestRecord(tk.BaseModel):
    """来源记录: identity (source, remote id) → dataset, and what was last harvested from it.

    `entry` is the last harvested entry (`harvesters.entry_json`), the "old" side of a field-by-field difference;
    `resources` are the harvested resources of its dataset in order, each with `id`, `url` as the source gave it
    (secret), `remote_id` and, of an own file, `sha256`; `status_before` is the 编目状态 to wake to. `state` is active,
    incomplete (a file of it could not be fetched: it is done again), withdrawn (it vanished) or kept (it vanished, and
    undoing brought its dataset back). `seen_run` last wrote this row; `changed_run` is the run whose record the entry
    was made of (0: of none that was received).
    """

    __tablename__ = "govcn_harvest_record"

    source: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    remote_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    hash: Mapped[str] = mapped_column(sa.Text, default="")
    package_id: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text, default="active")
    status_before: Mapped[str] = mapped_column(sa.Text, default="")
    seen_run: Mapped[int] = mapped_column(sa.BigInteger)
    changed_run: Mapped[int] = mapped_column(sa.BigInteger)
    entry: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    resources: Mapped[list[dict[str, str]]] = mapped_column(JSONB, default=list)


class HarvestChange(tk.BaseModel):
    """变更: what a run did (or, `planned`, would do) to one dataset.

    `kind` is added, changed, move (to another provider) or removed; `opens`: the entry becomes more open. `fields`
    lists field, old, theirs, new and conflict; `before` and `after` are `harvesters.history` snapshots of the dataset,
    `undone` those around an undo (now, then); `planned` is what is needed to carry it out later. Secret, like the
    records.
    """

    __tablename__ = "govcn_harvest_change"

    run_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    remote_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text)
    opens: Mapped[bool] = mapped_column(sa.Boolean, default=False)
    package_id: Mapped[str] = mapped_column(sa.Text)
    fields: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    planned: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    undone: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class HarvestDecision(tk.BaseModel):
    """Who decided what on a run: apply, reject, undo or redo; as editor, admin, bureau or operator (a command).

    `asked_by` asked for the run; `note` is why this person could decide; `counts` what came of it.
    """

    __tablename__ = "govcn_harvest_decision"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.BigInteger)
    what: Mapped[str] = mapped_column(sa.Text)
    decided_by: Mapped[str] = mapped_column(sa.Text, default="")
    decided_as: Mapped[str] = mapped_column(sa.Text)
    asked_by: Mapped[str] = mapped_column(sa.Text, default="")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())


class HarvestStamps(tk.BaseModel):
    """How a source is known again: `stamps` are `harvesters.trail.Stamp` of all that run `run_id` read of it.

    `settings` stands for how it was read (`harvesters.freshness`). Secret: addresses of sources.
    """

    __tablename__ = "govcn_harvest_stamps"

    source: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.BigInteger)
    settings: Mapped[str] = mapped_column(sa.Text)
    stamps: Mapped[list[list[str]]] = mapped_column(JSONB)


class HarvestRaw(tk.BaseModel):
    """来源记录 as received: a version, with the run that first met it; later runs without one met the same.

    `content` is the JSON (`harvesters.record.as_received`), packed with zlib; null where it was too large, or where the
    record was marked 涉密 later.
    """

    __tablename__ = "govcn_harvest_raw"

    source: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    remote_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.Text)
    media_type: Mapped[str] = mapped_column(sa.Text)
    size: Mapped[int] = mapped_column(sa.Integer)
    content: Mapped[bytes | None] = mapped_column(sa.LargeBinary)


class HarvestProblem(tk.BaseModel):
    """退回 or warning of one run. For E26 and E30 only source, sheet, row, rule, hash and time are ever filled in."""

    __tablename__ = "govcn_harvest_problem"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.BigInteger)
    source: Mapped[str] = mapped_column(sa.Text)
    file: Mapped[str] = mapped_column(sa.Text, default="")
    sheet: Mapped[str] = mapped_column(sa.Text, default="")
    row: Mapped[int | None] = mapped_column(sa.Integer)
    column: Mapped[str] = mapped_column(sa.Text, default="")
    rule: Mapped[str] = mapped_column(sa.Text)
    severity: Mapped[str] = mapped_column(sa.Text)
    field: Mapped[str] = mapped_column(sa.Text, default="")
    given: Mapped[str] = mapped_column(sa.Text, default="")
    message: Mapped[str] = mapped_column(sa.Text, default="")
    hash: Mapped[str] = mapped_column(sa.Text, default="")
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())


class HarvestJob(tk.BaseModel):
    """归集作业: what somebody or the timetable wants the worker to do; see `jobs` for its states.

    `attempt` counts claims and, with `id`, is the fencing token of the lease: a worker whose lease was given to another
    one no longer has the number that stands here, and cannot commit. `progress` has the keys of
    `harvesters.run.Counts`; `result` is the report's JSON; `error` is Chinese.
    """

    __tablename__ = "govcn_harvest_job"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    source: Mapped[str] = mapped_column(sa.Text)
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    progress: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    wanted_by: Mapped[str] = mapped_column(sa.Text, default="")
    reason: Mapped[str] = mapped_column(sa.Text)
    priority: Mapped[int] = mapped_column(sa.Integer, default=0)
    not_before: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    state: Mapped[str] = mapped_column(sa.Text, default="waiting")
    attempt: Mapped[int] = mapped_column(sa.Integer, default=0)
    worker: Mapped[str] = mapped_column(sa.Text, default="")
    lease_until: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    heartbeat_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    error: Mapped[str] = mapped_column(sa.Text, default="")
    error_en: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    started_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    run_id: Mapped[int | None] = mapped_column(sa.BigInteger)
