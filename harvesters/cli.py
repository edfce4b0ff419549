"""`ckan govcn-harvest` and `ckan govcn-demo`: the operator's way into 目录归集.

CKAN is imported inside the commands: they are registered by an entry point, which CKAN loads with every command.
With `--json` standard output holds one JSON object and nothing else; progress and sentences go to standard error.
"""

# pyright: basic
from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from ckanext.govcn.editorial.states import Status

from harvesters.exceptions import HarvestError
from harvesters.record import Place

COUNTS = ("records", "added", "changed", "unchanged", "removed", "refused")
HEADINGS = ("来源", "记录", "新增", "变更", "未变", "下架", "退回")
KINDS = {"added": "新增", "changed": "变更", "move": "改变提供方", "removed": "下架"}
LISTED = 20  # problems shown to a person; all are in --json and in the database

UNEXPECTED = "程序出错，归集没有完成。已入库的条目保持有效；请把标准错误中的内容和日志交给运维人员。"
UNEXPECTED_EN = "Unexpected error; what was written stays valid. Give the trace on standard error to the operator."
NO_RETRY = {"transient": False}

as_user = click.option(
    "--as", "user", default="", help="以该用户的名义和权限执行；不写则以运维人员身份代表数据主管部门执行"
)
as_json = click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象")


@click.group("govcn-harvest", short_help="目录归集：归集来源、归集任务")
def harvest() -> None:
    """目录归集: sources and runs."""


@harvest.command("run", short_help="运行一个归集来源")
@click.argument("source")
@click.option("--queue", is_flag=True, help="交给后台的归集执行进程，不等待结果")
@click.option("--fresh", is_flag=True, help="来源表示内容未变时也重新读取")
@as_json
def run_command(source: str, *, queue: bool, fresh: bool, as_json: bool) -> None:
    """Harvest SOURCE: a configured name, a YAML file, or a catalogue file. With --queue the worker does it."""
    with _one_sentence(as_json):
        from harvesters.configured import find

        if queue:
            _queued(find(source), as_json, fresh=fresh)
            return
        report = _harvested(find(source), fresh=fresh)
        _print(report.to_json() if as_json else _told(report))
        sys.exit(0 if report.state == "finished" else 1)


def _queued(source: Any, as_json: bool, *, fresh: bool) -> None:
    from harvesters.harvest import queue as put_in

    job = put_in(source, fresh=fresh)
    _print({"job": job, "source": source.name} if as_json else f"归集作业 {job} 已提交，用 ./govcn harvest jobs 查看。")


@harvest.command("work", short_help="执行归集作业（常驻进程）")
@click.option("--once", is_flag=True, help="执行完到期的作业即结束")
def work_command(*, once: bool) -> None:
    """Carry out jobs until SIGTERM: the service `worker` of the platform."""
    from harvesters.worker import Worker

    Worker(once=once).run()


@harvest.command("jobs", short_help="列出归集作业")
@click.option("--source", default="", help="只列出这个来源的作业")
@click.option("--limit", default=LISTED, type=click.IntRange(1, 1000), help="最多列出多少个")
@as_json
def jobs_command(source: str, limit: int, *, as_json: bool) -> None:
    """Jobs, newest first."""
    from ckan import model
    from ckanext.govcn.harvest import jobs

    from harvesters import leases

    leases.reap()
    rows = [_plain(row) for row in jobs.listed(model.Session, {"source": source or None}, None, limit)]
    if as_json:
        _print({"jobs": rows})
        return
    for row in rows:
        _print("  ".join(str(row[key]) for key in ("id", "kind", "source", "state", "attempt", "error") if row[key]))


@harvest.command("cancel", short_help="取消一个归集作业")
@click.argument("job", type=int)
@as_json
def cancel_command(job: int, *, as_json: bool) -> None:
    """Cancel JOB; one that runs stops before it writes again. Exit code 1 when it has ended already."""
    from ckan import model
    from ckanext.govcn.harvest import jobs

    done = jobs.cancel(model.Session, job)
    model.Session.commit()
    _print({"job": job, "cancelled": done} if as_json else "已取消。" if done else "没有这个作业，或它已经结束。")
    sys.exit(0 if done else 1)


