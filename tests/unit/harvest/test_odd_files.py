"""Files that are odd, broken or hostile: each ends in a clear answer or in one sentence, with --json in one object."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from harvesters.exceptions import SourceRefused
from harvesters.extract.grids import grids_of_xlsx
from harvesters.preview import main
from harvesters.source import Limits

ROWS = [
    {"标题": f"公共厕所信息{n}", "来源部门": "市教育局", "更新频率": "每年", "开放类型": "无条件开放", "id": f"a{n}"}
    for n in range(12)
]
CSV = "云溪市公共数据开放目录,,,\r\n资源名称,提供单位,更新周期,开放类型\r\n" + "".join(
    f"厕所信息{n},市教育局,每年,无条件开放\r\n" for n in range(12)
)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _deep(value: Any) -> dict[str, Any]:
    for key in "结果页数据表行列":
        value = {key: value}
    return value


READ: dict[str, tuple[str, bytes]] = {
    "deep inside": ("a.json", _json({"code": 0, "facets": [{"k": 1}] * 3, "x": _deep(ROWS)})),
    "objects under their ids": ("a.json", _json({row["id"]: row for row in ROWS})),
    "columns": ("a.json", _json({key: [row[key] for row in ROWS] for key in ROWS[0]})),
    "columns by number": ("a.json", _json({k: {str(n): row[k] for n, row in enumerate(ROWS)} for k in ROWS[0]})),
    "rows of a table": ("a.json", _json([list(ROWS[0]), *(list(row.values()) for row in ROWS)])),
    "byte order mark": ("a.json", b"\xef\xbb\xbf" + _json(ROWS)),
    "GB18030 JSON": ("a.json", json.dumps(ROWS, ensure_ascii=False).encode("gb18030")),
    "NaN": ("a.json", json.dumps([{**row, "数据量": float("nan")} for row in ROWS]).encode()),
    "garbage behind the gz": ("a.json.gz", gzip.compress(_json(ROWS)) + b"garbage"),
    "no gz at all": ("a.json.gz", _json(ROWS)),
    "json named xlsx": ("a.xlsx", _json(ROWS)),
    "csv in GB18030 named xls": ("a.xls", CSV.encode("gb18030")),
    "long keys": ("a.json", _json([{**row, "键" * 5000: 1} for row in ROWS])),
}
REFUSED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nothing": ("a.json", lambda: b""),
    "empty list": ("a.json", lambda: b"[]"),
    "empty object": ("a.json", lambda: b"{}"),
    "empty objects": ("a.json", lambda: b"[{}, {}]"),
    "texts": ("a.json", lambda: _json(["a", "b"])),
    "nulls": ("a.json", lambda: b"[null, null]"),
    "a number": ("a.json", lambda: b"3"),
    "half a gz": ("a.json.gz", lambda: gzip.compress(_json(ROWS))[:-20]),
    "half a JSON": ("a.json", lambda: _json(ROWS)[:-20]),
    "nested without end": ("a.json", lambda: b"[" * 100_000 + b"]" * 100_000),
    "a web page": ("a.json", lambda: b"<!DOCTYPE html><html>404</html>"),
    "noise": ("a.json", lambda: bytes(n * 7919 % 251 for n in range(5000))),
    "keys without end": ("a.json", lambda: _json([{**row, **{f"{row['id']}{k}": k for k in range(300)}} for row in ROWS])),
}  # fmt: skip


def run(capsys: pytest.CaptureFixture[str], path: Path) -> tuple[int, dict[str, Any]]:
    code = main(["preview", str(path), "--json"])
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    return code, json.loads(out)


@pytest.mark.parametrize("name", READ)
def test_what_can_be_read_is_read(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, content = READ[name]
    (tmp_path / file).write_bytes(content)
    code, found = run(capsys, tmp_path / file)
    assert (code, found["records"], found["entries"]) == (0, len(ROWS), len(ROWS))
    assert {"title", "provider", "update_cycle", "open_type"} <= set(found["fields"].values())


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_is_one_sentence(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, content = REFUSED[name]
    (tmp_path / file).write_bytes(content())
    code, found = run(capsys, tmp_path / file)
    assert code == 2
    assert file in found["message"]
    assert found["message"].endswith("。")


@pytest.mark.parametrize("far", [b'<row r="99999999999999"/>', b'<row r="2"><c r="A99999999999999"/></row>'])
def test_rows_that_are_only_numbered_are_never_made(far: bytes) -> None:
    written, hostile = io.BytesIO(), io.BytesIO()
    openpyxl.Workbook().save(written)
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(hostile, "w") as new:
        for each in old.namelist():
            content = old.read(each)
            numbered = content.replace(b"<sheetData/>", b"<sheetData>" + far + b"</sheetData>")
            new.writestr(each, numbered.replace(b"<sheetData></sheetData>", b"<sheetData>" + far + b"</sheetData>"))
    with pytest.raises(SourceRefused, match="行号超过"):
        [list(grid.rows) for grid in grids_of_xlsx(hostile.getvalue(), "a.xlsx", Limits(), ())]
