"""检查结果: the sheet that sums up a check, with a link to every cell that has to be mended."""

# pyright: basic
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ckanext.govcn.catalog import checks
from ckanext.govcn.spreadsheet.cells import write
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.hyperlink import Hyperlink

from harvesters.workbook.sheet import LABELS, RED, YELLOW, Finding
from harvesters.workbook.template import BORDER, FACE, height_of, styled

SHEET = "检查结果"
GREEN = "FFC6EFCE"
HEADINGS = ("工作表", "行", "列", "类别", "规则", "问题", "改法")
WIDTHS = (14, 14, 22, 10, 10, 60, 60)


def write_into(book: Any, report: Mapping[str, Any], findings: Sequence[Finding], name: str, now: datetime) -> None:
    """Put the summary behind the other sheets, in place of the one of an earlier check."""
    if SHEET in book.sheetnames:
        del book[SHEET]
    sheet = book.create_sheet(SHEET)
    write(sheet.cell(1, 1), SHEET)
    sheet.cell(1, 1).font = Font(name=FACE, size=16, bold=True)
    sheet.row_dimensions[1].height = 28
    severities = report["by_severity"]
    facts = [
        ("文件", name),
        ("检查时间", f"{now:%Y-%m-%d %H:%M}"),
        ("目录条数", str(report["records"])),
        ("可以收下", str(report["accepted"])),
        ("退回", str(report["refused"])),
        ("问题", "，".join(f"{LABELS[s]} {n}" for s, n in severities.items()) or "没有"),
        ("结论", "没有要改的，可以提交。" if report["clean"] else "请改正标红的单元格后再次上传。"),
        *(("说明", note) for note in report["notes"]),
    ]
    for row, (label, text) in enumerate(facts, 2):
        write(sheet.cell(row, 1), label)
        sheet.cell(row, 1).font = Font(name=FACE, bold=True)
        write(sheet.cell(row, 2), text)
        sheet.merge_cells(start_row=row, start_column=2, end_row=row, end_column=len(HEADINGS))
        if label == "结论":
            sheet.cell(row, 2).fill = PatternFill("solid", fgColor=GREEN if report["clean"] else RED)
    row = _by_rule(sheet, len(facts) + 3, report["by_rule"])
    _list(sheet, row, findings)
    for at, width in enumerate(WIDTHS):
        sheet.column_dimensions["ABCDEFG"[at]].width = width


def _by_rule(sheet: Any, row: int, counts: Mapping[str, int]) -> int:
    for rule, count in counts.items():
        title = checks.about(rule)["title"] if rule in checks.rule_ids() else ""
        for at, text in enumerate((rule, str(count), title), 1):
            write(sheet.cell(row, at), text)
        row += 1
    return row + 1


def _list(sheet: Any, row: int, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    for at, text in enumerate(HEADINGS, 1):
        styled(sheet.cell(row, at), text, "FF1F4E79", "FFFFFFFF")
    for number, finding in enumerate(findings, row + 1):
        cells = (
            finding.sheet, str(finding.row), finding.column.strip("*"), LABELS[finding.severity], finding.rule,
            finding.wrong, finding.remedy,
        )  # fmt: skip
        for at, text in enumerate(cells, 1):
            cell = sheet.cell(number, at)
            write(cell, text)
            cell.border = BORDER
        sheet.cell(number, 4).fill = PatternFill("solid", fgColor=YELLOW if finding.severity == "warn" else RED)
        quoted = finding.sheet.replace("'", "''")
        place = sheet.cell(number, 2)
        place.hyperlink = Hyperlink(ref=place.coordinate, location=f"'{quoted}'!A{finding.row}")
        place.font = Font(name=FACE, underline="single", color="FF0563C1")
        sheet.row_dimensions[number].height = height_of(cells, WIDTHS)