@harvest.command("schedule", short_help="列出归集来源的归集周期和下次归集时间")
@as_json
def schedule_command(*, as_json: bool) -> None:
    """Known sources, their schedules and next turns."""
    from harvesters import leases, timetable

    leases.reap()
    timetable.Timetable().enter()
    rows = timetable.shown()
    if as_json:
        _print({"sources": rows})
        return
    for row in rows:
        state = "已暂停" if row["paused"] else row["next_run_at"] or "未排期"
        failed = f"连续失败 {row['failures']} 次" if row["failures"] else ""
        _print("  ".join(filter(None, [row["name"], row["schedule"], state, row["state"], failed])))


@harvest.command("pause", short_help="暂停一个归集来源的定期归集")
@click.argument("source")
@as_json
def pause_command(source: str, *, as_json: bool) -> None:
    """Take SOURCE off the timetable until `resume`."""
    _paused(source, as_json, paused=True)


@harvest.command("resume", short_help="恢复一个归集来源的定期归集")
@click.argument("source")
@as_json
def resume_command(source: str, *, as_json: bool) -> None:
    """Put SOURCE back on the timetable."""
    _paused(source, as_json, paused=False)


def _paused(source: str, as_json: bool, *, paused: bool) -> None:
    with _one_sentence(as_json):
        from harvesters import timetable

        timetable.pause(source, paused=paused)
        said = f"来源“{source}”的定期归集已{'暂停' if paused else '恢复'}。"
        _print({"source": source, "paused": paused} if as_json else said)


@harvest.command("index", short_help="把待索引的数据集补入检索索引")
@as_json
def index_command(*, as_json: bool) -> None:
    """Index what the outbox names; exit code 1 when some still wait (Solr is away)."""
    from ckanext.govcn.index import indexer

    waiting = indexer.drain()
    _print({"waiting": waiting} if as_json else f"待索引 {waiting}")
    sys.exit(1 if waiting else 0)


@harvest.command("plan", short_help="生成变更清单，不执行")
@click.argument("source")
@as_json
def plan_command(source: str, *, as_json: bool) -> None:
    """What a run of SOURCE would do, kept until `apply` or `reject`."""
    with _one_sentence(as_json):
        from harvesters.configured import find
        from harvesters.harvest import changes_of

        report = _harvested(find(source), plan_only=True)
        changes = changes_of(report.run)
        if as_json:
            _print(report.to_json() | {"changes": changes})
            return
        _print(f"归集任务 {report.run}：{report.counts.waiting} 项变更待执行，{report.counts.refused} 条退回。")
        for each in changes[:LISTED]:
            named = "、".join(field["field"] for field in each["fields"])
            _print(f"{KINDS[each['kind']]}  {each['title']}{f'（{named}）' if named else ''}")
        _print(f"执行：./govcn harvest apply {report.run}    放弃：./govcn harvest reject {report.run}")


@harvest.command("show", short_help="查看一次归集任务的变更清单")
@click.argument("run", type=int)
@as_json
def show_command(run: int, *, as_json: bool) -> None:
    """What RUN did or would do, field by field, old and new."""
    with _one_sentence(as_json):
        from harvesters.harvest import changes_of, decisions_of
        from harvesters.history import run_of

        found = run_of(run)
        changes, decided = changes_of(run), decisions_of(run)
        if as_json:
            shown = {"run": run, "source": found.source, "state": found.state, "plan": found.plan}
            _print({**shown, "changes": changes, "decisions": decided})
            return
        for each in changes:
            opens = "  开放程度提高" if each["opens"] else ""
            _print(f"{KINDS[each['kind']]}  {each['state']}  {each['remote_id']}  {each['title']}{opens}")
            for field in each["fields"]:
                _print(f"    {field['field']}：{field['old']} → {field['new']}")
                if field.get("conflict"):
                    _print(f"    {field['field']} 冲突：部门已改为 {field['theirs']}，请用 --keep 或 --field 决定")
        for each in decided:
            who = f"{each['decided_by'] or '运维人员'}（{each['decided_as']}）"
            _print(f"{each['at']}  {each['what']}  {who}  {each['note']}")


