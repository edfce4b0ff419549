"""`ckan govcn-deadline` (`./govcn deadline …`, which needs no running platform): the table, and a due day."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import click

from ckanext.govcn.catalog.dates import CHINA, read_date
from ckanext.govcn.deadline.calendar import beijing_day, load_calendar
from ckanext.govcn.deadline.exceptions import DateInvalid, DeadlineError
from ckanext.govcn.deadline.period import Extension, Period, reminders, standing
from ckanext.govcn.deadline.site import config_folder
from ckanext.govcn.deadline.sla import Term, load_sla

WEEKDAYS = "一二三四五六日"

as_json = click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象")


@click.group("govcn-deadline", short_help="办理时限")
def deadline() -> None:
    """办理时限：时限表和按工作日（含调休）推算的截止日。"""


@deadline.command("table", short_help="时限表")
@as_json
def table_command(*, as_json: bool) -> None:
    """每个事项的工作日、延长、依据，以及天数是否与公开文本核对过。"""
    with _one_sentence(as_json):
        sla = load_sla(config_folder())
        if as_json:
            _print({"terms": [asdict(row) for row in sla.terms], "reminders": [asdict(each) for each in sla.reminders]})
            return
        for row in sla.terms:
            extension = f"，可延长 {row.extension}" if row.extension else ""
            click.echo(f"{row.process} {row.type}".ljust(32) + f"{row.title}：{row.days} 个工作日{extension}")
            click.echo(f"{'':32}{_basis(row)}")


@deadline.command("due", short_help="推算截止日")
@click.option("--process", required=True, help="事项，见 table")
@click.option("--type", "type_", default="", help="情形；事项只有一种情形时可省略")
@click.option("--received", default="", metavar="DATE", help="收到之日，例如 2026-09-28；默认今天（北京时间）")
@as_json
def due_command(process: str, type_: str, received: str, *, as_json: bool) -> None:
    """从收到之日起推算：何时起算、何时截止、最迟可延长到何时、何时提醒。"""
    with _one_sentence(as_json):
        folder = config_folder()
        sla, calendar = load_sla(folder), load_calendar(folder)
        term = sla.term(process, type_)
        day = _day(received) if received else beijing_day(datetime.now(CHINA))
        period = Period(term, day)
        now = standing(period, calendar, day)
        latest = Period(term, day, extension=Extension(term.extension, "", day)) if term.extension else period
        later = standing(latest, calendar, day)
        found: dict[str, Any] = {
            "process": term.process,
            "type": term.type,
            "title": term.title,
            "received": day,
            "starts": calendar.after(day, 1),
            "days": term.days,
            "due": now.due,
            "extension": term.extension,
            "due_extended": later.due if term.extension else None,
            "reminders": [
                {"on": each.on, "at": each.at, "to": each.to}
                for each in reminders(period, calendar, day, sla.reminders)
            ],
            "basis": term.basis,
            "verified": term.verified,
            "warnings": [
                {"year": each.year, "message": each.message, "message_en": each.message_en} for each in later.assumed
            ],
        }
        if as_json:
            _print(found)
            return
        click.echo(f"{term.title}：{_basis(term)}")
        click.echo(f"收到 {_said(day)}，自 {_said(found['starts'])}起算，{term.days} 个工作日")
        click.echo(f"截止 {_said(now.due)}")
        if term.extension:
            click.echo(f"可延长一次，最多 {term.extension} 个工作日，至 {_said(later.due)}")
        click.echo("提醒 " + "、".join(_said(each["on"]) for each in found["reminders"]))
        for each in later.assumed:
            click.echo(f"注意：{each.message}\nNote: {each.message_en}", err=True)


def _day(text: str) -> date:
    read = read_date(text)
    if read is None or read.doubtful:
        raise DateInvalid(text=text)
    return date.fromisoformat(read.iso)


def _said(day: date) -> str:
    return f"{day}（星期{WEEKDAYS[day.weekday()]}）"


def _basis(term: Term) -> str:
    return term.basis if term.verified else f"{term.basis}（天数未核对原文）"


@contextmanager
def _one_sentence(as_json: bool) -> Generator[None]:
    """An error of this package is one sentence in both languages and exit code 1."""
    try:
        yield
    except DeadlineError as error:
        if as_json:
            said = {"error": type(error).__name__, "message": error.message, "message_en": error.message_en}
            _print({**said, "transient": error.transient})
        else:
            click.echo(f"{error.message}\n{error.message_en}", err=True)
        sys.exit(1)


def _print(what: Any) -> None:
    click.echo(json.dumps(what, ensure_ascii=False, default=date.isoformat))
