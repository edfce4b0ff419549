"""The workbook that a clerk uploaded, given back with what is wrong in it.

Wrong cells are red (what only deserves a look is yellow) and carry a note; the two last columns say 问题 and 改法; the
sheet 检查结果 sums up. Everything else stays as it was. Uploaded again, the marks of the round before are taken away
first. A row marked 涉密 (E26) comes back empty: what it said is repeated nowhere, also not to the clerk who sent it.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import openpyxl
from ckanext.govcn.catalog import checks, sensitive
from ckanext.govcn.catalog.problem import Problem
from ckanext.govcn.spreadsheet.cells import write
from openpyxl.styles import Alignment

from harvesters.exceptions import SourceRefused, UnreadableSource
from harvesters.extract import grids, tables, unpack
from harvesters.extract.grids import Grid
from harvesters.normalize import readers, secrecy
from harvesters.plan import Trouble
from harvesters.reading import Outcome, Reading, Refusal
from harvesters.workbook import summary, upload
from harvesters.workbook.layout import layout
from harvesters.workbook.sheet import Finding, MarkedSheet

SECRECY, KEY, REPEATED = "E26", "key", "repeated"
GRAVE = ("refuse", "hold")
SEVERITIES = ("refuse", "hold", "warn")
LISTED = 1_000  # findings in the JSON and on the summary sheet; all are marked in place
_REMEDY = re.compile(r"[，；。](?=(?:请|建议|无条件开放请))")
_QUOTED = re.compile(r"“[^”]*”")


@dataclass(slots=True)
class Marked:
    """A checked workbook: its bytes (always xlsx), what was found, and what was changed beside the marks (`notes`)."""

    content: bytes = b""
    records: int = 0
    refused: int = 0
    findings: list[Finding] = field(default_factory=list[Finding])
    notes: list[str] = field(default_factory=list[str])

    @property
    def clean(self) -> bool:
        """Would every row be taken as it stands?"""
        return not any(finding.severity in GRAVE for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Counts and the first findings; `clean` when nothing has to be mended."""
        return {
            "clean": self.clean,
            "records": self.records,
            "accepted": self.records - self.refused,
            "refused": self.refused,
            "by_severity": dict(Counter(finding.severity for finding in self.findings)),
            "by_rule": dict(Counter(finding.rule for finding in self.findings).most_common()),
            "problems": [finding.to_json() for finding in self.findings[:LISTED]],
            "notes": self.notes,
        }


def marked(data: bytes, name: str, reading: Reading, now: datetime, troubles: Iterable[Trouble] = ()) -> Marked:
    """The uploaded file of these bytes with what `reading` found in it. An old workbook or a csv comes back as xlsx.

    `troubles`: what a run says of its rows; of these, what the reading did not know is marked, too.
    Raises SourceRefused for what is too large and UnreadableSource for what is no workbook.
    """
    result = Marked(records=reading.records)
    limits = upload.allowed().limits
    unpacked = unpack.unpacked(data, name, limits)
    kind = unpack.kind_of(unpacked, name)
    if kind == "json":
        raise UnreadableSource(
            name, "JSON 不是工作簿，不能退回批注。请上传 xlsx。", "JSON is no workbook; upload xlsx."
        )
    found = grids.grids_of(unpacked, name, limits, reading.source.sheets, reading.source.encoding)
    book = _opened(unpacked, name, result.notes) if kind == "xlsx" else openpyxl.Workbook()
    sheets = dict(_sheets(book, found, copied=kind != "xlsx"))
    if kind != "xlsx":
        del book[book.sheetnames[0]]
        result.notes.append(f"原文件是 {kind}，已转为 xlsx，只保留了各单元格的值。")
    for sheet in sheets.values():
        sheet.unmark()
    _erase_secrets(reading, sheets)
    outcomes = list(reading.outcomes)
    _give_keys(outcomes, sheets)
    told = _told(reading, troubles, sheets)
    result.findings = sorted(
        (*_findings(reading, outcomes, sheets), *(_portals(each, sheets[each.sheet]) for each in told)),
        key=lambda each: (book.sheetnames.index(each.sheet), each.row, SEVERITIES.index(each.severity)),
    )
    refused = {(each.place.sheet, each.place.row) for each in outcomes if each.refused}
    refused |= {(each.sheet, each.row or 0) for each in told if each.severity == "refuse"}
    result.refused = len(reading.refused_rows) + len(refused)
    for sheet in sheets.values():
        sheet.mark([finding for finding in result.findings if finding.sheet == sheet.name])
    summary.write_into(book, result.to_json(), result.findings[:LISTED], name, now)
    result.content = _saved(book, name)
    return result


def _opened(data: bytes, name: str, notes: list[str]) -> Any:
    if upload.guard(data, name):
        notes.append("原文件带有宏，退回的文件已去掉宏。")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.namelist()
    if any(part.startswith("xl/externalLinks/") for part in parts):
        notes.append("原文件引用了别的工作簿，退回的文件已去掉这些外部链接。")
    if any(part.startswith(("xl/charts/", "xl/media/")) for part in parts):
        notes.append("原文件里的图片和图表没有保留。")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of extensions that openpyxl leaves out
            return openpyxl.load_workbook(io.BytesIO(data), keep_links=False)
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever a damaged part makes its parsers raise
        raise UnreadableSource(name, "工作簿打不开，可能损坏或不完整。请重新保存后上传。") from error


def _saved(book: Any, name: str) -> bytes:
    out = io.BytesIO()
    try:
        book.save(out)
    except Exception as error:  # noqa: BLE001 - what was read may hold what cannot be written
        raise SourceRefused(name, "工作簿无法写回批注。请把内容复制到空白模板后上传。") from error
    return out.getvalue()