@harvest.command("apply", short_help="执行待审阅的变更清单")
@click.argument("run", type=int)
@click.option("--source", default="", help="来源的 YAML 文件；来源不在 config/ 里时需要")
@click.option(
    "--keep", type=click.Choice(["theirs", "new"]), help="冲突字段一律保留部门的（theirs）或采用来源的（new）"
)
@click.option("--field", "chosen", multiple=True, metavar="REMOTE_ID:FIELD=theirs|new", help="决定一个冲突字段，可多次")
@click.option("--only", multiple=True, metavar="REMOTE_ID", help="只执行这条记录的变更，可多次；其余继续等待")
@as_user
@as_json
def apply_command(run: int, *, as_json: bool, **given: Any) -> None:
    """Carry out what waits in RUN; what no longer stands is skipped, what somebody else has to decide waits on.

    Whoever types commands on this machine acts for the bureau; --as USER acts with that user's rights instead.
    """
    chosen = dict(map(_choice, given["chosen"]))
    with _one_sentence(as_json):
        from harvesters.configured import find
        from harvesters.harvest import Choices, apply
        from harvesters.history import run_of

        source = find(given["source"] or run_of(run).source)
        only = frozenset(given["only"]) or None
        done = apply(run, source, _person(given["user"], run), Choices(given["keep"], chosen, only))
        if as_json:
            _print(done)
            return
        _print(
            f"归集任务 {run}：已执行 {done['applied']} 项，跳过 {done['skipped']} 项，仍待决定 {done['waiting']} 项。"
        )
        for why in done["why"]:
            _print(why)


def _choice(given: str) -> tuple[tuple[str, str], Any]:
    """REMOTE_ID:FIELD=theirs|new; the remote id may hold anything."""
    where, _, choice = given.rpartition("=")
    remote_id, _, field = where.rpartition(":")
    if not remote_id or not field or choice not in ("theirs", "new"):
        raise click.BadParameter(f"{given}：应写成 记录标识:字段=theirs 或 记录标识:字段=new", param_hint="--field")
    return (remote_id, field), choice


def _person(user: str, run: int) -> Any:
    from ckanext.govcn.harvest.rules import OPERATOR

    from harvesters.harvest import person

    return person(user, run) if user else OPERATOR


@harvest.command("reject", short_help="放弃待审阅的变更清单")
@click.argument("run", type=int)
@click.option("--reason", default="", help="退回理由，随办理记录保存")
@as_user
@as_json
def reject_command(run: int, user: str, reason: str, *, as_json: bool) -> None:
    """Drop what waits in RUN."""
    with _one_sentence(as_json):
        from harvesters.harvest import reject

        done = reject(run, _person(user, run), reason)
        _print(done if as_json else f"归集任务 {run}：已放弃 {done['rejected']} 项变更。")


@harvest.command("undo", short_help="撤回一次归集任务")
@click.argument("run", type=int)
@as_user
@as_json
def undo_command(run: int, user: str, *, as_json: bool) -> None:
    """Bring back what was before RUN; what somebody changed since stays and is named."""
    with _one_sentence(as_json):
        from harvesters.harvest import undo

        undone = undo(run, _person(user, run))
        if as_json:
            _print(undone.to_json())
            return
        _print(f"归集任务 {run}（{undone.source}）已撤回：下架 {undone.withdrawn}，恢复 {undone.restored}。")
        _print_skipped(undone)


@harvest.command("redo", short_help="取消撤回，恢复该次归集任务的改动")
@click.argument("run", type=int)
@as_user
@as_json
def redo_command(run: int, user: str, *, as_json: bool) -> None:
    """Take back the undo of RUN; what somebody changed since stays and is named."""
    with _one_sentence(as_json):
        from harvesters.harvest import redo

        redone = redo(run, _person(user, run))
        if as_json:
            _print(redone.to_json())
            return
        _print(f"归集任务 {run}（{redone.source}）的改动已恢复：{redone.restored} 个数据集。")
        _print_skipped(redone)


def _print_skipped(turned: Any) -> None:
    for each in turned.skipped:
        _print(f"{each['title']}：{'、'.join(each['fields'])} 之后已被修改，保留现值。")


@harvest.command("template", short_help="下载目录填报工作簿（xlsx），可带部门现有目录")
@click.option("--department", default="", help="部门的规范名称或网址名称：填入它的现有目录")
@click.option("--source", default="", help="与这个归集来源对应：已归集的目录沿用来源里的标识")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="写到这个文件")
@as_json
def template_command(department: str, source: str, output: Path | None, *, as_json: bool) -> None:
    """A workbook to fill in; with --department its current entries stand in it."""
    with _one_sentence(as_json):
        from harvesters import current
        from harvesters.workbook.files import write_template

        owner = current.department(department) if department else None
        entries = list(current.entries_of(owner, source)) if owner else []
        done = write_template(output, entries, owner.name if owner else "")
        _print(done if as_json else f"已写入 {done['output']}，含 {done['entries']} 条目录。")


