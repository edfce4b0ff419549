"""Small makers for tests: workbooks, sources over bytes, a transport that answers from a table."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl

from harvesters.fetch import Fetcher, Request
from harvesters.reading import Reading, read
from harvesters.source import Source, source_of_file


def workbook(sheets: Mapping[str, Sequence[Sequence[Any]]], merges: Mapping[str, Sequence[str]] | None = None) -> bytes:
    """An xlsx: sheet name → rows; `merges`: sheet name → ranges to merge."""
    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for merged in (merges or {}).get(name, ()):
            sheet.merge_cells(merged)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def reading_of(folder: Path, name: str, data: bytes, **about: Any) -> Reading:
    """Read a file of these bytes as a source that nobody described."""
    (folder / name).write_bytes(data)
    source = source_of_file(folder / name)
    if about:
        from dataclasses import replace

        source = replace(source, **about)
    return read(source)


def packed(data: bytes) -> bytes:
    return gzip.compress(data)


@dataclass
class FakeAnswer:
    """What a server sends: status, headers, body in pieces; raises `breaks` after the last piece."""

    body: bytes | Sequence[bytes] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    breaks: Exception | None = None

    def chunks(self) -> Iterator[bytes]:
        yield from [self.body] if isinstance(self.body, bytes) else self.body
        if self.breaks:
            raise self.breaks

    def close(self) -> None:
        pass


class FakeTransport:
    """Answers by a function of the request, or from a table by address; keeps what was asked."""

    def __init__(self, answers: Any) -> None:
        self._answers = answers
        self.asked: list[Request] = []

    def send(self, request: Request, seconds: float) -> FakeAnswer:
        assert seconds > 0
        self.asked.append(request)
        answer = self._answers(request) if callable(self._answers) else self._answers.get(request.url)
        if isinstance(answer, Exception):
            raise answer
        return answer if answer is not None else FakeAnswer(status=404)


def fetcher(source: Source, answers: Any, addresses: Sequence[str] = ("93.184.216.34",)) -> Fetcher:
    return Fetcher(source, FakeTransport(answers), lambda host, port: list(addresses))