def _sheets(book: Any, found: Iterator[Grid], *, copied: bool) -> Iterator[tuple[str, MarkedSheet]]:
    """The sheets that hold a table, by the name that records give as their place. `copied`: written into a new book."""
    for grid in found:
        if copied:
            grid.rows = list(grid.rows)
            sheet = book.create_sheet(grid.sheet or layout().sheet)
            for number, row in enumerate(grid.rows, 1):
                for at, cell in enumerate(row, 1):
                    if cell is not None:
                        write(sheet.cell(number, at), readers.text_of(cell))
        if table := tables.table_in(grid):
            yield grid.sheet, MarkedSheet(book[grid.sheet or layout().sheet], table)


def _erase_secrets(reading: Reading, sheets: Mapping[str, MarkedSheet]) -> None:
    for refusal in reading.refused_rows:
        if refusal.rule == SECRECY and (sheet := sheets.get(refusal.place.sheet)):
            sheet.erase(refusal.place.row)
    for sheet in sheets.values():
        if secrecy.marked_line(str(cell) for row in sheet.table.above for cell in row if cell):
            sheet.erase_above()


def _give_keys(outcomes: Sequence[Outcome], sheets: Mapping[str, MarkedSheet]) -> None:
    """New rows of our template get the key they were read under, so that they stay the same record when edited."""
    for outcome in outcomes:
        sheet = sheets.get(outcome.place.sheet)
        if sheet and sheet.key and not sheet.text(outcome.place.row, sheet.key):
            cell = sheet.anchor(outcome.place.row, sheet.key)
            write(cell, outcome.remote_id)
            cell.alignment = Alignment(vertical="top")


def _findings(reading: Reading, outcomes: Sequence[Outcome], sheets: Mapping[str, MarkedSheet]) -> Iterator[Finding]:
    for refusal in reading.refused_rows:
        if sheet := sheets.get(refusal.place.sheet):
            yield _sent_back(refusal, sheet)
    for outcome in outcomes:
        sheet = sheets[outcome.place.sheet]
        if any(problem.rule == SECRECY for problem in outcome.problems):
            sheet.erase(outcome.place.row)
            yield _secret(sheet, outcome.place.row)
        else:
            yield from (
                _found(each, outcome, sheet, reading) for each in outcome.problems if each.severity in SEVERITIES
            )
    read = {(each.place.sheet, each.place.row) for each in (*outcomes, *reading.refused_rows)}
    for name, sheet in sheets.items():
        yield from _copied_keys(sheet)
        for row in sheet.groups:
            if (name, row) not in read:
                wrong, remedy = "本行与前面的行完全相同，只收一条", "请删除重复的行"
                yield Finding(sheet.name, row, "", REPEATED, "warn", wrong, remedy)


def _sent_back(refusal: Refusal, sheet: MarkedSheet) -> Finding:
    if refusal.rule == SECRECY:
        return _secret(sheet, refusal.place.row)
    wrong, remedy = parted(refusal.message)
    return Finding(sheet.name, refusal.place.row, refusal.column, refusal.rule, "refuse", wrong, remedy)


def _found(problem: Problem, outcome: Outcome, sheet: MarkedSheet, reading: Reading) -> Finding:
    row, column = outcome.place.row, reading.column_of(problem)
    name, _, rest = problem.field.partition(".")
    if name == "items":
        index, _, own = rest.partition(".")
        row, column = sheet.item_place(row, index, own or "name")
    wrong, remedy = parted(problem.message)
    return Finding(sheet.name, row, column, problem.rule, problem.severity, wrong, remedy)


def _told(reading: Reading, troubles: Iterable[Trouble], sheets: Mapping[str, MarkedSheet]) -> list[Trouble]:
    """What a run says of single rows and the reading did not: rules of the harvest, not of the catalogue."""
    sent_back = {(each.place.sheet, each.place.row, each.rule) for each in reading.refused_rows}
    return [
        each
        for each in troubles
        if each.row and each.sheet in sheets and each.rule not in checks.rule_ids()
        if (each.sheet, each.row, each.rule) not in sent_back
    ]


def _portals(trouble: Trouble, sheet: MarkedSheet) -> Finding:
    wrong, remedy = parted(trouble.message)
    return Finding(sheet.name, trouble.row or 0, trouble.column, trouble.rule, trouble.severity, wrong, remedy)


def _secret(sheet: MarkedSheet, row: int) -> Finding:
    return Finding(sheet.name, row, "", SECRECY, "refuse", "该行带有涉密标识，内容已从退回的文件中删除", sensitive.STOP)


def _copied_keys(sheet: MarkedSheet) -> Iterator[Finding]:
    """Rows copied with their key: they would stand for one entry."""
    met: dict[str, int] = {}
    for row in sheet.groups:
        key = sheet.text(row, sheet.key) if sheet.key else ""
        if key and key in met:
            wrong, remedy = f"{layout().key}与第 {met[key]} 行相同", "请清空这一格（复制一行新建目录时要清空）"
            yield Finding(sheet.name, row, sheet.key, KEY, "refuse", wrong, remedy)
        elif key:
            met[key] = row


def parted(message: str) -> tuple[str, str]:
    """(what is wrong, what to do) of a rule's sentence; what stands in quotes is never cut."""
    hidden = _QUOTED.sub(lambda found: "“" + "x" * (len(found[0]) - 2) + "”", message)
    cut = _REMEDY.search(hidden)
    return (message[: cut.start()], message[cut.end() :]) if cut else (message, "请核对并更正")