@harvest.command("thin", short_help="按保留规则清理旧的归集记录")
@as_json
def thin_command(*, as_json: bool) -> None:
    """Thin old runs by config/retention.yaml: changes, problems and records as received go, counts stay.

    Queries that found nothing and files of ended applications go too, once they are old.
    """
    with _one_sentence(as_json):
        from harvesters.thinning import thin

        gone = thin()
        told = (
            "已清理归集任务 {runs} 次：变更 {changes} 项，问题 {problems} 条，来源记录 {records} 条；"
            "未检索到的词 {missed_queries} 个，已办结申请的文件 {application_files} 个。"
        )
        _print(gone if as_json else told.format_map(gone))


@harvest.command("run-all", short_help="运行全部已配置的归集来源")
@as_json
def run_all(*, as_json: bool) -> None:
    """Harvest every source of config/sources, one after the other."""
    from harvesters.configured import folders

    _print_all(_harvest_folders(folders()[:1]), as_json)


@harvest.command("list", short_help="列出归集来源及其最近一次归集任务")
@as_json
def list_command(*, as_json: bool) -> None:
    """Configured sources, and how their last runs went."""
    from ckan import model

    from harvesters import leases, statements
    from harvesters.configured import folders, names

    leases.reap()
    rows = {row["name"]: _plain(row) for row in model.Session.execute(statements.RUNS).mappings()}
    for name in (each for folder in folders() for each in names(folder)):
        rows.setdefault(name, {"name": name, "title": "", "run": None, "state": "", "counts": {}})
    if as_json:
        _print({"sources": list(rows.values())})
        return
    for row in rows.values():
        counts = row["counts"] or {}
        _print("  ".join([row["name"], row["state"] or "未运行", *(f"{k}={counts.get(k, 0)}" for k in COUNTS)]))


@click.group("govcn-demo", short_help="演示数据：示例市")
def demo() -> None:
    """The fictional 示例市 of config/demo."""


@demo.command("load", short_help="建立演示部门并归集演示来源（可重复运行）")
@click.option("--users", is_flag=True, help="同时建立演示用户，密码随机生成并只显示一次")
@as_json
def demo_load(*, users: bool, as_json: bool) -> None:
    """Departments, on request users, and a harvest of every demo source. Running it again changes nothing."""
    from harvesters import demo as loading
    from harvesters.configured import folders

    with _one_sentence(as_json):
        departments = loading.load_departments()
        loading.load_settings()
        reports = _harvest_folders(folders()[1:])
        accounts = loading.load_users() if users else []  # last: a password is shown once, so nothing may fail after
        _print_all(reports, as_json, departments=departments, users=accounts)


@click.command("govcn-check", short_help="核对数据库、检索索引、文件与来源记录")
@click.option("--repair", is_flag=True, help="按数据库修正检索索引")
@as_json
def check(*, repair: bool, as_json: bool) -> None:
    """Compare database, index, files and harvest records; exit code 1 when they differ."""
    from harvesters import checking

    found = checking.check(repair=repair)
    if as_json:
        _print(found.to_json())
    else:
        _print(f"数据集 {found.datasets}，索引 {found.indexed}，文件 {found.files}，待索引 {found.waiting}")
        for each in found.differences:
            _print(f"{each.kind}  {each.what}  {each.detail}")
        _print("一致" if not found.differences else f"{len(found.differences)} 处不一致")
    sys.exit(1 if found.differences else 0)


def _harvest_folders(chosen: Iterable[Any]) -> list[dict[str, Any]]:
    """Harvest all sources of the folders; one that fails does not stop the others."""
    from harvesters.configured import names
    from harvesters.source import load_source

    reports: list[dict[str, Any]] = []
    for folder in chosen:
        for name in names(folder):
            try:
                reports.append(_harvested(load_source(name, folder)).to_json())
            except HarvestError as error:
                failed = {"source": name, "state": "failed", "error": error.message}
                reports.append(dict.fromkeys(COUNTS, 0) | failed)
                click.echo(f"{name}：{error.message}", err=True)
    return reports


def _harvested(source: Any, *, plan_only: bool = False, fresh: bool = False) -> Any:
    from harvesters.harvest import harvest as harvest_source

    shown = _Progress(source.name)
    report = harvest_source(source, shown, plan_only=plan_only, fresh=fresh)
    shown.end()
    return report


