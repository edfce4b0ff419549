"""Workbooks from file to file, for the commands and for jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ckanext.govcn.catalog.entry import CatalogEntry

from harvesters.exceptions import SourceRefused
from harvesters.reading import read
from harvesters.workbook.layout import layout
from harvesters.workbook.marking import Marked, marked
from harvesters.workbook.template import template
from harvesters.workbook.upload import read_bytes, source_of


def mark_file(file: Path, output: Path, *, provider: str = "", region: str = "") -> Marked:
    """Check an uploaded workbook and write it back, marked, as xlsx.

    `provider`: the department whose entries these are, with its 行政区划; without it the rows name theirs. Raises
    HarvestError when it cannot be read, or would be overwritten.
    """
    if not file.is_file():
        raise SourceRefused(str(file), "没有这个文件。请核对路径。", "There is no such file.")
    if output.resolve() == file.resolve():
        raise SourceRefused(output.name, "不能写到原文件上。请换一个名字。", "The file itself is never overwritten.")
    reading = read(source_of(file, provider=provider, region=region))
    found = marked(read_bytes(file), file.name, reading, now_in_china())
    _write(output, found.content)
    return found


def write_template(
    output: Path | None = None, entries: Sequence[tuple[str, CatalogEntry]] = (), department: str = ""
) -> dict[str, object]:
    """Write the workbook to fill in. Without `output` it is named after itself, in the current folder."""
    path = output or Path(f"{department}{layout().title}.xlsx")
    _write(path, template(entries, department))
    return {"output": str(path), "entries": len(entries), "department": department}


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise SourceRefused(path.name, "无法写入。请核对文件夹和权限。", "It cannot be written.") from error


def now_in_china() -> datetime:
    """The time on Chinese clocks, whatever the machine's zone is."""
    return datetime.now(UTC) + timedelta(hours=8)
