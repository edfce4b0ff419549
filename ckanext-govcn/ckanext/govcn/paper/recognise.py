"""What an uploaded file is, by its content and never by its name. PURE.

Taken are PDF, PNG, JPEG, .docx and .xlsx, each whole and nothing else at the same time: a picture with a document
behind it, an archive with something before it and a document with macros are refused. Of archives only the list of
parts and the part that says what they are is read, within limits. This finds no malware.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from ckanext.govcn.paper.exceptions import FileRefused

MOST_PARTS = 5000
MOST_UNPACKED = 200 * 1024 * 1024
MOST_TYPES = 1024 * 1024
MOST_DIRECTORY = 2 * 1024 * 1024  # bytes of the list of parts
_MAIN = "application/vnd.openxmlformats-officedocument."
_END_OF_ARCHIVE, _TAIL = b"PK\x05\x06", 65_557
_END = struct.Struct("<4s4H2LH")  # PKWARE's APPNOTE 4.3.16: the last record of an archive
_ZIP64 = b"PK\x06\x07"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: the `extension` that it gets, and its media type."""

    extension: str
    media_type: str


PDF, PNG, JPEG = Kind("pdf", "application/pdf"), Kind("png", "image/png"), Kind("jpg", "image/jpeg")
DOCX = Kind("docx", f"{_MAIN}wordprocessingml.document")
XLSX = Kind("xlsx", f"{_MAIN}spreadsheetml.sheet")
KINDS = (PDF, PNG, JPEG, DOCX, XLSX)


def recognise(content: bytes) -> Kind:
    """The kind of the content. Raises FileRefused."""
    if not content:
        raise FileRefused("empty", "文件是空的，请重新选择", "The file is empty; please choose another one")
    for beginning, kind, whole in _BEGINNINGS:
        if content.startswith(beginning):
            if not whole(content) or _END_OF_ARCHIVE in content[-_TAIL:]:
                raise FileRefused(
                    "tail",
                    f"文件不是完整的 {kind.extension}，或末尾有其他内容；请重新扫描或另存后再传",
                    f"The file is no whole {kind.extension}, or something follows it; please scan or save it again",
                )
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    raise FileRefused(
        "kind",
        "只接受 pdf、png、jpg、docx、xlsx 文件（按内容判断，与文件名无关）",
        "Only pdf, png, jpg, docx and xlsx are taken, by their content and not by their name",
    )


def _whole_pdf(content: bytes) -> bool:
    return content.rstrip(b"\r\n\0 \t").endswith(b"%%EOF")


def _whole_png(content: bytes) -> bool:
    return content.endswith(b"\0\0\0\0IEND\xaeB`\x82")


def _whole_jpeg(content: bytes) -> bool:
    return content.rstrip(b"\0").endswith(b"\xff\xd9")


_BEGINNINGS: tuple[tuple[bytes, Kind, Callable[[bytes], bool]], ...] = (
    (b"%PDF-", PDF, _whole_pdf),
    (b"\x89PNG\r\n\x1a\n", PNG, _whole_png),
    (b"\xff\xd8\xff", JPEG, _whole_jpeg),
)


def _office(content: bytes) -> Kind:
    """The list of parts is measured before it is read; the archive ends with its last record, without a comment."""
    end = content[-_END.size :]
    if len(end) < _END.size or content[-_END.size - 20 :].startswith(_ZIP64):
        raise _damaged()
    signature, *_numbers, directory, _where, comment = _END.unpack(end)
    if signature != _END_OF_ARCHIVE or comment or directory > MOST_DIRECTORY:
        raise _damaged()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _parts(archive)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise _damaged() from error


def _parts(archive: zipfile.ZipFile) -> Kind:
    parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise FileRefused(
            "bomb",
            f"文件解开后过大（最多 {MOST_UNPACKED >> 20} MB、{MOST_PARTS} 个部分），请拆分后再传",
            f"It unpacks to more than {MOST_UNPACKED >> 20} MB or {MOST_PARTS} parts; please split it",
        )
    names = [part.filename for part in parts]
    odd = len(set(names)) < len(names) or any(
        name.startswith("/") or "\\" in name or ".." in name.split("/") for name in names
    )
    # the archive begins with its first part
    if odd or min((part.header_offset for part in parts), default=1) != 0:
        raise _damaged()
    if any(part.flag_bits & 1 for part in parts):
        raise FileRefused("archive", "文件加了密码，请去掉密码后再传", "The file has a password; please take it off")
    if any(name.rsplit("/", 1)[-1].lower().startswith("vbaproject") for name in names):
        raise FileRefused(
            "archive", "文件含有宏，请另存为不含宏的 docx 或 xlsx", "The file has macros; please save it without them"
        )
    with archive.open("[Content_Types].xml") if "[Content_Types].xml" in names else io.BytesIO() as opened:
        types = opened.read(MOST_TYPES)
    for kind, main in ((DOCX, "wordprocessingml.document.main+xml"), (XLSX, "spreadsheetml.sheet.main+xml")):
        if f'"{_MAIN}{main}"'.encode() in types:
            return kind
    raise FileRefused(
        "archive",
        "压缩包里不是 docx 或 xlsx 文档；请上传文档本身",
        "The archive is neither .docx nor .xlsx; please upload the document itself",
    )


def _damaged() -> FileRefused:
    return FileRefused(
        "archive", "文件已损坏或不是标准的 docx、xlsx，请另存后再传", "The file is damaged; please save it again"
    )
