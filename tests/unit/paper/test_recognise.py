"""What uploaded files are, by their content: every kind that is taken, and what is made to deceive. All of it made up."""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
import zlib

import pytest
from ckanext.govcn.paper import recognise as module
from ckanext.govcn.paper.exceptions import FileRefused
from ckanext.govcn.paper.recognise import DOCX, JPEG, PDF, PNG, XLSX, recognise
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

PDF_FILE = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\nstartxref\n9\n%%EOF\n"
JPEG_FILE = b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + b"\x01" * 40 + b"\xff\xd9"


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">2I5B", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def docx() -> bytes:
    out = io.BytesIO()
    Document().save(out)
    return out.getvalue()


def xlsx() -> bytes:
    out = io.BytesIO()
    Workbook().save(out)
    return out.getvalue()


def archive(parts: dict[str, bytes], **more: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
        made.comment = more.get("comment", b"")
    return out.getvalue()


TYPES = b'<Types><Override ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
WORD = {"[Content_Types].xml": TYPES, "word/document.xml": b"<w/>"}


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PDF_FILE, PDF), (png(), PNG), (JPEG_FILE, JPEG), (docx(), DOCX), (xlsx(), XLSX), (archive(WORD), DOCX)],
)
def test_what_is_taken(content: bytes, kind: module.Kind) -> None:
    assert recognise(content) is kind


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"<html><script>alert(1)</script></html>", "kind"),
        (b"MZ\x90\0", "kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "kind"),  # .doc and .xls
        (b" " + PDF_FILE, "kind"),
        (b"GIF89a", "kind"),
        (PDF_FILE[:20], "tail"),
        (png()[:-1], "tail"),
        (png() + b"<script>", "tail"),
        (JPEG_FILE + b"<html>", "tail"),
        (PDF_FILE + archive(WORD), "tail"),
        (png() + archive(WORD), "tail"),
        (PDF_FILE + archive(WORD) + b"%%EOF", "tail"),
        (JPEG_FILE[:-2] + archive(WORD) + b"\xff\xd9", "tail"),
        (b"PK\x03\x04", "archive"),
        (docx()[:-1], "archive"),
        (docx() + b"\0", "archive"),
        (archive({"a.txt": b"x"}), "archive"),
        (archive(WORD, comment=b"%PDF-1.7 %%EOF"), "archive"),
        (archive(WORD | {"../../evil": b"x"}), "archive"),
        (archive(WORD | {"/etc/passwd": b"x"}), "archive"),
        (archive(WORD | {"word\\..\\x": b"x"}), "archive"),
        (archive(WORD | {"word/vbaProject.bin": b"x"}), "archive"),
        (archive({"[Content_Types].xml": TYPES.replace(b"document.main", b"template.main")}), "archive"),
    ],
)
def test_what_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(FileRefused) as refused:
        recognise(content)
    assert refused.value.why == why
    assert refused.value.message_en.isascii()


def test_bombs_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_UNPACKED", 1024 * 1024)
    with pytest.raises(FileRefused) as refused:
        recognise(archive(WORD | {"word/media/x": b"\0" * (1024 * 1024)}))
    assert refused.value.why == "bomb"
    monkeypatch.setattr(module, "MOST_PARTS", 10)
    with pytest.raises(FileRefused) as refused:
        recognise(archive(WORD | {f"word/{number}": b"" for number in range(10)}))
    assert refused.value.why == "bomb"


def test_the_part_that_says_what_it_is_is_read_within_a_limit() -> None:
    """A bomb where the one part is that is read: the type stands beyond the limit."""
    padded = TYPES.replace(b"<Override", b" " * module.MOST_TYPES + b"<Override")
    with pytest.raises(FileRefused) as refused:
        recognise(archive({"[Content_Types].xml": padded}))
    assert refused.value.why == "archive"


def test_a_long_list_of_parts_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_DIRECTORY", 100)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(FileRefused):
        recognise(docx())


def test_two_parts_of_one_name_and_passwords() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("[Content_Types].xml", TYPES)
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("[Content_Types].xml", TYPES)
    locked = bytearray(archive(WORD))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    for content in (out.getvalue(), bytes(locked)):
        with pytest.raises(FileRefused):
            recognise(content)


def test_an_archive_behind_something_that_looks_like_its_beginning() -> None:
    with pytest.raises(FileRefused):
        recognise(b"PK\x03\x04<html><script>" + archive(WORD))


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]))
def test_any_bytes_are_recognised_or_refused(content: bytes, beginning: bytes) -> None:
    with contextlib.suppress(FileRefused):
        recognise(beginning + content)


@given(st.integers(0, 2000), st.integers(0, 255))
def test_one_altered_byte_of_a_document_is_no_crash(place: int, value: int) -> None:
    content = bytearray(archive(WORD))
    content[place % len(content)] = value
    with contextlib.suppress(FileRefused):
        recognise(bytes(content))
