"""From bytes to what they hold: gunzip within limits, what kind of file it is, strict decoding of texts."""

from __future__ import annotations

import re
import zlib
from collections.abc import Generator
from contextlib import contextmanager

from ckanext.govcn.spreadsheet import guard
from ckanext.govcn.spreadsheet.exceptions import NoWorkbook, TooLarge, Unreadable
from ckanext.govcn.spreadsheet.guard import MEGABYTE, RATIO

from harvesters.exceptions import SourceRefused, UnreadableEt, UnreadableSource
from harvesters.source import Limits

GZIP, ZIP, OLE = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\ufffd]")
_HANZI = re.compile(r"[\u4e00-\u9fff]")


def unpacked(data: bytes, name: str, limits: Limits) -> bytes:
    """The bytes after .gz, or the bytes themselves. Nothing above the limit is ever held."""
    if not data.startswith(GZIP):
        return data
    out = bytearray()
    rest = data
    while rest:
        stream = zlib.decompressobj(wbits=31)
        try:
            out += stream.decompress(rest, limits.bytes + 1 - len(out))
        except zlib.error as error:
            raise UnreadableSource(name, "压缩文件（gz）损坏。请重新压缩后上传。") from error
        if len(out) > limits.bytes or (len(out) > MEGABYTE and len(out) > RATIO * len(data)):
            raise SourceRefused(name, guard.too_large(limits.bytes).message)
        if not stream.eof:
            raise UnreadableSource(name, "压缩文件（gz）不完整，可能只传了一半。请重新上传。")
        rest = stream.unused_data if stream.unused_data.startswith(GZIP) else b""
    return bytes(out)


def kind_of(data: bytes, name: str) -> str:
    """xlsx, xls, json or csv, by what the bytes are; the name does not matter. Raises for anything known as neither."""
    if data.startswith(ZIP):
        return "xlsx"
    if data.startswith(OLE):
        return "xls"
    if not data.strip(b"\x00\xff\xfe\xef\xbb\xbf \t\r\n"):
        raise UnreadableSource(name, "文件是空的。")
    head = data[:400].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00").replace(b"\x00", b"")
    if head[:1] in {b"[", b"{"}:
        return "json"
    if re.match(rb"<(!doctype|html|\?xml|head|body|table)", head, re.I):
        raise UnreadableSource(name, "这是网页或 XML，不是目录文件。请另存为 xlsx 或 csv。")
    if head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8", b"Rar!", b"7z")):
        raise UnreadableSource(name, "不是目录文件（PDF、图片或压缩包）。请提供 xlsx、xls、csv 或 json。")
    return "csv"


def is_et(name: str) -> bool:
    """Was the file written by WPS as its own kind of workbook? What is inside may still be an old or a new workbook."""
    return name.lower().removesuffix(".gz").endswith((".et", ".ett"))


def guard_zip(data: bytes, name: str, limits: Limits) -> None:
    """Raise unless the workbook's parts, as declared and counted, stay within the limits."""
    with guarding(name):
        guard.guard_zip(data, limits.bytes)


@contextmanager
def guarding(name: str) -> Generator[None]:
    """What is wrong with a workbook, as what is wrong with a source."""
    try:
        yield
    except NoWorkbook as wrong:
        if is_et(name):
            raise UnreadableEt(name) from wrong
        raise UnreadableSource(name, "是压缩包，但不是 xlsx 工作簿。请提供 xlsx、xls、csv 或 json。") from wrong
    except Unreadable as wrong:
        raise UnreadableSource(name, wrong.message, wrong.message_en) from wrong
    except TooLarge as wrong:
        raise SourceRefused(name, wrong.message, wrong.message_en) from wrong


def decoded(data: bytes, name: str, encoding: str = "") -> tuple[str, str]:
    """(text, encoding). Strict: a byte order mark, else UTF-8, else UTF-16 or GB18030 that reads as Chinese."""
    if encoding:
        return _strictly(data, name, encoding), encoding
    for mark, by_mark in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _strictly(data, name, by_mark), by_mark
    if b"\x00" in data[:2000]:
        for without_mark in ("utf-16-le", "utf-16-be"):
            text = _tried(data, without_mark)
            if text is not None and _plausible(text):
                return text, without_mark
        raise UnreadableSource(name, "含有空字节，不是文本文件。请另存为 UTF-8 的 csv。")
    text = _tried(data, "utf-8")
    if text is not None:
        return text, "utf-8"
    text = _tried(data, "gb18030")
    if text is not None and _plausible(text):
        return text, "gb18030"
    raise UnreadableSource(
        name, "文字编码无法确定（不是 UTF-8、GB18030 或 UTF-16）。请另存为 UTF-8，或在来源配置中写 encoding。"
    )


def _strictly(data: bytes, name: str, encoding: str) -> str:
    text = _tried(data, encoding)
    if text is None:
        raise UnreadableSource(name, f"有不符合 {encoding} 编码的字节，文件可能损坏或混用编码。请另存为 UTF-8。")
    return text


def _tried(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def _plausible(text: str) -> bool:
    """Mostly everyday characters: Big5 read as GB18030, or noise read as UTF-16, is full of rare ones."""
    sample = text[:200_000]
    hanzi = "".join(_HANZI.findall(sample))
    if _CONTROL.search(sample) or any("\ue000" <= c <= "\uf8ff" for c in sample):
        return False
    common = hanzi.encode("gb2312", "ignore")
    return len(common) >= 2 * 0.85 * len(hanzi) and (bool(hanzi) or sample.isascii())