class _Progress:
    """A line on standard error that is rewritten on a terminal, and said once in a while elsewhere."""

    def __init__(self, name: str) -> None:
        self._name, self._last, self._line, self._shown = name, 0.0, "", ""
        self._terminal = sys.stderr.isatty()

    def __call__(self, counts: Any) -> None:
        self._line = f"{self._name}：记录 {counts.records}，新增 {counts.added}，变更 {counts.changed}，"
        self._line += f"未变 {counts.unchanged}，下架 {counts.removed}，退回 {counts.refused}"
        if time.monotonic() - self._last > (0.2 if self._terminal else 5):
            self._last = time.monotonic()
            self._show()

    def end(self) -> None:
        self._show()
        if self._terminal:
            click.echo(err=True)

    def _show(self) -> None:
        if self._terminal:
            click.echo(f"\r{self._line}", err=True, nl=False)
        elif self._line != self._shown:
            click.echo(self._line, err=True)
        self._shown = self._line


class _one_sentence:  # noqa: N801  (reads as what it does: with _one_sentence(...))
    """Errors of a harvest become one sentence and exit code 1; with --json one object, whatever went wrong."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: Any, error: BaseException | None, _traceback: Any) -> None:
        if not isinstance(error, HarvestError):
            if self._as_json and isinstance(error, Exception):  # its traceback goes to standard error
                _print({"error": type(error).__name__, "message": UNEXPECTED, "message_en": UNEXPECTED_EN} | NO_RETRY)
            return
        if self._as_json:
            said = {"error": type(error).__name__, "message": error.message, "message_en": error.message_en}
            _print({**said, "transient": error.transient})
        else:
            click.echo(error.message, err=True)
        sys.exit(1)


def _told(report: Any) -> str:
    """The report for a person: numbers, what was held back, and the first problems with their places."""
    lines = [*_table([report.to_json()])]
    lines += [sentence for sentence in (report.brake, report.error) if sentence]
    if report.unmodified:
        lines.append(f"{'；'.join(report.why)}要重新读取请加 --fresh。")
    if report.counts.waiting:
        lines.append(f"{report.counts.waiting} 项变更待审阅（{'；'.join(report.why)}）。")
        lines.append(
            f"查看：./govcn harvest show {report.run}    执行：apply {report.run}    放弃：reject {report.run}"
        )
    if report.unindexed:
        lines.append(f"检索服务没有响应：{report.unindexed} 个数据集已入库，待检索服务恢复后自动可检索。")
    lines += _next_steps(report.standing)
    for each in report.problems[:LISTED]:
        where = Place(each.file, each.sheet, each.row)
        kind = "退回" if each.severity == "refuse" else "提醒"
        lines.append(f"{kind} {each.rule} {where}{f'［{each.column}］' if each.column else ''}：{each.message}")
    if len(report.problems) > LISTED:
        lines.append(f"…… 共 {len(report.problems)} 个问题，用 --json 查看全部。")
    if not report.key_unique:
        lines.append("来源记录的标识不唯一：本次没有下架任何条目。")
    return "\n".join(lines)


def _next_steps(standing: dict[str, int]) -> Iterator[str]:
    """What the entries that the public does not see yet are waiting for."""
    waiting = sum(standing.get(status, 0) for status in (Status.DEPARTMENT_REVIEW, Status.BUREAU_REVIEW))
    undecided = standing.get("undecided", 0)
    if not waiting:
        return
    yield f"已发布 {standing.get(Status.PUBLISHED, 0)} 条，待审核 {waiting} 条（其中开放属性待核定 {undecided} 条）。"
    yield "待审核的条目经部门和主管部门在 /editorial 审核后发布；整个来源已审定的，在来源文件写明 release 再运行一次。"


def _table(reports: Iterable[dict[str, Any]]) -> list[str]:
    rows = [[each["source"], *(str(each[count]) for count in COUNTS)] for each in reports]
    widths = [max(_width(row[at]) for row in [list(HEADINGS), *rows]) for at in range(len(HEADINGS))]
    return [
        "  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)) for row in [HEADINGS, *rows]
    ]


def _width(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _print_all(reports: list[dict[str, Any]], as_json: bool, **more: Any) -> None:
    if as_json:
        _print({"sources": reports, **more})
    else:
        _print("\n".join(_table(reports)))
        for user in more.get("users", []):
            _print(f"{user['name']}  {user['password']}  {user['role']}")
    sys.exit(0 if all(each["state"] == "finished" for each in reports) else 1)


def _plain(row: Any) -> dict[str, Any]:
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in row.items()}


def _print(what: Any) -> None:
    text = what if isinstance(what, str) else json.dumps(what, ensure_ascii=False)
    click.echo(text.encode("utf-8", "backslashreplace").decode())
